//! Going on with a ticket that was left: the enclave states once for each, so what was said is carried on, never run
//! again, and what was never run is run yet.

use super::attempt::RUNS_OF_A_TICKET;
use crate::error::VerifierError;
use crate::journal::{Detail, Event, Record, State, Ticket, WaitCause};
use crate::operator::Operator;
use crate::settle;
use crate::ticket::{self, TicketState};

/// Takes up a ticket whose statement is kept and still counts, though the journal left it: somebody else's decision was
/// taken back by a reorganisation, or an endpoint's word about the ticket was wrong. Answers whether there is one.
///
/// # Errors
/// The endpoint's failure, or the journal's.
pub(crate) async fn resume(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    Ok(may_resume(operator, record).await? && restate(operator, record).await?)
}

/// Whether a ticket's statement is kept and still counts.
///
/// # Errors
/// The endpoint's failure, or the journal's.
pub(crate) async fn may_resume(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    let Some(ticket) = record.ticket else {
        return Ok(false);
    };
    match ticket::state(operator, &ticket).await? {
        // It was sent often enough, in vain.
        TicketState::Open if settle::is_given_up(record.failed) => return Ok(false),
        TicketState::Open | TicketState::Held => {}
        // It has decided its proposal, whatever became of its key since: fees and review are still to come.
        TicketState::Settled => return Ok(settle::kept_statement(operator, record).await?.is_some()),
        TicketState::Lapsed | TicketState::Inconclusive | TicketState::Unknown => return Ok(false),
    }
    settle::still_counts(operator, record).await
}

/// What a ticket that the journal has as open is good for.
pub(crate) enum Usefulness {
    /// The enclave that has its key can use it.
    Open,
    /// Its statement is kept, and the journal has it as judged now.
    Stated,
    /// The endpoint may be behind: time tells.
    Unclear,
    /// For nothing, and why.
    Lost(String),
}

/// Finds out, and carries a kept statement on: another daemon may have had it made.
///
/// # Errors
/// The endpoint's failure, or the journal's.
pub(crate) async fn usefulness(operator: &Operator, record: &Record) -> Result<Usefulness, VerifierError> {
    let ticket = record.ticket.ok_or(VerifierError::Incomplete {
        proposal: record.proposal,
        what: "ticket",
    })?;
    let state = ticket::state(operator, &ticket).await?;
    let is_known = !matches!(state, TicketState::Unknown | TicketState::Lapsed);
    if is_known && restate(operator, record).await? {
        return Ok(Usefulness::Stated);
    }
    Ok(match state {
        TicketState::Open => Usefulness::Open,
        TicketState::Unknown if !ticket::is_gone(operator, &ticket).await? => Usefulness::Unclear,
        state => Usefulness::Lost(format!("the ticket is {state:?}")),
    })
}

/// Goes on with the statement that is kept for the record's ticket, whichever daemon had it made. Answers whether there
/// is one.
///
/// # Errors
/// The journal's, or a receipt that cannot be read.
async fn restate(operator: &Operator, record: &Record) -> Result<bool, VerifierError> {
    let Some((statement, receipt)) = settle::kept_statement(operator, record).await? else {
        return Ok(false);
    };
    let why = "the ticket's statement was kept";
    if record.state.may_start() {
        operator
            .change(record.proposal, Event::OpenTicket, why, Detail::None)
            .await?;
    }
    if record.state != State::Running {
        operator
            .change(record.proposal, Event::Start, why, Detail::None)
            .await?;
    }
    let detail = Detail::Statement { statement, receipt };
    operator.change(record.proposal, Event::Judge, why, detail).await?;
    Ok(true)
}

/// Opens the record's own ticket again that was left before the enclave had it. Answers whether it did.
///
/// # Errors
/// The endpoint's failure, or the journal's.
pub(crate) async fn reopen(operator: &Operator, record: &Record, ticket: &Ticket) -> Result<bool, VerifierError> {
    if !has_runs_left(record) || ticket::state(operator, ticket).await? != TicketState::Open {
        return Ok(false);
    }
    let why = "left before the enclave was done with it";
    operator
        .change(record.proposal, Event::OpenTicket, why, Detail::None)
        .await?;
    Ok(true)
}

/// A ticket that was given up after the enclave had it was given up for what the enclave said.
pub(crate) fn has_runs_left(record: &Record) -> bool {
    match record.state {
        State::Waiting(WaitCause::TicketLost) => record.runs == 0,
        _ => record.runs < RUNS_OF_A_TICKET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(state: State, runs: u32) -> Record {
        Record {
            runs,
            ..Record::bare(state)
        }
    }

    #[test]
    fn a_lost_ticket_is_run_only_if_no_enclave_ever_had_it() {
        let lost = State::Waiting(WaitCause::TicketLost);
        assert!(has_runs_left(&left(lost, 0)));
        assert!(!has_runs_left(&left(lost, 1)));
    }

    #[test]
    fn a_reopened_proposals_ticket_has_as_many_runs_as_any() {
        assert!(has_runs_left(&left(State::Seen, RUNS_OF_A_TICKET - 1)));
        assert!(!has_runs_left(&left(State::Seen, RUNS_OF_A_TICKET)));
    }
}
