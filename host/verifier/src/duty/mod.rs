//! What is left to do once proposals are decided, or never will be (DESIGN 5.2, "no profit in slashing"): a proposal past
//! the ledger's deadline is expired through the gateway, so that its miner gets the verifier's half of the stake back, and
//! the operator's fees are withdrawn. One duty at a time, never with the last of the account's coin.

use crate::error::VerifierError;
use crate::journal::{CloseCause, DueDuty, Duty, Record, State, WaitCause};
use crate::operator::Operator;
use orv_chain::bindings::VerifierGateway::ticketOfCall;
use orv_chain::primitives::{Address, B256, U256};
use orv_chain::{ChainError, Mined, ProjectId, Proposal, ProposalId, SendError};

/// For how long a duty is left to the daemon that does it, in seconds: longer than a transaction is waited for.
const TURN: u64 = 150;

/// Notes what a record leaves to do, now that its state will stay.
///
/// # Errors
/// The journal's.
pub(crate) async fn note(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    let duties = &operator.config().duties;
    let journal = &operator.journal;
    match record.state {
        State::Settled(_) if duties.withdraw_from.is_some() => {
            let (project, operator) = (record.project, earner(operator, record).await?);
            journal.owe(Duty::Withdraw { project, operator }, 0).await?;
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

/// Whose attempt a record is of: daemons with accounts of their own may share a journal.
async fn earner(operator: &Operator, record: &Record) -> Result<Address, VerifierError> {
    let Some(ticket) = record.ticket else {
        return Ok(operator.owner.address());
    };
    let call = ticketOfCall { ticket: ticket.id };
    let entry = operator.chain.call(operator.enclave.verifier_gateway, &call).await?;
    Ok(entry.operator)
}

async fn expire_later(operator: &Operator, record: &Record) -> Result<(), VerifierError> {
    if let Some(submission) = record.submission.filter(|_| operator.config().duties.expire) {
        let deadline = submission.submitted_at.saturating_add(operator.constants.expiry_window);
        operator.journal.owe(Duty::Expire(record.proposal), deadline).await?;
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
    if !operator.journal.take_duty(due, now.saturating_add(TURN)).await? {
        return Ok(());
    }
    let DueDuty { duty, .. } = due;
    let sent = match duty {
        Duty::Expire(proposal) => expire(operator, proposal).await?,
        Duty::Withdraw { project, operator: of } => withdraw(operator, project, of).await?,
    };
    operator.journal.discharge(duty, sent).await?;
    Ok(())
}

/// What this daemon's configuration leaves alone another one of the journal may do.
fn is_wanted(operator: &Operator, duty: Duty) -> bool {
    let duties = &operator.config().duties;
    match duty {
        Duty::Expire(_) => duties.expire,
        Duty::Withdraw { .. } => duties.withdraw_from.is_some(),
    }
}

async fn expire(operator: &Operator, id: ProposalId) -> Result<Option<B256>, VerifierError> {
    let proposal = match Proposal::read(&operator.chain, &operator.contracts, id).await {
        Err(ChainError::NoProposal(_)) => return Ok(None),
        read => read?,
    };
    if proposal.status.is_terminal() || !operator.config().duties.expire {
        return Ok(None);
    }
    let expired = operator.gateway.expire_for(&operator.owner, id).await;
    done("expiring a proposal for its miner", expired)
}

/// Pays an account what it has earned: its own daemon or another of the same journal, since the gateway lets anyone.
async fn withdraw(operator: &Operator, project: ProjectId, account: Address) -> Result<Option<B256>, VerifierError> {
    let Some(least) = operator.config().duties.withdraw_from else {
        return Ok(None);
    };
    if operator.gateway.owed(project, account).await? < U256::from(least.max(1)) {
        return Ok(None);
    }
    let withdrawn = operator.gateway.withdraw(&operator.owner, project, account).await;
    done("withdrawing fees", withdrawn)
}

/// What the contract refuses is not to be done any more: somebody else did it.
fn done(step: &'static str, sent: Result<Mined, SendError>) -> Result<Option<B256>, VerifierError> {
    match sent {
        Ok(mined) => Ok(Some(mined.hash)),
        Err(SendError::Reverted(refusal)) => {
            tracing::info!(%refusal, step, "nothing is left to do");
            Ok(None)
        }
        Err(source) => Err(VerifierError::sending(step, source)),
    }
}
