//! Projects: `ProjectRegistry` (openresearch.md 1.2).

use alloy::primitives::{Address, B256, I256, U256};

use super::ProjectId;
use crate::{
    bindings::ProjectRegistry,
    connection::Chain,
    deployment::OpenResearchContracts,
    error::ChainError,
    transaction::{Call, Mined, SendError, TransactionOwner},
};

/// What `getProject` answers, field by field. The four hashes are 0G roots or SHA-256 (openresearch.md 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The id that was asked for.
    pub id: ProjectId,
    /// Of protocol.json.
    pub protocol_hash: B256,
    /// Of the snapshot that the baseline was measured on.
    pub repo_snapshot_hash: B256,
    /// Of benchmark.tar.
    pub benchmark_hash: B256,
    /// The first score, in scaled units.
    pub baseline_score: I256,
    /// Of the baseline run's log.
    pub baseline_metrics_hash: B256,
    /// Of the best code; zero means the snapshot.
    pub current_best_code_hash: B256,
    /// The score to beat, in scaled units.
    pub current_best_score: I256,
    /// Of the best run's evidence.
    pub current_best_metrics_hash: B256,
    /// Who found it; zero while the baseline stands.
    pub current_best_miner: Address,
    /// The project's token.
    pub token: Address,
    /// Who created the project.
    pub creator: Address,
    /// Unix time in seconds.
    pub created_at: u64,
}

impl Project {
    /// Reads one project.
    ///
    /// # Errors
    /// [`ChainError::NoProject`] for an id that was never given out.
    pub async fn read(chain: &Chain, contracts: &OpenResearchContracts, id: ProjectId) -> Result<Self, ChainError> {
        let call = ProjectRegistry::getProjectCall { projectId: id.0 };
        let record = chain.call(contracts.project_registry, &call).await?;
        // The registry never reverts: an unknown id reads as zeros, and a created project has a creator.
        if record.creator == Address::ZERO {
            return Err(ChainError::NoProject(id));
        }
        Ok(Self {
            id,
            protocol_hash: record.protocolHash,
            repo_snapshot_hash: record.repoSnapshotHash,
            benchmark_hash: record.benchmarkHash,
            baseline_score: record.baselineAggregateScore,
            baseline_metrics_hash: record.baselineMetricsHash,
            current_best_code_hash: record.currentBestCodeHash,
            current_best_score: record.currentBestAggregateScore,
            current_best_metrics_hash: record.currentBestMetricsHash,
            current_best_miner: record.currentBestMiner,
            token: record.token,
            creator: record.creator,
            created_at: record.createdAt,
        })
    }

    /// How many projects there are; the ids are those below.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn count(chain: &Chain, contracts: &OpenResearchContracts) -> Result<U256, ChainError> {
        chain
            .call(contracts.project_registry, &ProjectRegistry::nextProjectIdCall {})
            .await
    }
}

/// Everything a creator fixes for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Of protocol.json.
    pub protocol_hash: B256,
    /// Of the snapshot.
    pub repo_snapshot_hash: B256,
    /// Of benchmark.tar.
    pub benchmark_hash: B256,
    /// In scaled units.
    pub baseline_score: I256,
    /// Of the baseline run's log.
    pub baseline_metrics_hash: B256,
    /// The token's name.
    pub token_name: String,
    /// The token's symbol.
    pub token_symbol: String,
    /// Wei for the first token.
    pub base_price: U256,
    /// Wei by which each token raises the price.
    pub slope: U256,
    /// Most tokens that rewards may mint.
    pub miner_pool_cap: U256,
}

/// A project that has just been created.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedProject {
    /// Its id, from the event.
    pub id: ProjectId,
    /// Its token, from the event.
    pub token: Address,
    /// The transaction.
    pub mined: Mined,
}

impl NewProject {
    /// Creates the project and reads its id from `ProjectCreated`. About 1.25 M gas.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn create(
        self,
        owner: &TransactionOwner,
        contracts: &OpenResearchContracts,
    ) -> Result<CreatedProject, SendError> {
        let call = ProjectRegistry::createProjectCall {
            protocolHash: self.protocol_hash,
            repoSnapshotHash: self.repo_snapshot_hash,
            benchmarkHash: self.benchmark_hash,
            baselineAggregateScore: self.baseline_score,
            baselineMetricsHash: self.baseline_metrics_hash,
            tokenName: self.token_name,
            tokenSymbol: self.token_symbol,
            basePrice: self.base_price,
            slope: self.slope,
            minerPoolCap: self.miner_pool_cap,
        };
        let mined = owner.send(Call::new(contracts.project_registry, &call)).await?;
        let event = mined.require_event::<ProjectRegistry::ProjectCreated>(contracts.project_registry)?;
        Ok(CreatedProject {
            id: ProjectId(event.projectId),
            token: event.token,
            mined,
        })
    }
}
