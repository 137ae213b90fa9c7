//! Chain and storage in this process, with projects and a proposal to each.

use super::project::Contents;
use super::{OperatorBenchError, at, text};
use orv_chain::primitives::{B256, I256, U256};
use orv_chain::wallet::Wallet;
use orv_chain::{
    Chain, Curve, Deployment, FeeRules, HttpClient, NewProject, Patience, Project, ProjectId, Submission,
    TransactionOwner,
};
use orv_devnet::account::{DevAccount, dev_accounts};
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::{Devnet, DevnetOptions};
use orv_storage::{Storage, StorageOptions};
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Who does what: places among the development accounts.
const CREATOR: usize = 0;
const MINER: usize = 1;
const OPERATOR: usize = 2;
const ATTESTER: usize = 3;

/// Tokens staked on each proposal.
const STAKE: u64 = 10;

/// The score of the example's snapshot.
const BASELINE: i64 = -1117;

/// A network whose simulated enclaves are admitted at once.
pub(super) struct Network {
    pub(super) devnet: Devnet,
    pub(super) deployment: Deployment,
    /// Under which the enclave is listed.
    pub(super) measurement: B256,
    accounts: Vec<DevAccount>,
}

impl Network {
    /// Deploys everything; `deployment.json` goes into a folder.
    pub(super) async fn deploy(measurement: B256, folder: &Path) -> Result<Self, OperatorBenchError> {
        // This client brings the TLS provider that the deployer's own HTTP client needs.
        HttpClient::new(Duration::from_secs(1)).map_err(at("HTTP client"))?;
        let accounts = dev_accounts().map_err(at("accounts"))?;
        let devnet = Devnet::start(DevnetOptions::default()).await.map_err(at("devnet"))?;
        let owner = account(&accounts, CREATOR)?;
        let attester = account(&accounts, ATTESTER)?;
        let plan = DeploymentPlan {
            priority_window: 3600,
            payout_delay: 1,
            ..DeploymentPlan::of_one_attester(
                "bench",
                owner.signer.clone(),
                attester.address,
                simulated_nitro(measurement),
                devnet.storage_url(),
            )
        };
        let deployed = deploy(&devnet.rpc_url(), plan).await.map_err(at("deployment"))?;
        let flow = deployed.address("Flow").ok_or_else(|| text("deployment", "no Flow"))?;
        devnet.storage().follow(flow);
        let json = deployed.to_json().map_err(at("deployment"))?;
        std::fs::write(folder.join("deployment.json"), &json).map_err(at("deployment.json"))?;
        let deployment = Deployment::parse(json.as_bytes()).map_err(at("deployment"))?;
        Ok(Self {
            devnet,
            deployment,
            measurement,
            accounts,
        })
    }

    /// The private keys of operator and attester, in hexadecimal: those of every development network.
    pub(super) fn keys(&self) -> Result<[String; 2], OperatorBenchError> {
        let key = |place| account(&self.accounts, place).map(|account| account.key.to_string());
        Ok([key(OPERATOR)?, key(ATTESTER)?])
    }

    /// Publishes a project's contents once, and creates projects of them with a proposal each: none waits for another.
    /// Tells the hashes of the bundles.
    pub(super) async fn submit(
        &self,
        contents: &Contents,
        proposals: u32,
        cache: &Path,
    ) -> Result<Vec<B256>, OperatorBenchError> {
        let (creator, miner) = (self.sender(CREATOR).await?, self.sender(MINER).await?);
        let storage = self.storage(cache)?;
        let mut bundles = Vec::new();
        let protocol_hash = publish(&storage, &creator, contents.protocol.clone()).await?;
        let repo_snapshot_hash = publish(&storage, &creator, contents.snapshot.clone()).await?;
        let benchmark_hash = publish(&storage, &creator, contents.benchmark.clone()).await?;
        for number in 0..proposals {
            let project = NewProject {
                protocol_hash,
                repo_snapshot_hash,
                benchmark_hash,
                baseline_score: I256::try_from(BASELINE).map_err(at("score"))?,
                baseline_metrics_hash: B256::repeat_byte(4),
                token_name: "Bench".into(),
                token_symbol: "BENCH".into(),
                base_price: U256::from(1_000_000),
                slope: U256::from(10),
                miner_pool_cap: U256::from(1_000_000),
            };
            let contracts = &self.deployment.openresearch;
            let created = project.create(&creator, contracts).await.map_err(at("project"))?;
            let code_hash = publish(&storage, &creator, contents.candidate(number)?).await?;
            self.propose(&miner, created.id, code_hash).await?;
            bundles.push(code_hash);
        }
        Ok(bundles)
    }

