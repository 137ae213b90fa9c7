//! Whether an attempt may begin: a pure rule, and the reads that feed it.

mod rule;

pub use self::rule::{Facts, Holder, Limits, Listing, MOST_ATTEMPTS, OpenTicket, Readiness, readiness};

use crate::error::VerifierError;
use crate::operator::Operator;
use orv_chain::bindings::{VerifierGateway, VerifierRegistry};
use orv_chain::primitives::{B256, U256};
use orv_chain::{ChainError, Constants, Curve, Project, Proposal, ProposalId};

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

/// Reads everything that the rule needs.
pub(crate) async fn facts(operator: &Operator, matter: &Matter) -> Result<Facts, VerifierError> {
    let Matter { proposal, project } = matter;
    let chain = &operator.chain;
    let gateway = operator.enclave.verifier_gateway;
    let constants = Constants::read(chain, &operator.contracts).await?;
    let tickets = chain
        .call(
            gateway,
            &VerifierGateway::ticketsOfCall {
                proposalId: proposal.id.0,
            },
        )
        .await?;
    let listed = VerifierRegistry::isVerifierCall { v: gateway };
    let listed = chain.call(operator.contracts.verifier_registry, &listed).await?;
    Ok(Facts {
        now: chain.head().await?.timestamp,
        proposal: proposal.id,
        status: proposal.status,
        review_lock_until: proposal.review_lock_until,
        deadline: proposal.submitted_at.saturating_add(constants.expiry_window),
        stake: proposal.stake,
        pool_left: Curve::new(chain.clone(), project.token).reward_pool_left().await?,
        turn: turn(operator, matter).await?,
        listing: if listed { Listing::Listed } else { Listing::NotListed },
        tickets: tickets.len(),
        open_ticket: open_ticket(operator, proposal.id).await?,
        balance: chain.balance(operator.owner.address()).await?,
    })
}

/// Where the project's turn would be after a walk over [`TURN_STEPS`] ids; the walk is simulated, not sent.
async fn turn(operator: &Operator, matter: &Matter) -> Result<ProposalId, ChainError> {
    let call = VerifierGateway::advanceCall {
        projectId: matter.project.id.0,
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
