//! A network whose timed verdicts need so many operators, with a project and proposals to it.

use crate::fake::{sample, simulator};
use alloy_primitives::{B256, I256, U256};
use orv_chain::wallet::Wallet;
use orv_chain::{
    Chain, Curve, Deployment, FeeRules, NewProject, Patience, Project, ProjectId, ProposalId, Submission,
    TransactionOwner,
};
use orv_devnet::account::DevAccount;
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{self, PeerKind};
use orv_evidence::Platform;
use orv_verify::{Register, nitro_measurement_id};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

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
        let facts = sample::bundle().project;
        let project = NewProject {
            protocol_hash: facts.protocol_hash,
            repo_snapshot_hash: facts.repo_snapshot_hash,
            benchmark_hash: facts.benchmark_hash,
            baseline_score: facts.baseline_score,
            baseline_metrics_hash: facts.baseline_metrics_hash,
            token_name: "Test".into(),
            token_symbol: "T".into(),
            base_price: U256::from(1_000_000),
            slope: U256::from(10),
            miner_pool_cap: U256::from(1_000_000),
        };
        let creator = self.sender(GOVERNANCE).await;
        project
            .create(&creator, &self.deployment.openresearch)
            .await
            .unwrap()
            .id
    }

    /// Submits the sample's candidate to the first project.
    pub async fn submit(&self) -> ProposalId {
        self.submit_to(self.project).await
    }

    pub async fn submit_to(&self, project_id: ProjectId) -> ProposalId {
        let miner = self.sender(MINER).await;
        let contracts = &self.deployment.openresearch;
        let project = Project::read(miner.chain(), contracts, project_id).await.unwrap();
        let curve = Curve::new(miner.chain().clone(), project.token);
        let stake = U256::from(STAKE);
        let cost = curve.cost_of(stake).await.unwrap();
        curve.buy(&miner, cost.0).await.unwrap();
        curve.approve(&miner, contracts.proposal_ledger, stake).await.unwrap();
        let submission = Submission {
            project_id,
            code_hash: sample::bundle().proposal.code_hash,
            benchmark_log_hash: B256::repeat_byte(9),
            claimed_score: I256::MINUS_ONE,
            stake,
            reward_recipient: miner.address(),
        };
        submission.submit(&miner, contracts).await.unwrap().id
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
        let network = &self.deployment.network;
        let chain = Chain::connect(&network.rpc_url, network.chain_id).await.unwrap();
        let key = Zeroizing::new(self.network.accounts()[place].key.0);
        let patience = Patience {
            limit: Duration::from_secs(60),
            interval: Duration::from_millis(20),
        };
        let wallet = Wallet::from_raw_key_dangerously(&key).unwrap();
        TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
    }
}

/// Under what the scripted enclaves' evidence is listed.
pub fn measurement() -> B256 {
    let registers = simulator().registers().map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
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
