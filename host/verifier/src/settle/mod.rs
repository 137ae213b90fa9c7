//! From a signed statement to the chain: the way is found first, at no cost; then the bundle goes to 0G, then one
//! transaction. What is on chain is watched until it is deep enough to stay.

mod confirm;
mod ending;
mod patience;
mod quorum;
mod reaction;
mod receipt_file;
mod reconcile;
mod reviews;
mod statements;
mod way;

pub use self::reaction::{Reaction, reaction};
pub(crate) use self::{
    confirm::{Confirmation, look_again, undoing},
    patience::{is_given_up, waits_after_failure},
    quorum::key_has_ended,
    receipt_file::{export, kept_statement, path as receipt_path, receipt_of},
    reconcile::reconcile,
    reviews::Reviews,
    way::still_counts,
};

use self::patience::Patience;
use self::way::{Found, Way, find};
use crate::admission::publish;
use crate::error::VerifierError;
use crate::journal::{Detail, Ending, Event, Record, State, Statement, Transaction, WaitCause};
use crate::operator::Operator;
use crate::ticket::{self, TicketState};
use orv_chain::{Mined, Revert, SendError};
use orv_content::Root;
use orv_protocol::judgement::Reason;
use orv_receipt::Receipt;
use std::path::PathBuf;

/// How often the way to the chain is changed before the statement is put back.
const TRIES: u32 = 4;

/// What came of one sending.
enum Sent {
    Ended(Ending, Mined),
    Held(Mined),
    /// By the simulation: nothing was paid.
    Refused(Revert),
    /// It was paid for, and brought nothing about.
    Failed(VerifierError),
}

/// Brings a statement to the chain: a judged one, or one that is held and that another operator's agrees with now.
///
/// # Errors
/// What passes by itself; the statement is where it was, or in Settling where its fate is unknown.
pub(crate) async fn settle(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    if record.state == State::Judged && !is_usable(operator, record).await? {
        return Ok(());
    }
    match patience::of_record(record, operator.clock()) {
        Patience::Send => {}
        Patience::Wait => return Ok(()),
        Patience::GiveUp if record.state != State::Judged => return Ok(()),
        Patience::GiveUp => return give_up(operator, record, &record.cause).await,
    }
    let receipt = receipt_of(operator, record).await?;
    let way = match find(operator, record, &receipt).await? {
        Found::Way(way) => way,
        Found::Event(event, why) => return leave(operator, record, event, &why).await,
        Found::Nothing => return Ok(()),
    };
    let (bundle, root) = (receipt.bundle.clone(), Root(receipt.run.bundle_root.0));
    let published = publish(operator, "the bundle", bundle, root).await;
    if published.as_ref().is_err_and(VerifierError::was_paid_for) {
        count_failure(operator, record).await?;
    }
    published?;
    if record.state == State::Judged {
        let stored = "the bundle is stored";
        operator
            .change(record.proposal, Event::Settle, stored, Detail::None)
            .await?;
    }
    carry(operator, record, &receipt, way).await
}

/// Whether a judged statement's ticket can still be used. What an earlier life of this program sent, or anyone who had
/// the statement, is found on chain.
async fn is_usable(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    let ticket = record.ticket.ok_or(VerifierError::Incomplete {
        proposal: record.proposal,
        what: "ticket",
    })?;
    let event = match ticket::state(operator, &ticket).await? {
        TicketState::Open => return Ok(true),
        TicketState::Lapsed => (Event::LoseTicket, "the ticket's time ran out"),
        TicketState::Unknown if ticket::is_gone(operator, &ticket).await? => {
            (Event::LoseTicket, "a reorganisation took the ticket back")
        }
        TicketState::Unknown => return Ok(false),
        TicketState::Inconclusive | TicketState::Held | TicketState::Settled => {
            operator
                .change(
                    record.proposal,
                    Event::Settle,
                    "the chain has the statement",
                    Detail::None,
                )
                .await?;
            let settling = operator.journal.get(record.proposal).await?;
            reconcile(operator, &settling).await?;
            return Ok(false);
        }
    };
    operator.change(record.proposal, event.0, event.1, Detail::None).await?;
    Ok(false)
}

