//! One attempt, from the live key to the checked statement.

use super::{Desk, Usefulness, usefulness};
use crate::decide::{self, Matter, Readiness};
use crate::enclave::EnclaveError;
use crate::error::VerifierError;
use crate::fetch;
use crate::journal::{CloseCause, Detail, Event, JournalError, Record, State, Ticket, WaitCause};
use crate::operator::Operator;
use crate::settle;
use crate::ticket::{self, Allowance};
use crate::watch::Phase;
use orv_receipt::Receipt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How often the enclave is given one ticket.
pub(super) const RUNS_OF_A_TICKET: u32 = 2;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempted {
    /// The journal has it in another state: go on from there.
    Further,
    /// Nothing more can be done now.
    Rest,
    /// The ticket belongs to another enclave's key.
    OtherKey,
}

/// Takes a record as far as a checked statement. The desk's enclave works on nothing else meanwhile. Without an
/// `allowance` no ticket is opened.
///
/// # Errors
/// What passes by itself; the journal has the state that was reached.
pub(crate) async fn attempt(
    operator: &Operator,
    desk: &mut Desk,
    record: &Record,
    allowance: Option<Allowance>,
    cancel: Arc<AtomicBool>,
) -> Result<Attempted, VerifierError> {
    match (record.state, allowance) {
        (State::TicketOpen, _) => run(operator, desk, record, cancel).await,
        (State::Running, _) => take_up(operator, record).await,
        (state, Some(allowance)) if state.may_start() => open(operator, desk, record, allowance, cancel).await,
        _ => Ok(Attempted::Further),
    }
}

/// Goes on after a restart: from the receipt, if it was written, since the enclave states once for each ticket.
///
/// # Errors
/// The journal's, or a receipt that cannot be read.
pub(crate) async fn take_up(operator: &Operator, record: &Record) -> Result<Attempted, VerifierError> {
    let (event, detail) = match settle::kept_statement(operator, record).await? {
        Some((statement, receipt)) => (Event::Judge, Detail::Statement { statement, receipt }),
        None => (Event::Interrupt, Detail::None),
    };
    operator
        .change(record.proposal, event, "found running after a restart", detail)
        .await?;
    Ok(Attempted::Further)
}

/// A live key first, since a ticket's time runs from its opening; then the chain once more, since that took a while.
async fn open(
    operator: &Operator,
    desk: &mut Desk,
    record: &Record,
    allowance: Allowance,
    cancel: Arc<AtomicBool>,
) -> Result<Attempted, VerifierError> {
    let identity = match desk.lasting_identity(operator).await {
        Err(error) if error.is_without_live_key() => {
            wait(operator, record, WaitCause::KeyNotLive, &error.to_string()).await?;
            return Err(error);
        }
        other => other?,
    };
    let Some(identity) = identity else {
        let why = "the enclave's key ends, and another ticket of it is open";
        wait(operator, record, WaitCause::KeyNotLive, why).await?;
        return Ok(Attempted::Rest);
    };
    if operator.controls.phase() != Phase::Work {
        return Ok(Attempted::Rest);
    }
    let matter = decide::matter(operator, record.proposal).await?;
    if decide::look(operator, record, &matter).await? != Readiness::Ready {
        return Ok(Attempted::Further);
    }
    let ticket = ticket::open(operator, record.proposal, identity.key, allowance).await?;
    let cause = format!("attempt {} with key {}", ticket.attempt, ticket.key);
    operator
        .change(record.proposal, Event::OpenTicket, &cause, Detail::Ticket(ticket))
        .await?;
    let record = operator.journal.get(record.proposal).await?;
    run(operator, desk, &record, cancel).await
}

