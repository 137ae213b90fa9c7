//! Tickets: opening one makes the attempt public, and its event says which incumbent to beat.

use crate::error::VerifierError;
use crate::journal::Ticket;
use crate::operator::Operator;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use orv_chain::bindings::VerifierGateway::{self, TicketOpened};
use orv_chain::primitives::{Address, B256};
use orv_chain::{Call, ChainError, ProposalId};

/// Blocks that one question for events spans.
const PAGE: u64 = 1000;

/// Pages that are searched backwards for a ticket's event.
const PAGES: u64 = 100;

/// What became of a ticket (`TicketState` of the gateway).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketState {
    /// It can be used.
    Open,
    /// It was opened, never used, and its time ran out.
    Lapsed,
    /// Its statement was recorded, inconclusive or set aside.
    Inconclusive,
    /// Its statement waits for other operators'.
    Held,
    /// Its verdict is carried out.
    Settled,
    /// The endpoint does not know it, though its time has not run out: it is behind the block that opened the ticket,
    /// or that block was replaced. Time tells.
    Unknown,
}

/// Opens a ticket. The incumbent in the answer is the gateway's, to be handed to the enclave exactly.
///
/// # Errors
/// The gateway's refusal by name, or how the transaction failed.
pub(crate) async fn open(operator: &Operator, proposal: ProposalId, key: Address) -> Result<Ticket, VerifierError> {
    let gateway = operator.enclave.verifier_gateway;
    let call = VerifierGateway::openCall {
        proposalId: proposal.0,
        key,
    };
    let mined = operator.send("opening a ticket", Call::new(gateway, &call)).await?;
    let event = mined.require_event::<TicketOpened>(gateway);
    let event = event.map_err(|source| VerifierError::Send {
        step: "opening a ticket",
        source: Box::new(source),
    })?;
    Ok(ticket_of(&event))
}

/// Finds the event of a ticket that was opened before this program lost sight of it.
///
/// # Errors
/// [`VerifierError::TicketEventMissing`] when recent blocks do not have it.
pub(crate) async fn recover(operator: &Operator, proposal: ProposalId, id: B256) -> Result<Ticket, VerifierError> {
    let mut to = operator.chain.head().await?.reference.number;
    for _ in 0..PAGES {
        let from = to.saturating_sub(PAGE - 1);
        let filter = Filter::new()
            .address(operator.enclave.verifier_gateway)
            .event_signature(TicketOpened::SIGNATURE_HASH)
            .topic1(proposal.0)
            .from_block(from)
            .to_block(to);
        let logs = operator.chain.logs(&filter).await?;
        let events = logs.iter().filter_map(|log| TicketOpened::decode_log(&log.inner).ok());
        if let Some(event) = events.map(|decoded| decoded.data).find(|event| event.ticket == id) {
            return Ok(ticket_of(&event));
        }
        if from == 0 {
            break;
        }
        to = from - 1;
    }
    Err(VerifierError::TicketEventMissing(id))
}

/// Where a ticket is now. One whose time has run out counts as lapsed, though nobody has written that yet.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn state(operator: &Operator, ticket: &Ticket) -> Result<TicketState, ChainError> {
    let call = VerifierGateway::ticketOfCall { ticket: ticket.id };
    let entry = operator.chain.call(operator.enclave.verifier_gateway, &call).await?;
    Ok(match entry.state {
        0 | 1 if operator.chain.head().await?.timestamp >= ticket.closes_at => TicketState::Lapsed,
        1 => TicketState::Open,
        2 => TicketState::Lapsed,
        3 => TicketState::Inconclusive,
        4 => TicketState::Held,
        5 => TicketState::Settled,
        _ => TicketState::Unknown,
    })
}

fn ticket_of(event: &TicketOpened) -> Ticket {
    Ticket {
        id: event.ticket,
        key: event.key,
        attempt: event.attempt,
        closes_at: event.closesAt,
        incumbent_code_hash: event.incumbentCodeHash,
        incumbent_score: event.incumbentScore,
    }
}
