//! Contracts, projects and proposals on a chain, made once and copied for every batch.

#[path = "../../../host/verifier/tests/upstream/mod.rs"]
mod upstream;

use crate::host::{self, Shelf};
use crate::project::{self, Candidate};
use alloy_primitives::{B256, U256};
use orv_chain::wallet::Wallet;
use orv_chain::{Chain, Deployment, FeeRules, NewProject, Patience, ProjectId, ProposalId, TransactionOwner};
use orv_devnet::account::dev_accounts;
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::{Devnet, DevnetOptions};
use orv_receipt::ProjectFacts;
use orv_storage::{Storage, StorageOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Seconds a ticket lives. The suite lets them pass by moving the chain's clock.
pub const TICKET_LIFE: u64 = 120;
/// Seconds for which an undecided proposal keeps later ones waiting.
pub const PRIORITY_WINDOW: u64 = 900;
/// Tokens staked on each proposal.
pub const STAKE: u64 = 10;

/// Who does what: places among the ten development accounts.
const GOVERNANCE: usize = 0;
const MINER: usize = 1;
pub const OPERATORS: [usize; 2] = [2, 4];
pub const ATTESTER: usize = 3;

/// A private key of the development accounts, in hexadecimal.
pub fn key(place: usize) -> String {
    dev_accounts().unwrap()[place].key.to_string()
}

/// What was submitted.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    pub projects: Vec<ProjectId>,
    pub proposals: BTreeMap<ProposalId, Candidate>,
}

/// How many projects, and proposals of each.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub projects: usize,
    pub proposals: usize,
}

/// A devnet's folder with everything submitted, never run itself.
pub struct Template {
    folder: TempDir,
    pub cast: Cast,
}

impl Template {
    pub async fn make(size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = DevnetOptions {
            data: Some(folder.path().to_owned()),
            ..DevnetOptions::default()
        };
        let devnet = Devnet::start(options).await.unwrap();
        let deployed = deploy(&devnet.rpc_url(), plan(devnet.storage_url())).await.unwrap();
        devnet.storage().follow(deployed.address("Flow").unwrap());
        let json = deployed.to_json().unwrap();
        std::fs::write(folder.path().join("deployment.json"), &json).unwrap();
        let cast = submit_all(&json, size).await;
        devnet.stop().await;
        Self { folder, cast }
    }

    /// A copy, for `orv devnet --data`.
    pub fn copy_to(&self, folder: &Path) {
        copy(self.folder.path(), folder);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Publishes the projects and submits to one after the other, on the network of a `deployment.json`.
pub async fn submit_all(deployment: &str, size: Size) -> Cast {
    let deployment = Deployment::parse(deployment.as_bytes()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let publisher = Publisher::new(&deployment, scratch.path().to_owned()).await;
    let mut shelf = Shelf::default();
    let facts = project::project(&mut shelf);
    for bytes in shelf.0.values() {
        publisher.publish(bytes.clone()).await;
    }
    let mut cast = Cast::default();
    for _ in 0..size.projects {
        let project = publisher.create(&facts).await;
        publisher.buy(project, STAKE * size.proposals as u64).await;
        cast.projects.push(project);
    }
    let mut candidates = Vec::new();
    for place in 0..size.proposals {
        let candidate = Candidate::at(place);
        candidates.push((candidate, publisher.publish(candidate.bundle()).await));
    }
    for project in &cast.projects {
        for (candidate, code) in &candidates {
            cast.proposals
                .insert(publisher.submit(*project, *code).await, *candidate);
        }
    }
    cast
}

/// Who creates projects and submits to them.
struct Publisher {
    deployment: Deployment,
    storage: Storage,
    creator: TransactionOwner,
    miner: TransactionOwner,
}

impl Publisher {
    async fn new(deployment: &Deployment, cache: PathBuf) -> Self {
        let indexer = deployment.storage.as_ref().unwrap().indexer_rpc.clone();
        let mut options = StorageOptions::new(indexer, cache);
        options.poll_interval = Duration::from_millis(10);
        Self {
            storage: Storage::connect(options).unwrap(),
            creator: account(deployment, GOVERNANCE).await,
            miner: account(deployment, MINER).await,
            deployment: deployment.clone(),
        }
    }

    async fn publish(&self, bytes: Vec<u8>) -> B256 {
        B256::from(self.storage.put(bytes, &self.creator).await.unwrap().root.0)
    }

    async fn create(&self, facts: &ProjectFacts) -> ProjectId {
        let project = NewProject {
            miner_pool_cap: U256::from(1_000_000),
            ..upstream::project(facts)
        };
        let created = project.create(&self.creator, &self.deployment.openresearch).await;
        created.unwrap().id
    }

    /// Tokens for all stakes of a project.
    async fn buy(&self, project: ProjectId, tokens: u64) {
        let contracts = &self.deployment.openresearch;
        upstream::buy(&self.miner, contracts, project, U256::from(tokens)).await;
    }

    async fn submit(&self, project: ProjectId, code_hash: B256) -> ProposalId {
        let contracts = &self.deployment.openresearch;
        let submission = upstream::submission(self.miner.address(), project, code_hash, STAKE);
        submission.submit(&self.miner, contracts).await.unwrap().id
    }
}

async fn account(deployment: &Deployment, place: usize) -> TransactionOwner {
    let network = &deployment.network;
    let chain = Chain::connect(&network.rpc_url, network.chain_id).await.unwrap();
    let key = Zeroizing::new(dev_accounts().unwrap()[place].key.0);
    let wallet = Wallet::from_raw_key_dangerously(&key).unwrap();
    let patience = Patience {
        interval: Duration::from_millis(5),
        ..Patience::default()
    };
    TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
}

/// A network whose simulated enclaves are admitted at once.
pub fn plan(indexer_rpc: String) -> DeploymentPlan {
    let accounts = dev_accounts().unwrap();
    DeploymentPlan {
        ticket_life: TICKET_LIFE,
        priority_window: PRIORITY_WINDOW,
        payout_delay: 1,
        ..DeploymentPlan::of_one_attester(
            "operator",
            accounts[GOVERNANCE].signer.clone(),
            accounts[ATTESTER].address,
            simulated_nitro(host::measurement()),
            indexer_rpc,
        )
    }
}
