//! A network whose timed verdicts need so many operators, with a project and proposals to it.

use crate::fake::{measurement, sample};
use crate::upstream;
use alloy_primitives::U256;
use orv_chain::{Deployment, NewProject, ProjectId, ProposalId, TransactionOwner};
use orv_devnet::account::DevAccount;
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{self, PeerKind};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Tokens staked on each proposal. Half of a rejected one's fills the project's pot.
pub const STAKE: u64 = 1000;

/// Share of the pot that a verdict pays, in hundredths of a per cent.
pub const FEE_BIPS: u16 = 5000;

/// Seconds a ticket lives.
pub const TICKET_LIFE: u64 = 600;

/// Seconds after which anyone may expire an undecided proposal: the ledger's own.
pub const EXPIRY_WINDOW: u64 = 7 * 86_400;

/// Who does what: places among the ten development accounts. The operators have those from [`OPERATORS`] on.
const GOVERNANCE: usize = 0;
const MINER: usize = 1;
const ATTESTER: usize = 2;
const OPERATORS: usize = 3;

pub struct Stage {
    pub network: peer::Network,
    pub deployment: Deployment,
    pub project: ProjectId,
    folder: TempDir,
}

impl Stage {
    pub async fn start(timed_quorum: u8) -> Self {
        let network = peer::Network::start(PeerKind::Embedded).await.unwrap();
        let deployed = deploy(&network.rpc_url(), plan(&network, timed_quorum)).await.unwrap();
        network.storage().follow(deployed.address("Flow").unwrap());
        let json = deployed.to_json().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("deployment.json"), &json).unwrap();
        let mut stage = Self {
            network,
            deployment: Deployment::parse(json.as_bytes()).unwrap(),
            project: ProjectId::from(0),
            folder,
        };
        stage.project = stage.create_project().await;
        stage
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn deployment_file(&self) -> PathBuf {
        self.folder.path().join("deployment.json")
    }

    /// The account of an operator, the first one's being 0.
    pub fn account(&self, operator: usize) -> &DevAccount {
        &self.network.accounts()[OPERATORS + operator]
    }

    pub fn attester(&self) -> &DevAccount {
        &self.network.accounts()[ATTESTER]
    }

    pub fn miner(&self) -> &DevAccount {
        &self.network.accounts()[MINER]
    }

    /// The sample's project once more.
    pub async fn create_project(&self) -> ProjectId {
        let project = NewProject {
            miner_pool_cap: U256::from(1_000_000),
            ..upstream::project(&sample::bundle().project)
        };
        let creator = self.sender(GOVERNANCE).await;
        let created = project.create(&creator, &self.deployment.openresearch).await;
        created.unwrap().id
    }

    /// Submits the sample's candidate to the first project.
    pub async fn submit(&self) -> ProposalId {
        self.submit_to(self.project).await
    }

    pub async fn submit_to(&self, project_id: ProjectId) -> ProposalId {
        let miner = self.sender(MINER).await;
        let code_hash = sample::bundle().proposal.code_hash;
        let submission = upstream::submission(miner.address(), project_id, code_hash, STAKE);
        upstream::submit(&miner, &self.deployment.openresearch, submission).await
    }

    /// Lets the chain's clock go on.
    pub async fn pass(&self, seconds: u64) {
        let chain = self.deployment.connect().await.unwrap();
        let later = chain.head().await.unwrap().timestamp + seconds;
        let (set, mine) = (json!([later]), json!([]));
        self.network.steer("evm_setNextBlockTimestamp", set).await.unwrap();
        self.network.steer("evm_mine", mine).await.unwrap();
    }

    /// As many blocks as make what is on chain stay.
    pub async fn bury(&self) {
        for _ in 0..=crate::operator::CONFIRMATIONS {
            self.network.steer("evm_mine", json!([])).await.unwrap();
        }
    }

    async fn sender(&self, place: usize) -> TransactionOwner {
        upstream::account(&self.network.rpc_url(), &self.network.accounts()[place]).await
    }
}

fn plan(network: &peer::Network, timed_quorum: u8) -> DeploymentPlan {
    let accounts = network.accounts();
    DeploymentPlan {
        timed_quorum,
        ticket_life: TICKET_LIFE,
        fee_bips: FEE_BIPS,
        ..DeploymentPlan::of_one_attester(
            "two operators",
            accounts[GOVERNANCE].signer.clone(),
            accounts[ATTESTER].address,
            simulated_nitro(measurement()),
            network.storage_url(),
        )
    }
}
