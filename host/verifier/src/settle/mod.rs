//! From a signed statement on disk to the chain: bundle to 0G, then one transaction.

mod reaction;
mod receipt_file;
mod reconcile;
mod reviews;
mod transaction;

pub use self::reaction::{Reaction, reaction};
pub(crate) use self::{receipt_file::path as receipt_path, reconcile::reconcile, reviews::append as append_review};

use self::transaction::{Recorded, record_call, recorded, settle_call};
use crate::admission::publish;
use crate::error::VerifierError;
use crate::journal::{Detail, Event, Record, Statement, Ticket, Transaction};
use crate::operator::Operator;
use orv_chain::bindings::VerifierGateway;
use orv_chain::primitives::U256;
use orv_chain::{Call, Mined, Revert, SendError};
use orv_content::Root;
use orv_protocol::judgement::Reason;
use orv_protocol::{MetricKind, Verdict};
use orv_receipt::Receipt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Ids by which one transaction moves a project's turn.
const ADVANCE_STEPS: u64 = 500;

/// How often the way to the chain is changed before the statement is put back.
const TRIES: u32 = 4;

/// Which of the gateway's two functions takes the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Settle,
    Record,
}

/// What came of one try.
enum Tried {
    Mined(Mined),
    Refused(Revert),
}

/// Writes the receipt file and answers what the journal keeps of its statement.
///
/// # Errors
/// [`VerifierError::ReceiptFile`].
pub(crate) async fn keep_receipt(path: PathBuf, receipt: Arc<Receipt>) -> Result<Statement, VerifierError> {
    let written = spawn_blocking(move || receipt_file::write(&path, &receipt).map(|()| statement_of(path, &receipt)));
    written.await.map_err(|_| VerifierError::TaskStopped)?
}

