//! What is left to do once proposals are decided, or never will be (DESIGN 5.2, "no profit in slashing"): a proposal past
//! the ledger's deadline is expired through the gateway, so that its miner gets the verifier's half of the stake back, and
//! the operator's fees are withdrawn. One duty at a time, never with the last of the account's coin.

use crate::error::VerifierError;
use crate::journal::{CloseCause, DueDuty, Duty, Record, State, WaitCause};
use crate::operator::Operator;
use crate::ticket;
use orv_chain::bindings::VerifierGateway::openTicketOfCall;
use orv_chain::bindings::{ProposalLedger, VerifierGateway};
use orv_chain::primitives::{Address, B256, U256};
use orv_chain::{ChainError, Mined, ProjectId, Proposal, ProposalId, SendError};

/// For how long a duty is left to the daemon that does it, in seconds: longer than a transaction is waited for.
const TURN: u64 = 150;

/// Notes what a record leaves to do in a state that will stay. It is noted before the journal says so: a note that is
/// written twice is one duty, and one that a crash left out would be none.
///
/// # Errors
/// The journal's.
pub(crate) async fn note(operator: &Operator, record: &Record, state: State) -> Result<(), VerifierError> {
    let duties = &operator.config().duties;
    let (journal, now) = (&operator.journal, operator.clock());
    match state {
        State::Settled(_) if duties.withdraw_from.is_some() => {
            let earner = match record.ticket {
                Some(ticket) => ticket::operator_of(operator, ticket.id).await?,
                None => operator.owner.address(),
            };
            let (project, operator) = (record.project, earner);
            journal.owe(Duty::Withdraw { project, operator }, 0, now).await?;
        }
        // A held statement may never find the others that it needs.
        State::Inconclusive | State::SetAside | State::Waiting(WaitCause::HeldForQuorum) => {
            expire_later(operator, record).await?;
        }
        State::Closed(cause) if !matches!(cause, CloseCause::DecidedElsewhere | CloseCause::Withdrawn) => {
            expire_later(operator, record).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn expire_later(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    if let Some(submission) = record.submission.filter(|_| operator.config().duties.expire) {
        let deadline = submission.submitted_at.saturating_add(operator.constants.expiry_window);
        let duty = Duty::Expire(record.proposal);
        operator.journal.owe(duty, deadline, operator.clock()).await?;
    }
    Ok(())
}

/// Does the oldest duty whose time has come, where it is worth its gas. One that fails lets the others go first and comes
/// again.
///
/// # Errors
/// The endpoint's failure, or how the transaction failed.
pub(crate) async fn next(operator: &Operator) -> Result<(), VerifierError> {
    let now = operator.chain.head().await?.timestamp;
    let due = operator.journal.due(now).await?;
    let Some(due) = due.into_iter().find(|due| is_wanted(operator, due.duty)) else {
        return Ok(());
    };
    let spare = operator.config().least_balance.saturating_mul(U256::from(2));
    if operator.balance().await? < spare {
        return Ok(());
    }
    let Some(taken) = operator.journal.take_duty(due, now.saturating_add(TURN)).await? else {
        return Ok(());
    };
    let DueDuty { duty, .. } = taken;
    let tried = match duty {
        Duty::Expire(proposal) => expire(operator, proposal).await,
        Duty::Withdraw { project, operator: of } => withdraw(operator, project, of).await,
    };
    if tried.as_ref().is_err_and(VerifierError::was_paid_for) {
        let rested = now.saturating_add(Duty::LONGEST_REST);
        operator.journal.owe(duty, rested, operator.clock()).await?;
    }
    match tried? {
        Tried::Done(transaction) => operator.journal.discharge(taken, Some(transaction)).await?,
        Tried::NothingLeft => operator.journal.discharge(taken, None).await?,
        Tried::NotYet => {}
        // One that was noted again meanwhile has its new time.
        Tried::NotBefore(due_at) => drop(operator.journal.take_duty(taken, due_at).await?),
    }
    Ok(())
}

/// What came of trying a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// By this transaction.
    Done(B256),
    /// Somebody else did it, or nothing came together.
    NothingLeft,
    /// It comes again after its turn.
    NotYet,
    /// It comes again at this time, in seconds of block time.
    NotBefore(u64),
}

/// What this daemon's configuration leaves alone another one of the journal may do.
fn is_wanted(operator: &Operator, duty: Duty) -> bool {
    let duties = &operator.config().duties;
    match duty {
        Duty::Expire(_) => duties.expire,
        Duty::Withdraw { .. } => duties.withdraw_from.is_some(),
    }
}

async fn expire(operator: &Operator, id: ProposalId) -> Result<Tried, VerifierError> {
    let record = operator.journal.get(id).await?;
    let proposal = match Proposal::read(&operator.chain, &operator.contracts, id).await {
        Err(ChainError::NoProposal(_)) if record.state == State::Closed(CloseCause::Withdrawn) => {
            return Ok(Tried::NothingLeft);
        }
        // The endpoint is behind, or a reorganisation moves the submission.
        Err(ChainError::NoProposal(_)) => return Ok(Tried::NotYet),
        read => read?,
    };
    if proposal.status.is_terminal() {
        return Ok(Tried::NothingLeft);
    }
    let deadline = proposal.submitted_at.saturating_add(operator.constants.expiry_window);
    if operator.chain.head().await?.timestamp < deadline {
        return Ok(Tried::NotBefore(deadline));
    }
    if may_still_settle(record.state) || has_open_ticket(operator, id).await? {
        return Ok(Tried::NotYet);
    }
    let expired = operator.gateway.expire_for(&operator.owner, id).await;
    tried("expiring a proposal for its miner", expired)
}

/// The ledger takes a verdict after the deadline, too, as long as nobody has expired the proposal: what this operator
/// has under way comes first. A held statement does not: the ones that it needs may never come.
fn may_still_settle(state: State) -> bool {
    matches!(
        state,
        State::TicketOpen | State::Running | State::Judged | State::Settling
    )
}

async fn has_open_ticket(operator: &Operator, id: ProposalId) -> Result<bool, ChainError> {
    let call = openTicketOfCall { proposalId: id.0 };
    let open = operator.chain.call(operator.enclave.verifier_gateway, &call).await?;
    Ok(open != B256::ZERO)
}

/// Pays an account what it has earned: its own daemon or another of the same journal, since the gateway lets anyone.
async fn withdraw(operator: &Operator, project: ProjectId, account: Address) -> Result<Tried, VerifierError> {
    let Some(least) = operator.config().duties.withdraw_from else {
        return Ok(Tried::NotYet);
    };
    let owed = operator.gateway.owed(project, account).await?;
    if owed == U256::ZERO {
        return Ok(Tried::NothingLeft);
    }
    // It may be enough for another daemon of the journal, and more may come together.
    if owed < U256::from(least) {
        return Ok(Tried::NotYet);
    }
    let withdrawn = operator.gateway.withdraw(&operator.owner, project, account).await;
    tried("withdrawing fees", withdrawn)
}

/// Only what says that it is done already ends a duty; every other refusal may be that of an endpoint which is behind.
fn tried(step: &'static str, sent: Result<Mined, SendError>) -> Result<Tried, VerifierError> {
    let refusal = match sent {
        Ok(mined) => return Ok(Tried::Done(mined.hash)),
        Err(SendError::Reverted(refusal)) => refusal,
        Err(source) => return Err(VerifierError::sending(step, source)),
    };
    tracing::info!(%refusal, step, "refused");
    let is_done = refusal.is::<ProposalLedger::WrongStatus>() || refusal.is::<VerifierGateway::NothingOwed>();
    Ok(if is_done { Tried::NothingLeft } else { Tried::NotYet })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolError;
    use orv_chain::Revert;

    fn refused(error: &impl SolError) -> Tried {
        let refusal = Revert::decode(&error.abi_encode());
        tried("a test", Err(SendError::Reverted(refusal))).unwrap()
    }

    #[test]
    fn only_a_refusal_that_says_it_is_done_ends_a_duty() {
        assert_eq!(refused(&ProposalLedger::WrongStatus {}), Tried::NothingLeft);
        let nothing = VerifierGateway::NothingOwed {
            projectId: U256::ONE,
            operator: Address::ZERO,
        };
        assert_eq!(refused(&nothing), Tried::NothingLeft);
        assert_eq!(refused(&ProposalLedger::ExpiryNotReached {}), Tried::NotYet);
        assert_eq!(refused(&ProposalLedger::UnknownProposal {}), Tried::NotYet);
    }

    #[test]
    fn nothing_that_is_under_way_is_expired_and_what_is_only_held_is() {
        assert!(may_still_settle(State::Judged));
        assert!(!may_still_settle(State::Waiting(WaitCause::HeldForQuorum)));
        assert!(!may_still_settle(State::Inconclusive));
    }
}
