//! Whether an attempt may begin: a pure rule, and the reads that feed it.

mod rule;

pub use self::rule::{
    Facts, Holder, Limits, Listing, MOST_ATTEMPTS, Measured, OpenTicket, Readiness, can_still_win, readiness,
};

use crate::error::VerifierError;
use crate::journal::Record;
use crate::operator::Operator;
use crate::settle;
use orv_chain::bindings::{VerifierGateway, VerifierRegistry};
use orv_chain::primitives::{B256, U256};
use orv_chain::{ChainError, Curve, Project, ProjectId, Proposal, ProposalId};
use orv_protocol::Verdict;
use orv_protocol::score::{Bips, Score};

/// Ids over which the turn is looked for; a question costs nothing.
const TURN_STEPS: u64 = 1000;

/// A proposal and its project, as the chain has them now.
#[derive(Debug, Clone)]
pub(crate) struct Matter {
    pub(crate) proposal: Proposal,
    pub(crate) project: Project,
}

/// Reads proposal and project.
pub(crate) async fn matter(operator: &Operator, id: ProposalId) -> Result<Matter, ChainError> {
    let proposal = Proposal::read(&operator.chain, &operator.contracts, id).await?;
    let project = Project::read(&operator.chain, &operator.contracts, proposal.project_id).await?;
    Ok(Matter { proposal, project })
}

/// Reads what the rule needs and asks it.
pub(crate) async fn look(operator: &Operator, record: &Record, matter: &Matter) -> Result<Readiness, VerifierError> {
    let facts = facts(operator, record, matter).await?;
    let config = operator.config();
    let limits = Limits {
        run_seconds: config.run_seconds,
        least_balance: config.least_balance,
        attempts: usize::from(config.attempts),
    };
    Ok(readiness(&facts, &limits))
}

/// Reads everything that the rule needs.
pub(crate) async fn facts(operator: &Operator, record: &Record, matter: &Matter) -> Result<Facts, VerifierError> {
    let Matter { proposal, project } = matter;
    let chain = &operator.chain;
    let gateway = operator.enclave.verifier_gateway;
    let listed = VerifierRegistry::isVerifierCall { v: gateway };
    let listed = chain.call(operator.contracts.verifier_registry, &listed).await?;
    let tickets = operator.gateway.tickets(proposal.id).await?;
    let mut own_tickets = 0;
    for ticket in &tickets {
        let call = VerifierGateway::ticketOfCall { ticket: *ticket };
        let entry = chain.call(gateway, &call).await?;
        own_tickets += usize::from(entry.operator == operator.owner.address());
    }
    Ok(Facts {
        now: chain.head().await?.timestamp,
        proposal: proposal.id,
        status: proposal.status,
        review_lock_until: proposal.review_lock_until,
        deadline: proposal.submitted_at.saturating_add(operator.constants.expiry_window),
        stake: proposal.stake,
        pool_left: Curve::new(chain.clone(), project.token).reward_pool_left().await?,
        turn: turn(operator, project.id).await?,
        listing: if listed { Listing::Listed } else { Listing::NotListed },
        tickets: tickets.len(),
        own_tickets,
        open_ticket: open_ticket(operator, proposal.id).await?,
        balance: operator.balance().await?,
        best: Score(project.current_best_score),
        measured: measured(operator, record).await?,
    })
}

/// What an earlier attempt of this operator's measured, where its statement was set aside or lost.
async fn measured(operator: &Operator, record: &Record) -> Result<Option<Measured>, VerifierError> {
    let Some(statement) = &record.statement else {
        return Ok(None);
    };
    let verdict = match Verdict::try_from(statement.verdict) {
        Ok(verdict @ (Verdict::Approve | Verdict::Reject)) => verdict,
        Ok(Verdict::Inconclusive) | Err(_) => return Ok(None),
    };
    // Without its receipt nothing is known of the margin: another run finds out.
    let receipt = settle::receipt_of(operator, record).await.ok();
    Ok(receipt.map(|receipt| Measured {
        verdict,
        upper: Score(statement.upper),
        margin: Bips(receipt.run.margin_bips),
    }))
}

/// Where the project's turn would be after a walk over [`TURN_STEPS`] ids; the walk is simulated, not sent.
pub(crate) async fn turn(operator: &Operator, project: ProjectId) -> Result<ProposalId, ChainError> {
    let call = VerifierGateway::advanceCall {
        projectId: project.0,
        steps: U256::from(TURN_STEPS),
    };
    operator
        .chain
        .call(operator.enclave.verifier_gateway, &call)
        .await
        .map(ProposalId)
}

async fn open_ticket(operator: &Operator, proposal: ProposalId) -> Result<Option<OpenTicket>, ChainError> {
    let gateway = operator.enclave.verifier_gateway;
    let open = VerifierGateway::openTicketOfCall { proposalId: proposal.0 };
    let id = operator.chain.call(gateway, &open).await?;
    if id == B256::ZERO {
        return Ok(None);
    }
    let ticket = operator
        .chain
        .call(gateway, &VerifierGateway::ticketOfCall { ticket: id })
        .await?;
    let own = ticket.operator == operator.owner.address();
    Ok(Some(OpenTicket {
        id,
        holder: if own { Holder::Own } else { Holder::Other },
    }))
}