/// The statement of the record's ticket, if its receipt was written before.
///
/// # Errors
/// [`VerifierError::ReceiptFile`] or [`VerifierError::ReceiptDamaged`].
pub(crate) async fn kept_statement(directory: &Path, record: &Record) -> Result<Option<Statement>, VerifierError> {
    let Some(ticket) = record.ticket else { return Ok(None) };
    let path = receipt_path(directory, record, &ticket);
    let read = spawn_blocking(move || receipt_file::read(&path).map(|receipt| (path, receipt)));
    match read.await.map_err(|_| VerifierError::TaskStopped)? {
        Ok((path, receipt)) if receipt.run.ticket == ticket.id => Ok(Some(statement_of(path, &receipt))),
        Ok(_) => Ok(None),
        Err(VerifierError::ReceiptFile { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Brings a judged statement to the chain. The record is in state Judged.
///
/// # Errors
/// What passes by itself; the statement is back in Judged, or in Settling where its fate is unknown.
pub(crate) async fn settle(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    let incomplete = |what| VerifierError::Incomplete {
        proposal: record.proposal,
        what,
    };
    let statement = record.statement.as_ref().ok_or_else(|| incomplete("statement"))?;
    let ticket = record.ticket.ok_or_else(|| incomplete("ticket"))?;
    let path = statement.receipt.clone();
    let receipt = spawn_blocking(move || receipt_file::read(&path))
        .await
        .map_err(|_| VerifierError::TaskStopped)??;
    if receipt.run.ticket != ticket.id || receipt.run.bundle_root != statement.bundle_root {
        return Err(incomplete("receipt of its ticket"));
    }
    publish(
        operator,
        "the bundle",
        receipt.bundle.clone(),
        Root(statement.bundle_root.0),
    )
    .await?;
    operator
        .change(record.proposal, Event::Settle, "the bundle is stored", Detail::None)
        .await?;
    carry(operator, record, &ticket, &receipt).await
}

/// Sends, and follows the gateway's refusals to where they lead.
async fn carry(operator: &Operator, record: &Record, ticket: &Ticket, receipt: &Receipt) -> Result<(), VerifierError> {
    let mut way = first_way(operator, receipt).await?;
    for _ in 0..TRIES {
        let refusal = match attempt(operator, receipt, way).await? {
            Tried::Mined(mined) => return finish(operator, record, ticket, &mined).await,
            Tried::Refused(refusal) => refusal,
        };
        let why = refusal.to_string();
        let event = match reaction(&refusal) {
            Reaction::Record => {
                way = Way::Record;
                continue;
            }
            Reaction::Settle => {
                way = Way::Settle;
                continue;
            }
            Reaction::Advance => {
                advance(operator, record).await?;
                continue;
            }
            Reaction::Look => {
                let settling = operator.journal.get(record.proposal).await?;
                return reconcile(operator, &settling).await;
            }
            Reaction::Later => Event::Postpone,
            Reaction::LoseTicket => Event::LoseTicket,
            Reaction::Close(cause) => Event::Close(cause),
            Reaction::Fail => {
                operator
                    .change(record.proposal, Event::Postpone, &why, Detail::None)
                    .await?;
                let source = Box::new(SendError::Reverted(refusal));
                return Err(VerifierError::Send {
                    step: "settling the statement",
                    source,
                });
            }
        };
        operator.change(record.proposal, event, &why, Detail::None).await?;
        return Ok(());
    }
    operator
        .change(
            record.proposal,
            Event::Postpone,
            "the gateway changed its mind too often",
            Detail::None,
        )
        .await?;
    Ok(())
}

/// Inconclusive statements are recorded, and so are timed ones that need more operators than one.
async fn first_way(operator: &Operator, receipt: &Receipt) -> Result<Way, VerifierError> {
    if receipt.run.verdict == u8::from(Verdict::Inconclusive) {
        return Ok(Way::Record);
    }
    if receipt.run.metric_kind == u8::from(MetricKind::Timed) {
        let gateway = operator.enclave.verifier_gateway;
        let quorum = operator
            .chain
            .call(gateway, &VerifierGateway::timedQuorumCall {})
            .await?;
        if quorum > 1 {
            return Ok(Way::Record);
        }
    }
    Ok(Way::Settle)
}

async fn attempt(operator: &Operator, receipt: &Receipt, way: Way) -> Result<Tried, VerifierError> {
    let gateway = operator.enclave.verifier_gateway;
    let (step, call) = match way {
        Way::Settle => ("settling the statement", Call::new(gateway, &settle_call(receipt))),
        Way::Record => ("recording the statement", Call::new(gateway, &record_call(receipt))),
    };
    match operator.owner.send(call).await {
        Ok(mined) => Ok(Tried::Mined(mined)),
        // The state moved between simulation and block: the refusal is the same, and gas was paid.
        Err(
            SendError::Reverted(refusal)
            | SendError::Failed {
                reason: Some(refusal), ..
            },
        ) => Ok(Tried::Refused(refusal)),
        Err(source) => Err(VerifierError::Send {
            step,
            source: Box::new(source),
        }),
    }
}

async fn advance(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    let call = VerifierGateway::advanceCall {
        projectId: record.project.0,
        steps: U256::from(ADVANCE_STEPS),
    };
    operator
        .send("moving the turn", Call::new(operator.enclave.verifier_gateway, &call))
        .await?;
    Ok(())
}

async fn finish(operator: &Operator, record: &Record, ticket: &Ticket, mined: &Mined) -> Result<(), VerifierError> {
    let Some(recorded) = recorded(mined, operator.enclave.verifier_gateway, ticket.id) else {
        let source = Box::new(SendError::NoEvent {
            hash: mined.hash,
            event: "of the gateway about this ticket",
        });
        return Err(VerifierError::Send {
            step: "settling the statement",
            source,
        });
    };
    let event = match recorded {
        Recorded::Ended(ending) => Event::Finish(ending),
        Recorded::Held => Event::Hold,
    };
    let transaction = Transaction {
        hash: mined.hash,
        gas_used: mined.gas_used,
    };
    let cause = format!("transaction {} in block {}", mined.hash, mined.block.number);
    operator
        .change(record.proposal, event, &cause, Detail::Transaction(transaction))
        .await?;
    Ok(())
}

fn statement_of(path: PathBuf, receipt: &Receipt) -> Statement {
    let run = &receipt.run;
    let reason = match Reason::from_bytes32(&run.reason.0) {
        Some(reason) => reason.code().to_owned(),
        None => run.reason.to_string(),
    };
    Statement {
        verdict: run.verdict,
        reason,
        score: run.score,
        lower: run.lower,
        upper: run.upper,
        bundle_root: run.bundle_root,
        receipt: path,
    }
}