    /// How long each bundle takes to be found on 0G and proved, by a client that has none of them.
    pub(super) async fn find(&self, bundles: &[B256], cache: &Path) -> Result<Vec<Duration>, OperatorBenchError> {
        let storage = self.storage(cache)?;
        let mut times = Vec::new();
        for bundle in bundles {
            let began = Instant::now();
            storage.get_by_hash(bundle.0).await.map_err(at("finding"))?;
            times.push(began.elapsed());
        }
        Ok(times)
    }

    fn storage(&self, cache: &Path) -> Result<Storage, OperatorBenchError> {
        let mut options = StorageOptions::new(self.devnet.storage_url(), cache.to_owned());
        options.poll_interval = Duration::from_millis(10);
        Storage::connect(options).map_err(at("storage"))
    }

    async fn propose(
        &self,
        miner: &TransactionOwner,
        project_id: ProjectId,
        code_hash: B256,
    ) -> Result<(), OperatorBenchError> {
        let contracts = &self.deployment.openresearch;
        let project = Project::read(miner.chain(), contracts, project_id).await;
        let curve = Curve::new(miner.chain().clone(), project.map_err(at("project"))?.token);
        let stake = U256::from(STAKE);
        let cost = curve.cost_of(stake).await.map_err(at("token"))?;
        curve.buy(miner, cost.0).await.map_err(at("token"))?;
        let ledger = contracts.proposal_ledger;
        curve.approve(miner, ledger, stake).await.map_err(at("token"))?;
        let submission = Submission {
            project_id,
            code_hash,
            benchmark_log_hash: B256::repeat_byte(9),
            claimed_score: I256::MINUS_ONE,
            stake,
            reward_recipient: miner.address(),
        };
        submission.submit(miner, contracts).await.map_err(at("submission"))?;
        Ok(())
    }

    /// A client of the chain over HTTP, as the daemon has one.
    pub(super) async fn chain(&self) -> Result<Chain, OperatorBenchError> {
        let network = &self.deployment.network;
        let chain = Chain::connect(&network.rpc_url, network.chain_id).await;
        chain.map_err(at("chain"))
    }

    async fn sender(&self, place: usize) -> Result<TransactionOwner, OperatorBenchError> {
        let key = Zeroizing::new(account(&self.accounts, place)?.key.0);
        let wallet = Wallet::from_raw_key_dangerously(&key).map_err(at("wallet"))?;
        let patience = Patience {
            interval: Duration::from_millis(5),
            ..Patience::default()
        };
        Ok(TransactionOwner::start(
            self.chain().await?,
            wallet,
            FeeRules::default(),
            patience,
        ))
    }
}

async fn publish(storage: &Storage, payer: &TransactionOwner, bytes: Vec<u8>) -> Result<B256, OperatorBenchError> {
    let published = storage.put(bytes, payer).await.map_err(at("publishing"))?;
    Ok(B256::from(published.root.0))
}

fn account(accounts: &[DevAccount], place: usize) -> Result<&DevAccount, OperatorBenchError> {
    accounts.get(place).ok_or_else(|| text("accounts", "too few"))
}
