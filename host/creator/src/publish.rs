//! Four uploads and one transaction.

use bytes::Bytes;
use orv_chain::{
    NewProject, OpenResearchContracts, ProjectId, SendError, TransactionOwner,
    primitives::{Address, B256, U256},
};
use orv_content::Root;
use orv_protocol::score::Score;
use orv_storage::Storage;

use crate::baseline::Baseline;
use crate::bundles::Bundles;

/// The project's token, fixed for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// Wei for the first token.
    pub base_price: U256,
    /// Wei by which each token raises the price.
    pub slope: U256,
    /// Most tokens that rewards may mint.
    pub miner_pool_cap: U256,
}

/// A project on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedProject {
    /// Its number.
    pub id: ProjectId,
    /// Its token.
    pub token: Address,
    /// Root of protocol.json.
    pub protocol_root: Root,
    /// Root of the snapshot.
    pub snapshot_root: Root,
    /// Root of the benchmark.
    pub benchmark_root: Root,
    /// Root of the baseline's log.
    pub baseline_log_root: Root,
    /// The baseline, in scaled units.
    pub baseline_score: Score,
    /// The transaction that created it.
    pub transaction: B256,
    /// Gas of that transaction.
    pub gas_used: u64,
}

/// Why a project was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The registry takes terms that make no market; they are refused here.
    #[error("the token's {0} must not be {1}")]
    Terms(&'static str, &'static str),
    /// A file could not be stored.
    #[error("{file}: {source}")]
    Store {
        /// Which file.
        file: &'static str,
        /// Why.
        source: Box<orv_storage::PublishError>,
    },
    /// The project could not be created.
    #[error("create the project: {0}")]
    Create(Box<SendError>),
}

impl TokenTerms {
    /// The registry validates nothing (openresearch.md 1.2), and nothing can be changed afterwards.
    fn check(&self) -> Result<(), PublishError> {
        if self.name.is_empty() || self.symbol.is_empty() {
            return Err(PublishError::Terms("name and symbol", "empty"));
        }
        if self.base_price.is_zero() && self.slope.is_zero() {
            return Err(PublishError::Terms("base price and slope", "both zero"));
        }
        if self.miner_pool_cap.is_zero() {
            return Err(PublishError::Terms("reward pool", "zero"));
        }
        Ok(())
    }
}

/// Stores the three bundles and the baseline's log, then creates the project.
///
/// # Errors
/// [`PublishError`]; what was stored stays and is not paid for again by the next attempt.
pub async fn publish(
    owner: &TransactionOwner,
    storage: &Storage,
    contracts: &OpenResearchContracts,
    bundles: &Bundles,
    baseline: &Baseline,
    token: TokenTerms,
) -> Result<PublishedProject, PublishError> {
    token.check()?;
    let store = async |file, content: Bytes| match storage.put(content, owner).await {
        Ok(published) => Ok(published.root),
        Err(source) => Err(PublishError::Store {
            file,
            source: Box::new(source),
        }),
    };
    let protocol_root = store("protocol.json", bundles.protocol_json.clone()).await?;
    let snapshot_root = store("snapshot", bundles.snapshot.clone()).await?;
    if let Some(image) = &bundles.image_apart {
        store("image", image.archive.clone()).await?;
    }
    let benchmark_root = store("benchmark", bundles.benchmark.clone()).await?;
    let baseline_log_root = store("baseline log", Bytes::from(baseline.log.clone())).await?;
    let baseline_score = baseline.measurement.score;
    let project = NewProject {
        protocol_hash: B256::from(protocol_root.0),
        repo_snapshot_hash: B256::from(snapshot_root.0),
        benchmark_hash: B256::from(benchmark_root.0),
        baseline_score: baseline_score.0,
        baseline_metrics_hash: B256::from(baseline_log_root.0),
        token_name: token.name,
        token_symbol: token.symbol,
        base_price: token.base_price,
        slope: token.slope,
        miner_pool_cap: token.miner_pool_cap,
    };
    let created = project.create(owner, contracts).await;
    let created = created.map_err(|error| PublishError::Create(Box::new(error)))?;
    Ok(PublishedProject {
        id: created.id,
        token: created.token,
        protocol_root,
        snapshot_root,
        benchmark_root,
        baseline_log_root,
        baseline_score,
        transaction: created.mined.hash,
        gas_used: created.mined.gas_used,
    })
}
