//! The example project on chain, proposals to it, and an operator to judge them.

use super::network::{CREATOR, Network, OPERATOR};
use super::operator::{Operator, Statement};
use super::upstream;
use crate::host::{self, Shelf};
use alloy_primitives::{Address, U256};
use orv_chain::{
    Curve, Mined, OpenTicket, Project, ProjectId, Proposal, ProposalId, ProposalStatus, SendError, TransactionOwner,
};
use orv_devnet::peer::PeerKind;
use orv_receipt::{IncumbentFacts, ProjectFacts, ProposalFacts};
use orv_wire::Job;

/// Stake of every proposal, in whole tokens.
pub const STAKE: u64 = 40;

/// A project, a network, an operator, and all bytes.
pub struct Scene {
    pub network: Network,
    pub operator: Operator,
    pub shelf: Shelf,
    pub project: ProjectId,
    pub curve: Curve,
}

/// What a lie must leave as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub proposal: Proposal,
    pub project: Project,
    /// Tokens that the ledger holds: the stakes of all open proposals.
    pub staked: U256,
    /// Tokens of the miner.
    pub held: U256,
}

impl Scene {
    /// Publishes the example project and admits the operator's enclave.
    pub async fn set(kind: PeerKind) -> Self {
        let network = Network::deploy(kind, host::measurement()).await;
        let mut shelf = Shelf::default();
        let facts = host::project(&mut shelf);
        let creator = network.account(CREATOR).await;
        let project = upstream::project(&facts);
        let created = project.create(&creator, &network.contracts).await.unwrap();
        let operator = Operator::admitted(&network, OPERATOR).await;
        let curve = Curve::new(network.chain.clone(), created.token);
        Self {
            network,
            operator,
            shelf,
            project: created.id,
            curve,
        }
    }

    /// Buys tokens and stakes them on one of the example's proposals.
    pub async fn submit(&mut self, miner: usize, name: &str) -> ProposalId {
        let code_hash = self.shelf.put(host::candidate(name));
        let miner = self.network.account(miner).await;
        let submission = upstream::submission(miner.address(), self.project, code_hash, STAKE);
        upstream::submit(&miner, &self.network.contracts, submission).await
    }

    /// Opens a ticket with the operator's key.
    pub async fn open(&self, proposal: ProposalId) -> OpenTicket {
        self.network
            .gateway()
            .open(&self.operator.account, proposal, self.operator.key())
            .await
            .unwrap()
    }

    /// The honest job for a ticket: what the chain says.
    pub async fn job(&self, proposal: ProposalId, ticket: &OpenTicket) -> Job {
        let (project, proposal) = (self.read_project().await, self.read(proposal).await);
        Job {
            domain: self.operator.domain,
            ledger: self.network.contracts.proposal_ledger,
            registry: self.network.contracts.project_registry,
            ticket: ticket.ticket,
            incumbent: IncumbentFacts {
                code_hash: ticket.incumbent_code_hash,
                score: ticket.incumbent_score,
            },
            project: facts_of_project(&project),
            proposal: facts_of_proposal(&proposal),
        }
    }

    /// Ticket, job and statement of an honest host.
    pub async fn judged(&mut self, proposal: ProposalId) -> Statement {
        let ticket = self.open(proposal).await;
        let job = self.job(proposal, &ticket).await;
        self.operator.judge(&job, &self.shelf).unwrap()
    }

    /// Hands a statement to the gateway the way its verdict asks for.
    ///
    /// # Errors
    /// The gateway's, by name.
    pub async fn hand_in(&self, statement: &Statement) -> Result<Mined, SendError> {
        match statement.run.verdict {
            3 => self.record(statement).await,
            _ => self.settle(statement).await,
        }
    }

    /// Claims and settles.
    ///
    /// # Errors
    /// The gateway's, by name.
    pub async fn settle(&self, statement: &Statement) -> Result<Mined, SendError> {
        let (run, signature) = statement.call_data();
        let settled = self
            .network
            .gateway()
            .settle(&self.operator.account, vec![run], vec![signature])
            .await?;
        Ok(settled.mined)
    }

    /// Records without a verdict.
    ///
    /// # Errors
    /// The gateway's, by name.
    pub async fn record(&self, statement: &Statement) -> Result<Mined, SendError> {
        let (run, signature) = statement.call_data();
        match self
            .network
            .gateway()
            .record(&self.operator.account, run, signature)
            .await?
        {
            orv_chain::Closed::Inconclusive(mined)
            | orv_chain::Closed::Held(mined)
            | orv_chain::Closed::SetAside { mined, .. } => Ok(mined),
        }
    }

    /// Ledger, stake and best as they are.
    pub async fn standing(&self, proposal: ProposalId) -> Standing {
        let proposal = self.read(proposal).await;
        Standing {
            project: self.read_project().await,
            staked: self
                .curve
                .balance_of(self.network.contracts.proposal_ledger)
                .await
                .unwrap(),
            held: self.curve.balance_of(proposal.miner).await.unwrap(),
            proposal,
        }
    }

    /// Asserts that a lie moved nothing: neither status nor stake nor the project's best.
    pub async fn assert_unmoved(&self, before: &Standing, lie: &str) {
        assert_eq!(before.proposal.status, ProposalStatus::Submitted, "{lie}");
        assert_eq!(before.proposal.stake, U256::from(STAKE), "{lie}");
        assert_eq!(self.standing(before.proposal.id).await, *before, "{lie}");
    }

    /// Another account, as a sender.
    pub async fn account(&self, place: usize) -> TransactionOwner {
        self.network.account(place).await
    }

    async fn read(&self, proposal: ProposalId) -> Proposal {
        Proposal::read(&self.network.chain, &self.network.contracts, proposal)
            .await
            .unwrap()
    }

    async fn read_project(&self) -> Project {
        Project::read(&self.network.chain, &self.network.contracts, self.project)
            .await
            .unwrap()
    }
}

/// The name of the contract's error, or a panic if there was none.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, SendError>, lie: &str) -> &'static str {
    match result {
        Err(SendError::Reverted(revert)) => revert.name().unwrap_or_else(|| panic!("{lie}: {revert}")),
        other => panic!("{lie}: {other:?}"),
    }
}

fn facts_of_project(project: &Project) -> ProjectFacts {
    ProjectFacts {
        id: project.id.0,
        protocol_hash: project.protocol_hash,
        repo_snapshot_hash: project.repo_snapshot_hash,
        benchmark_hash: project.benchmark_hash,
        baseline_score: project.baseline_score,
        baseline_metrics_hash: project.baseline_metrics_hash,
        token: project.token,
        creator: project.creator,
        created_at: project.created_at,
    }
}

fn facts_of_proposal(proposal: &Proposal) -> ProposalFacts {
    ProposalFacts {
        id: proposal.id.0,
        project_id: proposal.project_id.0,
        miner: proposal.miner,
        reward_recipient: proposal.reward_recipient,
        code_hash: proposal.code_hash,
        benchmark_log_hash: proposal.benchmark_log_hash,
        claimed_score: proposal.claimed_score,
        stake: proposal.stake,
        submitted_at: proposal.submitted_at,
    }
}

/// An address that is nobody's.
pub fn nobody() -> Address {
    Address::repeat_byte(0xee)
}
