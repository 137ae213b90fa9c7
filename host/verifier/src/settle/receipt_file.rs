//! Receipt files: written whole or not at all, before the journal says that there is a statement.

use crate::error::VerifierError;
use crate::journal::{Record, Ticket};
use orv_receipt::{MAX_RECEIPT, Receipt};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// `<project>-<proposal>-<attempt>-<first bytes of the ticket>.orv` in a directory: two gateways, or two chains, that
/// share the directory have the same numbers, and no receipt may replace another.
pub(crate) fn path(directory: &Path, record: &Record, ticket: &Ticket) -> PathBuf {
    let (project, proposal, attempt) = (record.project, record.proposal, ticket.attempt);
    let tag = hex::encode(ticket.id.get(..8).unwrap_or_default());
    directory.join(format!("{project}-{proposal}-{attempt}-{tag}.orv"))
}

/// Writes beside the target, flushes, renames. Blocks.
///
/// # Errors
/// [`VerifierError::ReceiptFile`].
pub(crate) fn write(path: &Path, receipt: &Receipt) -> Result<(), VerifierError> {
    let failed = |source| VerifierError::ReceiptFile {
        path: path.to_owned(),
        source,
    };
    let partial = path.with_extension("orv.partial");
    let mut file = File::create(&partial).map_err(failed)?;
    file.write_all(&receipt.encode())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)
}

/// Reads a file back; it may have been damaged meanwhile. Blocks.
///
/// # Errors
/// [`VerifierError::ReceiptFile`] or [`VerifierError::ReceiptDamaged`].
pub(crate) fn read(path: &Path) -> Result<Receipt, VerifierError> {
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
    Receipt::decode(&bytes).map_err(|source| VerifierError::ReceiptDamaged {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::State;
    use orv_chain::primitives::{Address, B256, I256};
    use orv_chain::{ProjectId, ProposalId};

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
            proposal: ProposalId::from(4),
            project: ProjectId::from(2),
            claimed_score: I256::ZERO,
            state: State::Running,
            cause: String::new(),
            runs: 1,
            ticket: None,
            statement: None,
            transaction: None,
            changed_at: 0,
        };
        let [one, other] = [0xab, 0xcd].map(|byte| path(Path::new("r"), &record, &ticket(byte)));
        assert_eq!(one, Path::new("r/2-4-1-abababababababab.orv"));
        assert_ne!(one, other);
    }
}
