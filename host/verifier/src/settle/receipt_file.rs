//! Receipts: in the journal with their statement, and as files for people. A file is written whole or not at all, before
//! the journal says that there is a statement: whichever of both a crash leaves has it.

use super::statement_of;
use crate::error::VerifierError;
use crate::journal::{Record, Statement, Ticket};
use crate::notice::Notice;
use crate::operator::Operator;
use orv_chain::ProposalId;
use orv_receipt::{MAX_RECEIPT, Receipt};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// `<project>-<proposal>-<attempt>-<first bytes of the ticket>.orv` in a directory: two gateways, or two chains, that
/// share the directory have the same numbers, and no receipt may replace another.
pub(crate) fn path(directory: &Path, record: &Record, ticket: &Ticket) -> PathBuf {
    let (project, proposal, attempt) = (record.project, record.proposal, ticket.attempt);
    let tag = hex::encode(ticket.id.get(..8).unwrap_or_default());
    directory.join(format!("{project}-{proposal}-{attempt}-{tag}.orv"))
}

/// Writes the file of a statement; the operator is told when that fails, and the journal has the bytes.
pub(crate) async fn export(operator: &Operator, proposal: ProposalId, path: &Path, bytes: &[u8]) {
    let (path, bytes) = (path.to_owned(), bytes.to_vec());
    let written = spawn_blocking(move || write(&path, &bytes)).await;
    if let Err(error) = written.unwrap_or(Err(VerifierError::TaskStopped)) {
        operator.observer.notice(&Notice::failed(Some(proposal), &error));
    }
}

/// The receipt of a record's statement: the journal's, or that of a file which an earlier program wrote.
///
/// # Errors
/// [`VerifierError::ReceiptFile`], [`VerifierError::ReceiptDamaged`], or [`VerifierError::Incomplete`] for one of another
/// ticket.
pub(crate) async fn receipt_of(operator: &Operator, record: &Record) -> Result<Receipt, VerifierError> {
    let incomplete = |what| VerifierError::Incomplete {
        proposal: record.proposal,
        what,
    };
    let statement = record.statement.as_ref().ok_or_else(|| incomplete("statement"))?;
    let ticket = record.ticket.ok_or_else(|| incomplete("ticket"))?;
    let path = statement.receipt.clone();
    let receipt = match operator.journal.receipt(ticket.id).await? {
        Some(bytes) => {
            if !path.exists() && path.starts_with(operator.config().receipts()) {
                export(operator, record.proposal, &path, &bytes).await;
            }
            decode(&path, &bytes)?
        }
        None => spawn_blocking(move || read(&path))
            .await
            .map_err(|_| VerifierError::TaskStopped)??,
    };
    if receipt.run.ticket != ticket.id || receipt.run.bundle_root != statement.bundle_root {
        return Err(incomplete("receipt of its ticket"));
    }
    Ok(receipt)
}

/// The statement of the record's ticket with its receipt's bytes, if either the journal or a file has it.
///
/// # Errors
/// [`VerifierError::ReceiptFile`]. A damaged file is none: its ticket is lost with it.
pub(crate) async fn kept_statement(
    operator: &Operator,
    record: &Record,
) -> Result<Option<(Statement, Vec<u8>)>, VerifierError> {
    let Some(ticket) = record.ticket else { return Ok(None) };
    let path = path(&operator.config().receipts(), record, &ticket);
    let receipt = match operator.journal.receipt(ticket.id).await? {
        Some(bytes) => decode(&path, &bytes),
        None => {
            let file = path.clone();
            let read = spawn_blocking(move || read(&file)).await;
            read.map_err(|_| VerifierError::TaskStopped)?
        }
    };
    match receipt {
        Ok(receipt) if receipt.run.ticket == ticket.id => {
            let bytes = receipt.encode();
            Ok(Some((statement_of(path, &receipt), bytes)))
        }
        Ok(_) => Ok(None),
        Err(VerifierError::ReceiptFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error @ VerifierError::ReceiptDamaged { .. }) => {
            operator.observer.notice(&Notice::failed(Some(record.proposal), &error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Writes beside the target, flushes, renames. Blocks.
fn write(path: &Path, bytes: &[u8]) -> Result<(), VerifierError> {
    let failed = |source| VerifierError::ReceiptFile {
        path: path.to_owned(),
        source,
    };
    let partial = path.with_extension("orv.partial");
    let mut file = File::create(&partial).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)
}

/// Reads a file back; it may have been damaged meanwhile. Blocks.
fn read(path: &Path) -> Result<Receipt, VerifierError> {
    let failed = |source| VerifierError::ReceiptFile {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_RECEIPT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > MAX_RECEIPT {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    decode(path, &bytes)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Receipt, VerifierError> {
    Receipt::decode(bytes).map_err(|source| VerifierError::ReceiptDamaged {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::State;
    use orv_chain::primitives::{Address, B256, I256};

    #[test]
    fn tickets_of_equal_numbers_have_receipts_of_their_own() {
        let ticket = |byte| Ticket {
            id: B256::repeat_byte(byte),
            key: Address::ZERO,
            attempt: 1,
            closes_at: 0,
            incumbent_code_hash: B256::ZERO,
            incumbent_score: I256::ZERO,
        };
        let record = Record {
            runs: 1,
            ..Record::bare(State::Running)
        };
        let [one, other] = [0xab, 0xcd].map(|byte| path(Path::new("r"), &record, &ticket(byte)));
        assert_eq!(one, Path::new("r/2-4-1-abababababababab.orv"));
        assert_ne!(one, other);
    }
}
