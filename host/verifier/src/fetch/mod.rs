//! Content for the enclave: from the cache or from 0G, verified by hash, handed out in parts.

use crate::decide::Matter;
use crate::enclave::{Content, ContentSource};
use crate::journal::Ticket;
use orv_chain::primitives::B256;
use orv_storage::{FetchError, Storage};
use tokio::runtime::Handle;

/// Finds content through [`Storage`]. To be used on a blocking thread of a tokio runtime.
#[derive(Debug)]
pub struct StoredContents {
    storage: Storage,
    runtime: Handle,
}

impl StoredContents {
    /// Contents of a storage network.
    pub fn new(storage: Storage, runtime: Handle) -> Self {
        Self { storage, runtime }
    }
}

impl ContentSource for StoredContents {
    fn find(&mut self, hash: B256) -> Result<Option<Content>, String> {
        match self.runtime.block_on(self.storage.get_by_hash(hash.0)) {
            Ok(file) => file
                .open()
                .and_then(Content::of)
                .map(Some)
                .map_err(|error| error.to_string()),
            Err(error) if is_missing(&error) => {
                tracing::warn!(%hash, %error, "content that the enclave asked for is not to be had");
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Brings what the chain names into the cache before a ticket's time begins to run. What nobody has is left to the
/// enclave to find out; a failure of this machine or of its way to the network must not cost an attempt.
///
/// # Errors
/// A failure of this machine, or a storage network that does not answer.
pub(crate) async fn ahead(storage: &Storage, matter: &Matter) -> Result<(), FetchError> {
    let project = &matter.project;
    let wanted = [
        project.protocol_hash,
        project.repo_snapshot_hash,
        project.benchmark_hash,
        project.current_best_code_hash,
        matter.proposal.code_hash,
    ];
    for hash in wanted.into_iter().filter(|hash| *hash != B256::ZERO) {
        match storage.get_by_hash(hash.0).await {
            Err(error) if is_missing(&error) => tracing::warn!(%hash, %error, "content is not to be had"),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// The job of a ticket: what the chain says, with the incumbent that the ticket named.
pub(crate) fn job(operator: &crate::operator::Operator, matter: &Matter, ticket: &Ticket) -> orv_wire::Job {
    let Matter { proposal, project } = matter;
    orv_wire::Job {
        domain: operator.binding().domain,
        ledger: operator.contracts.proposal_ledger,
        registry: operator.contracts.project_registry,
        ticket: ticket.id,
        project: orv_receipt::ProjectFacts {
            id: project.id.0,
            protocol_hash: project.protocol_hash,
            repo_snapshot_hash: project.repo_snapshot_hash,
            benchmark_hash: project.benchmark_hash,
            baseline_score: project.baseline_score,
            baseline_metrics_hash: project.baseline_metrics_hash,
            token: project.token,
            creator: project.creator,
            created_at: project.created_at,
        },
        proposal: orv_receipt::ProposalFacts {
            id: proposal.id.0,
            project_id: proposal.project_id.0,
            miner: proposal.miner,
            reward_recipient: proposal.reward_recipient,
            code_hash: proposal.code_hash,
            benchmark_log_hash: proposal.benchmark_log_hash,
            claimed_score: proposal.claimed_score,
            stake: proposal.stake,
            submitted_at: proposal.submitted_at,
        },
        incumbent: orv_receipt::IncumbentFacts {
            code_hash: ticket.incumbent_code_hash,
            score: ticket.incumbent_score,
        },
    }
}

/// Whether the error is about the content: nobody has it, or only wrong bytes for it.
fn is_missing(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::NotAvailable { .. } | FetchError::UnknownHash { .. } | FetchError::Empty
    )
}