/// Sends, and follows what the gateway refuses meanwhile to where it leads. The same transaction is not paid for again at
/// once when it failed on chain: only what another state of the chain asks for is.
async fn carry(operator: &Operator, record: &Record, receipt: &Receipt, way: Way) -> Result<(), VerifierError> {
    let mut way = way;
    for _ in 0..TRIES {
        let failure = match send(operator, receipt, &way).await? {
            Sent::Ended(ending, mined) => return finish(operator, record, Event::Finish(ending), &mined).await,
            Sent::Held(mined) => return finish(operator, record, Event::Hold, &mined).await,
            Sent::Refused(refusal) => {
                tracing::info!(proposal = %record.proposal, %refusal, "the chain moved under the statement");
                None
            }
            Sent::Failed(failure) => {
                tracing::warn!(proposal = %record.proposal, %failure, "the statement was paid for in vain");
                Some(failure)
            }
        };
        let settling = match &failure {
            Some(_) => count_failure(operator, record).await?,
            None => operator.journal.get(record.proposal).await?,
        };
        if let Some(failure) = failure.as_ref().filter(|_| is_given_up(settling.failed)) {
            return give_up(operator, &settling, &failure.to_string()).await;
        }
        let found = find(operator, &settling, receipt).await?;
        way = match (found, failure) {
            (Found::Way(other), None) => other,
            (Found::Way(other), Some(_)) if other != way => other,
            (Found::Event(event, why), _) => return leave(operator, &settling, event, &why).await,
            (Found::Nothing, None) => return put_back(operator, &settling, "the chain wants it later").await,
            (Found::Way(_) | Found::Nothing, Some(failure)) => {
                put_back(operator, &settling, &failure.to_string()).await?;
                return Err(failure);
            }
        };
    }
    let settling = operator.journal.get(record.proposal).await?;
    put_back(operator, &settling, "the gateway changed its mind too often").await
}

async fn send(operator: &Operator, receipt: &Receipt, way: &Way) -> Result<Sent, VerifierError> {
    let (gateway, owner) = (&operator.gateway, &operator.owner);
    let (step, sent) = match way.clone() {
        Way::Settle(statements) => {
            let settled = gateway.settle(owner, statements.runs, statements.signatures).await;
            ("settling the statement", settled.and_then(ending::settled))
        }
        Way::Record => {
            let recorded = gateway.record(
                owner,
                statements::run_of(&receipt.run),
                statements::signature_of(receipt),
            );
            ("recording the statement", recorded.await.map(ending::recorded))
        }
    };
    match sent {
        Ok(sent) => Ok(sent),
        Err(SendError::Reverted(refusal)) => Ok(Sent::Refused(refusal)),
        Err(source) => match VerifierError::sending(step, source) {
            failure if failure.was_paid_for() => Ok(Sent::Failed(failure)),
            error => Err(error),
        },
    }
}

/// Writes that a transaction for the statement was paid for in vain; answers the row with it.
pub(super) async fn count_failure(operator: &Operator, record: &Record) -> Result<Record, VerifierError> {
    let (journal, now) = (&operator.journal, operator.clock());
    journal.settlement_failed(record.proposal, now).await?;
    Ok(journal.get(record.proposal).await?)
}

/// Sends the statement never again: its ticket lapses by itself. One that is held stays on chain for the others.
async fn give_up(operator: &Operator, record: &Record, last: &str) -> Result<(), VerifierError> {
    let error = VerifierError::SettlementGivenUp {
        times: record.failed.times,
        last: last.to_owned(),
    };
    if record.state != State::Waiting(WaitCause::HeldForQuorum) {
        let why = format!("{error}; the ticket is left to lapse");
        operator
            .change(record.proposal, Event::LoseTicket, &why, Detail::None)
            .await?;
    }
    Err(error)
}

async fn finish(operator: &Operator, record: &Record, event: Event, mined: &Mined) -> Result<(), VerifierError> {
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

/// Writes what the chain's refusal means. What it only wants later leaves the statement where it is.
async fn leave(operator: &Operator, record: &Record, event: Event, why: &str) -> Result<(), VerifierError> {
    match (record.state, event) {
        (State::Settling, Event::Postpone) => put_back(operator, record, why).await,
        (_, Event::Postpone) => {
            tracing::info!(proposal = %record.proposal, why, "the chain wants the statement later");
            Ok(())
        }
        // A statement on chain is not lost with its ticket's time.
        (State::Waiting(WaitCause::HeldForQuorum), Event::LoseTicket) => Ok(()),
        _ => {
            operator.change(record.proposal, event, why, Detail::None).await?;
            Ok(())
        }
    }
}

async fn put_back(operator: &Operator, record: &Record, why: &str) -> Result<(), VerifierError> {
    if record.state == State::Settling {
        operator
            .change(record.proposal, Event::Postpone, why, Detail::None)
            .await?;
    }
    Ok(())
}

/// What the journal keeps of a receipt's statement.
pub(crate) fn statement_of(path: PathBuf, receipt: &Receipt) -> Statement {
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