/// Has the enclave judge under an open ticket.
async fn run(
    operator: &Operator,
    desk: &mut Desk,
    record: &Record,
    cancel: Arc<AtomicBool>,
) -> Result<Attempted, VerifierError> {
    let ticket = record.ticket.ok_or(VerifierError::Incomplete {
        proposal: record.proposal,
        what: "ticket",
    })?;
    let matter = decide::matter(operator, record.proposal).await?;
    if matter.proposal.status.is_terminal() {
        let close = Event::Close(CloseCause::DecidedElsewhere);
        change(operator, record, close, "the ledger has it decided").await?;
        return Ok(Attempted::Rest);
    }
    match usefulness(operator, record).await? {
        Usefulness::Open => {}
        Usefulness::Stated => return Ok(Attempted::Further),
        Usefulness::Unclear => return Ok(Attempted::Rest),
        Usefulness::Lost(why) => return lose(operator, record, &why).await,
    }
    if record.runs >= RUNS_OF_A_TICKET {
        return lose(operator, record, "the enclave failed with this ticket before").await;
    }
    let identity = desk.identity(operator).await?;
    if identity.key != ticket.key {
        return Ok(Attempted::OtherKey);
    }
    judge(operator, desk, record, &ticket, &matter, cancel).await
}

async fn judge(
    operator: &Operator,
    desk: &mut Desk,
    record: &Record,
    ticket: &Ticket,
    matter: &Matter,
    cancel: Arc<AtomicBool>,
) -> Result<Attempted, VerifierError> {
    // Before the run counts: what this host cannot fetch for a while must not use up the ticket.
    fetch::ahead(&operator.storage, matter).await?;
    let job = fetch::job(operator, matter, ticket);
    let now = operator.chain.head().await?.timestamp;
    let time = Duration::from_secs(ticket.closes_at.saturating_sub(now));
    change(operator, record, Event::Start, "the enclave has the job").await?;
    match desk.judge(operator, record.proposal, job, time, cancel).await {
        Ok(receipt) => keep(operator, record, ticket, receipt).await,
        Err(error) => {
            let event = match &error {
                VerifierError::Enclave(failure) if failure.loses_ticket() => Event::LoseTicket,
                _ => Event::Interrupt,
            };
            change(operator, record, event, &format!("{}: {error}", error.code())).await?;
            match error {
                VerifierError::Enclave(EnclaveError::Stopped) => Ok(Attempted::Rest),
                error => Err(error),
            }
        }
    }
}

/// Keeps the receipt, first as a file, then in the journal with the new state: whichever of them a crash leaves has the
/// statement, which the enclave gives once. A daemon that took the proposal over meanwhile finds it in the journal.
async fn keep(
    operator: &Operator,
    record: &Record,
    ticket: &Ticket,
    receipt: Receipt,
) -> Result<Attempted, VerifierError> {
    let path = settle::receipt_path(&operator.config().receipts(), record, ticket);
    let statement = settle::statement_of(path.clone(), &receipt);
    let bytes = receipt.encode();
    settle::export(operator, record.proposal, &path, &bytes).await;
    let cause = format!(
        "{} in [{}, {}]: {}",
        statement.score, statement.lower, statement.upper, statement.reason
    );
    let detail = Detail::Statement {
        statement,
        receipt: bytes,
    };
    let judged = operator.change(record.proposal, Event::Judge, &cause, detail).await;
    if let Err(VerifierError::Journal(JournalError::ClaimLost { .. } | JournalError::Transition { .. })) = &judged {
        let (journal, now) = (&operator.journal, operator.clock());
        journal
            .keep_receipt(record.proposal, ticket.id, receipt.encode(), now)
            .await?;
    }
    judged?;
    Ok(Attempted::Further)
}

/// Writes that a proposal waits, unless the journal says exactly that already.
pub(crate) async fn wait(
    operator: &Operator,
    record: &Record,
    cause: WaitCause,
    why: &str,
) -> Result<(), VerifierError> {
    if record.state != State::Waiting(cause) {
        change(operator, record, Event::Wait(cause), why).await?;
    }
    Ok(())
}

async fn lose(operator: &Operator, record: &Record, why: &str) -> Result<Attempted, VerifierError> {
    change(operator, record, Event::LoseTicket, why).await?;
    Ok(Attempted::Rest)
}

async fn change(operator: &Operator, record: &Record, event: Event, cause: &str) -> Result<(), VerifierError> {
    operator.change(record.proposal, event, cause, Detail::None).await?;
    Ok(())
}
