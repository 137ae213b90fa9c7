//! Which proposals there are: all of the past by number, the new ones by event.

use crate::error::VerifierError;
use crate::operator::Operator;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use orv_chain::bindings::ProposalLedger::ProposalSubmitted;
use orv_chain::primitives::U256;
use orv_chain::{ChainError, ProjectId, Proposal, ProposalId};

/// Most blocks that one question for events spans; public endpoints refuse more.
const PAGE: u64 = 1000;

/// Blocks that are searched again each time: a block this young may be replaced by another.
const REORGANISATION: u64 = 32;

/// Brings the journal up to the newest block.
///
/// # Errors
/// The endpoint's failure, or the journal's; the cursor only moves over what was written.
pub(crate) async fn catch_up(operator: &Operator) -> Result<(), VerifierError> {
    let head = operator.chain.head().await?.reference.number;
    let Some(cursor) = operator.journal.cursor().await? else {
        by_number(operator).await?;
        operator.journal.move_cursor(head.saturating_add(1)).await?;
        return Ok(());
    };
    let mut from = first_block(cursor, head);
    while from <= head {
        let to = from.saturating_add(PAGE - 1).min(head);
        by_event(operator, from, to).await?;
        from = to.saturating_add(1);
        operator.journal.move_cursor(from).await?;
    }
    Ok(())
}

/// Where the search goes on. A cursor beyond the head was moved there by an endpoint that named a false head once; it
/// must not hide what is submitted from now on.
fn first_block(cursor: u64, head: u64) -> u64 {
    cursor.min(head.saturating_add(1)).saturating_sub(REORGANISATION)
}

/// The first look: every proposal that was ever submitted. The ledger numbers them without gaps.
async fn by_number(operator: &Operator) -> Result<(), VerifierError> {
    let count = Proposal::count(&operator.chain, &operator.contracts).await?;
    let mut number = U256::ZERO;
    while number < count {
        let id = ProposalId(number);
        number = number.saturating_add(U256::ONE);
        let proposal = match Proposal::read(&operator.chain, &operator.contracts, id).await {
            Err(ChainError::NoProposal(_)) => continue,
            read => read?,
        };
        if !proposal.status.is_terminal() {
            note(operator, &proposal_of(&proposal)).await?;
        }
    }
    Ok(())
}

async fn by_event(operator: &Operator, from: u64, to: u64) -> Result<(), VerifierError> {
    let filter = Filter::new()
        .address(operator.contracts.proposal_ledger)
        .event_signature(ProposalSubmitted::SIGNATURE_HASH)
        .from_block(from)
        .to_block(to);
    for log in operator.chain.logs(&filter).await? {
        let Ok(event) = ProposalSubmitted::decode_log(&log.inner) else {
            continue;
        };
        let submitted = Submitted {
            proposal: ProposalId(event.id),
            project: ProjectId(event.projectId),
            claimed_score: event.claimedAggregateScore,
        };
        note(operator, &submitted).await?;
    }
    Ok(())
}

/// What is noted of a new proposal.
struct Submitted {
    proposal: ProposalId,
    project: ProjectId,
    claimed_score: orv_chain::primitives::I256,
}

fn proposal_of(proposal: &Proposal) -> Submitted {
    Submitted {
        proposal: proposal.id,
        project: proposal.project_id,
        claimed_score: proposal.claimed_score,
    }
}

/// Every project's proposals are noted: which are worked on is asked anew in each pass, so that a project which is
/// allowed later is not missed.
async fn note(operator: &Operator, submitted: &Submitted) -> Result<(), VerifierError> {
    let Submitted {
        proposal,
        project,
        claimed_score,
    } = *submitted;
    Ok(operator
        .journal
        .note(proposal, project, claimed_score, operator.clock())
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_may_have_been_replaced_are_searched_again() {
        assert_eq!(first_block(1000, 999), 1000 - REORGANISATION);
        assert_eq!(first_block(1000, 5000), 1000 - REORGANISATION);
        assert_eq!(first_block(3, 2), 0);
    }

    #[test]
    fn a_head_that_was_a_lie_hides_nothing_that_comes_later() {
        assert_eq!(first_block(u64::MAX, 999), 1000 - REORGANISATION);
        assert_eq!(first_block(u64::MAX, u64::MAX), u64::MAX - REORGANISATION);
    }
}
