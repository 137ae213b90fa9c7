//! What is on chain is watched until it is deep enough to stay: a reorganisation may take a settlement, a record or a
//! ticket back, and then the statement is carried out again.

use crate::decide::{self, Readiness};
use crate::error::VerifierError;
use crate::journal::{CloseCause, Event, Record, State, Ticket, WaitCause};
use crate::operator::Operator;
use crate::ticket;
use alloy::eips::BlockId;
use orv_chain::bindings::VerifierGateway::ticketOfCall;
use orv_chain::{ChainError, Fate, Proposal, ProposalStatus, TicketState};

/// What a look at a watched state found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// It is deep enough to stay.
    Deep,
    /// The chain has it, and not yet deep enough.
    Young,
    /// The chain does not have it.
    Missing,
}

/// Looks whether the chain still has what a watched state rests on. Whoever calls it says when a [`Confirmation::Missing`]
/// is to be believed: an endpoint that is some blocks behind does not have it either.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn look_again(operator: &Operator, record: &Record) -> Result<Confirmation, VerifierError> {
    match record.state {
        State::Settled(_) => of_ticket(operator, record, &[TicketState::Settled]).await,
        State::Inconclusive | State::SetAside => of_ticket(operator, record, &[TicketState::Inconclusive]).await,
        State::Waiting(WaitCause::HeldForQuorum) => {
            let expected = [TicketState::Lapsed, TicketState::Held, TicketState::Settled];
            of_ticket(operator, record, &expected).await
        }
        State::Closed(CloseCause::DecidedElsewhere) => of_proposal(operator, record).await,
        State::Closed(CloseCause::Withdrawn) => of_withdrawal(operator, record).await,
        State::Closed(cause) => of_rule(operator, record, cause).await,
        _ => Ok(Confirmation::Young),
    }
}

/// What leads back to before what the chain does not have any more.
pub(crate) fn undoing(state: State) -> Event {
    match state {
        State::Closed(_) => Event::Reopen,
        _ => Event::TakeBack,
    }
}

async fn of_ticket(
    operator: &Operator,
    record: &Record,
    expected: &[TicketState],
) -> Result<Confirmation, VerifierError> {
    let Some(ticket) = record.ticket else {
        return Ok(Confirmation::Young);
    };
    if !is_one_of(expected, operator, &ticket, BlockId::latest()).await? {
        return Ok(match fate(operator, record).await? {
            // A receipt without its effect: the endpoint's answers are of different blocks.
            Some(Fate::Mined(_) | Fate::Pending) => Confirmation::Young,
            Some(Fate::Failed(_) | Fate::NotKnown) | None => Confirmation::Missing,
        });
    }
    let Some(deep) = ticket::deep_block(operator).await? else {
        return Ok(Confirmation::Young);
    };
    match is_one_of(expected, operator, &ticket, BlockId::number(deep)).await {
        Ok(true) => Ok(Confirmation::Deep),
        Ok(false) => Ok(Confirmation::Young),
        // An endpoint that keeps no old states, or a block before the gateway: the transaction's own block says how deep it is.
        Err(ChainError::Refused { .. } | ChainError::Malformed { .. }) => Ok(match fate(operator, record).await? {
            Some(Fate::Mined(mined)) if mined.block.number <= deep => Confirmation::Deep,
            _ => Confirmation::Young,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Whether a ticket's state at a block is one of these. A number that the gateway does not have is none of them.
async fn is_one_of(
    expected: &[TicketState],
    operator: &Operator,
    ticket: &Ticket,
    block: BlockId,
) -> Result<bool, ChainError> {
    let call = ticketOfCall { ticket: ticket.id };
    let entry = operator.chain.call_at(operator.enclave.verifier_gateway, &call, block);
    let state = TicketState::try_from(entry.await?.state);
    Ok(state.is_ok_and(|state| expected.contains(&state)))
}

async fn fate(operator: &Operator, record: &Record) -> Result<Option<Fate>, ChainError> {
    match record.transaction {
        Some(transaction) => operator.owner.fate(transaction.hash).await.map(Some),
        None => Ok(None),
    }
}

/// Somebody else's decision.
async fn of_proposal(operator: &Operator, record: &Record) -> Result<Confirmation, VerifierError> {
    let (chain, contracts) = (&operator.chain, &operator.contracts);
    let now = Proposal::read(chain, contracts, record.proposal).await;
    if !is_decided(now)? {
        return Ok(Confirmation::Missing);
    }
    let Some(deep) = ticket::deep_block(operator).await? else {
        return Ok(Confirmation::Young);
    };
    let call = orv_chain::bindings::ProposalLedger::getProposalCall {
        proposalId: record.proposal.0,
    };
    match chain
        .call_at(contracts.proposal_ledger, &call, BlockId::number(deep))
        .await
    {
        Ok(then) if ProposalStatus::try_from(then.status)?.is_terminal() => Ok(Confirmation::Deep),
        Ok(_) => Ok(Confirmation::Young),
        Err(ChainError::Refused { .. } | ChainError::Malformed { .. }) => Ok(by_age(operator, record)),
        Err(error) => Err(error.into()),
    }
}

fn is_decided(read: Result<Proposal, ChainError>) -> Result<bool, ChainError> {
    match read {
        Ok(proposal) => Ok(proposal.status.is_terminal()),
        Err(ChainError::NoProposal(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A submission that the chain did not have: an endpoint without it may have been behind, and then no event brings it.
async fn of_withdrawal(operator: &Operator, record: &Record) -> Result<Confirmation, VerifierError> {
    match Proposal::read(&operator.chain, &operator.contracts, record.proposal).await {
        Ok(_) => Ok(Confirmation::Missing),
        Err(ChainError::NoProposal(_)) => Ok(by_age(operator, record)),
        Err(error) => Err(error.into()),
    }
}

/// What the rule closed: it would still do so.
async fn of_rule(operator: &Operator, record: &Record, cause: CloseCause) -> Result<Confirmation, VerifierError> {
    let matter = match decide::matter(operator, record.proposal).await {
        Err(ChainError::NoProposal(_)) => return Ok(Confirmation::Young),
        matter => matter?,
    };
    Ok(match decide::look(operator, record, &matter).await? {
        Readiness::Close(now, _) if now == cause || now == CloseCause::DecidedElsewhere => by_age(operator, record),
        Readiness::Close(..) => Confirmation::Young,
        Readiness::Ready | Readiness::Resume(_) | Readiness::Wait(..) => Confirmation::Missing,
    })
}

/// Where no block says when it came about: by this machine's clock, a minute for each block.
fn by_age(operator: &Operator, record: &Record) -> Confirmation {
    let age = operator.clock().saturating_sub(record.changed_at);
    if age >= operator.config().confirmations.saturating_mul(60) {
        Confirmation::Deep
    } else {
        Confirmation::Young
    }
}
