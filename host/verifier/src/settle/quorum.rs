//! Other operators' statements of the same verdict, which the gateway holds until there are enough (DESIGN 5.2).
//!
//! The gateway keeps only the hash of a held statement; the statement itself is in the input of the transaction that
//! recorded it. Whoever sees enough of them settles.

use super::statements::{Statements, run_of};
use crate::error::VerifierError;
use crate::journal::Record;
use crate::operator::Operator;
use crate::ticket;
use alloy::consensus::Transaction as _;
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::{SolCall, SolEvent};
use orv_chain::bindings::EnclaveRegistry::{KeyExpired, KeyIsRevoked};
use orv_chain::bindings::VerifierGateway::{Run, StatementHeld, recordCall, ticketOfCall};
use orv_chain::primitives::{Address, B256, Bytes};
use orv_chain::{ChainError, TicketState};
use orv_receipt::Receipt;

/// Blocks that one question for events spans.
const PAGE: u64 = 1000;

/// Pages that are searched backwards for the event of a held statement.
const PAGES: u64 = 100;

/// The statements of a quorum.
pub(super) enum Companions {
    /// This operator's and others', as many as the gateway asks for.
    Enough(Statements),
    /// Not enough yet.
    Missing,
}

/// Looks for statements that agree with this one.
///
/// # Errors
/// The endpoint's failure.
pub(super) async fn companions(
    operator: &Operator,
    record: &Record,
    receipt: &Receipt,
) -> Result<Companions, VerifierError> {
    let needed = usize::from(operator.gateway.timed_quorum().await?);
    let mut statements = Statements::of(receipt);
    if needed <= 1 {
        return Ok(Companions::Enough(statements));
    }
    let own = run_of(&receipt.run);
    let mut operators = vec![ticket::operator_of(operator, own.ticket).await?];
    for ticket in operator.gateway.tickets(record.proposal).await? {
        if statements.runs.len() == needed {
            break;
        }
        let Some((holder, run, signature)) = held(operator, record, ticket, &operators).await? else {
            continue;
        };
        if agree(&own, &run) {
            operators.push(holder);
            statements.runs.push(run);
            statements.signatures.push(signature);
        }
    }
    Ok(if statements.runs.len() == needed {
        Companions::Enough(statements)
    } else {
        Companions::Missing
    })
}

/// What the gateway asks of statements that settle together; the rest it checks itself.
fn agree(one: &Run, other: &Run) -> bool {
    one.proposalId == other.proposalId
        && one.verdict == other.verdict
        && one.metricKind == other.metricKind
        && one.metricChannel == other.metricChannel
        && one.marginBips == other.marginBips
}

/// The held statement of a ticket and whose it is; nothing where the ticket is not held, is of an operator who is `there`
/// already, its key's timed statements count no more, or its statement was recorded by a call that cannot be read.
async fn held(
    operator: &Operator,
    record: &Record,
    ticket: B256,
    there: &[Address],
) -> Result<Option<(Address, Run, Bytes)>, VerifierError> {
    let gateway = operator.enclave.verifier_gateway;
    let entry = operator.chain.call(gateway, &ticketOfCall { ticket }).await?;
    let is_held = matches!(TicketState::try_from(entry.state), Ok(TicketState::Held));
    // Asked for last: where it was recorded is a long search.
    if !is_held || there.contains(&entry.operator) {
        return Ok(None);
    }
    // One that counts no more would keep all the others from settling.
    if !counts(operator.keys.require_live(entry.key).await)? {
        return Ok(None);
    }
    let Some(transaction) = recording(operator, record, ticket).await? else {
        return Ok(None);
    };
    let found = operator.chain.provider().get_transaction_by_hash(transaction).await;
    let found = found.map_err(|error| ChainError::Unreachable(error.to_string()))?;
    let call = found.and_then(|found| recordCall::abi_decode_validate(found.input()).ok());
    let about_it = call.filter(|call| call.run.ticket == ticket);
    Ok(about_it.map(|call| (entry.operator, call.run, call.signature)))
}

/// Whether timed statements of a key count, by the registry's answer.
fn counts(answer: Result<bool, ChainError>) -> Result<bool, ChainError> {
    match answer {
        Err(ChainError::Reverted(refusal)) => {
            tracing::debug!(%refusal, "a held statement counts no more");
            Ok(false)
        }
        answer => answer,
    }
}

/// Whether the key of a record's ticket has ended for good: its held statement settles nothing any more, and the gateway
/// lets it lapse when its operator opens another ticket.
///
/// # Errors
/// The endpoint's failure.
pub(crate) async fn key_has_ended(operator: &Operator, record: &Record) -> Result<bool, ChainError> {
    let Some(ticket) = record.ticket else {
        return Ok(false);
    };
    match operator.keys.require_live(ticket.key).await {
        Err(ChainError::Reverted(refusal)) => Ok(refusal.is::<KeyExpired>() || refusal.is::<KeyIsRevoked>()),
        answer => answer.map(|_| false),
    }
}

/// The transaction that recorded the statement.
async fn recording(operator: &Operator, record: &Record, ticket: B256) -> Result<Option<B256>, VerifierError> {
    let mut to = operator.chain.head().await?.reference.number;
    for _ in 0..PAGES {
        let from = to.saturating_sub(PAGE - 1);
        let filter = Filter::new()
            .address(operator.enclave.verifier_gateway)
            .event_signature(StatementHeld::SIGNATURE_HASH)
            .topic1(record.proposal.0)
            .topic2(ticket)
            .from_block(from)
            .to_block(to);
        let logs = operator.chain.logs(&filter).await?;
        if let Some(hash) = logs.last().and_then(|log| log.transaction_hash) {
            return Ok(Some(hash));
        }
        if from == 0 {
            break;
        }
        to = from - 1;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolError;
    use orv_chain::Revert;

    #[test]
    fn a_statement_of_a_key_that_counts_no_more_is_no_companion() {
        let expired = KeyExpired {
            key: Address::ZERO,
            expiresAt: 5,
        };
        let refusal = Revert::decode(&expired.abi_encode());
        assert!(!counts(Err(ChainError::Reverted(refusal))).unwrap());
        assert!(!counts(Ok(false)).unwrap());
        assert!(counts(Ok(true)).unwrap());
        assert!(counts(Err(ChainError::Unreachable("away".to_owned()))).is_err());
    }
}
