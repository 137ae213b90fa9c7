//! Tickets: opening one makes the attempt public, and its event says which incumbent to beat.

mod allowance;

pub(crate) use self::allowance::{Allowance, TicketCount};

use crate::error::VerifierError;
use crate::journal::Ticket;
use crate::operator::Operator;
use alloy::eips::BlockId;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use orv_chain::bindings::VerifierGateway::{self, TicketOpened};
use orv_chain::primitives::{Address, B256};
use orv_chain::{ChainError, ProposalId, SendError, TicketState as Stored};

/// Blocks that one question for events spans.
const PAGE: u64 = 1000;

/// Pages that are searched backwards for a ticket's event.
const PAGES: u64 = 100;

/// What became of a ticket: the gateway's state of it, by the time that has passed.
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

/// Opens a ticket, for which `allowance` is spent, also where the transaction's fate is unknown: it may open one yet. The
/// incumbent in the answer is the gateway's, to be handed to the enclave exactly.
///
/// # Errors
/// The gateway's refusal by name, or how the transaction failed.
pub(crate) async fn open(
    operator: &Operator,
    proposal: ProposalId,
    key: Address,
    allowance: Allowance,
) -> Result<Ticket, VerifierError> {
    let opened = operator.gateway.open(&operator.owner, proposal, key).await;
    if matches!(opened, Ok(_) | Err(SendError::Unknown { .. })) {
        allowance.spend();
    }
    let opened = opened.map_err(|source| VerifierError::sending("opening a ticket", source))?;
    Ok(Ticket {
        id: opened.ticket,
        key,
        attempt: opened.attempt,
        closes_at: opened.closes_at,
        incumbent_code_hash: opened.incumbent_code_hash,
        incumbent_score: opened.incumbent_score,
    })
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
    Ok(match Stored::try_from(entry.state) {
        Ok(Stored::None | Stored::Open) if operator.chain.head().await?.timestamp >= ticket.closes_at => {
            TicketState::Lapsed
        }
        Ok(Stored::Open) => TicketState::Open,
        Ok(Stored::Lapsed) => TicketState::Lapsed,
        Ok(Stored::Inconclusive) => TicketState::Inconclusive,
        Ok(Stored::Held) => TicketState::Held,
        Ok(Stored::Settled) => TicketState::Settled,
        // Nor is a number known that the gateway has no state for.
        Ok(Stored::None) | Err(_) => TicketState::Unknown,
    })
}

/// Whose attempt a ticket is: daemons with accounts of their own may share a journal. An endpoint that does not know the
/// ticket leaves it to this one.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn operator_of(operator: &Operator, ticket: B256) -> Result<Address, ChainError> {
    let call = VerifierGateway::ticketOfCall { ticket };
    let entry = operator.chain.call(operator.enclave.verifier_gateway, &call).await?;
    Ok(if entry.operator == Address::ZERO {
        operator.owner.address()
    } else {
        entry.operator
    })
}

/// Whether the chain had the ticket and has it no more: a block that is deep enough to stay is younger than the ticket's
/// opening and does not know it, or the proposal's open ticket is another one of this operator's.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn is_gone(operator: &Operator, ticket: &Ticket) -> Result<bool, ChainError> {
    let Some(deep) = deep_block(operator).await? else {
        return Ok(false);
    };
    let gateway = operator.enclave.verifier_gateway;
    let life = operator
        .chain
        .call(gateway, &VerifierGateway::ticketLifeCall {})
        .await?;
    let opened_at = ticket.closes_at.saturating_sub(life);
    if operator.chain.block(deep).await?.timestamp <= opened_at {
        return Ok(false);
    }
    let call = VerifierGateway::ticketOfCall { ticket: ticket.id };
    match operator.chain.call_at(gateway, &call, BlockId::number(deep)).await {
        Ok(entry) => Ok(matches!(Stored::try_from(entry.state), Ok(Stored::None))),
        // An endpoint that keeps no old states, or a block before the gateway: its time will tell.
        Err(ChainError::Refused { .. } | ChainError::Malformed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The newest block that is deep enough to stay; nothing while the chain is shorter.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn deep_block(operator: &Operator) -> Result<Option<u64>, ChainError> {
    let head = operator.chain.head().await?.reference.number;
    Ok(head.checked_sub(operator.config().confirmations))
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
