//! What the chain already knows of a statement whose fate this program lost sight of.

use crate::error::VerifierError;
use crate::journal::{Detail, Ending, Event, Record, Settlement, State, Ticket, Transaction};
use crate::operator::Operator;
use crate::ticket::{self, TicketState};
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use orv_chain::Fate;
use orv_chain::bindings::VerifierGateway::VerdictSettled;
use orv_protocol::Verdict;

/// Blocks that are searched for the transaction; without it only its hash and gas stay unknown.
const BLOCKS: u64 = 1000;

/// Brings a record in Settling, or one that is held, to what the chain says. A statement that is not on chain goes back
/// to Judged.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn reconcile(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    let missing = VerifierError::Incomplete {
        proposal: record.proposal,
        what: "ticket",
    };
    let ticket = record.ticket.ok_or(missing)?;
    let held = record.state != State::Settling;
    let state = ticket::state(operator, &ticket).await?;
    let event = match state {
        TicketState::Settled => Event::Finish(ending_of(record)),
        TicketState::Inconclusive => Event::Finish(closed_ending_of(record)),
        TicketState::Open if !held => Event::Postpone,
        TicketState::Unknown if ticket::is_gone(operator, &ticket).await? => Event::LoseTicket,
        TicketState::Unknown if !held => Event::Postpone,
        TicketState::Held if !held => Event::Hold,
        TicketState::Open | TicketState::Unknown | TicketState::Held => return Ok(()),
        TicketState::Lapsed => Event::LoseTicket,
    };
    let detail = match event {
        Event::Finish(_) => transaction_of(operator, record, &ticket, state)
            .await?
            .map_or(Detail::None, Detail::Transaction),
        _ => Detail::None,
    };
    operator
        .change(record.proposal, event, "found on chain", detail)
        .await?;
    Ok(())
}

/// A settled ticket holds this operator's own statement, whose verdict was carried out.
fn ending_of(record: &Record) -> Ending {
    match verdict_of(record) {
        Some(Verdict::Approve) => Ending::Settled(Settlement::Approved),
        Some(Verdict::Reject) => Ending::Settled(Settlement::Rejected),
        Some(Verdict::Inconclusive) | None => Ending::Inconclusive,
    }
}

/// A ticket closed without settlement holds an inconclusive statement, or a verdict that was set aside.
fn closed_ending_of(record: &Record) -> Ending {
    match verdict_of(record) {
        Some(Verdict::Approve | Verdict::Reject) => Ending::SetAside,
        Some(Verdict::Inconclusive) | None => Ending::Inconclusive,
    }
}

fn verdict_of(record: &Record) -> Option<Verdict> {
    record
        .statement
        .as_ref()
        .and_then(|statement| Verdict::try_from(statement.verdict).ok())
}

/// The transaction that used the ticket up: every such event has the ticket as its second topic, but for a settlement,
/// which names only one of its quorum's tickets.
async fn transaction_of(
    operator: &Operator,
    record: &Record,
    ticket: &Ticket,
    state: TicketState,
) -> Result<Option<Transaction>, VerifierError> {
    let head = operator.chain.head().await?.reference.number;
    let recent = Filter::new()
        .address(operator.enclave.verifier_gateway)
        .from_block(head.saturating_sub(BLOCKS - 1))
        .to_block(head);
    let filter = match state {
        TicketState::Settled => recent
            .event_signature(VerdictSettled::SIGNATURE_HASH)
            .topic1(record.proposal.0),
        _ => recent.topic2(ticket.id),
    };
    let logs = operator.chain.logs(&filter).await?;
    let Some(hash) = logs.last().and_then(|log| log.transaction_hash) else {
        return Ok(None);
    };
    Ok(match operator.owner.fate(hash).await? {
        Fate::Mined(mined) => Some(Transaction {
            hash,
            gas_used: mined.gas_used,
        }),
        Fate::Failed(_) | Fate::Pending | Fate::NotKnown => None,
    })
}
