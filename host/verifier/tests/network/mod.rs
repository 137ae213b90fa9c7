//! A network with one project whose bytes nobody has, and an operator's configuration.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../upstream/mod.rs"]
mod upstream;

use crate::fake::{Script, listen, measurement, sample};
use orv_chain::bindings::VerifierGateway;
use orv_chain::primitives::{B256, I256};
use orv_chain::{Deployment, ProjectId, Proposal, ProposalId, ProposalStatus, Submission, TransactionOwner};
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{self, PeerKind};
use orv_verifier::journal::{DaemonId, Journal, State};
use orv_verifier::{Daemon, Silent, StatusRow, Summary, VerifierConfig};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tempfile::TempDir;

/// An address that nobody listens on until whoever asked for it does: each has a loopback host of its own, and whoever
/// takes any port takes one of 127.0.0.1.
pub fn free_address() -> SocketAddr {
    static HOST: AtomicU8 = AtomicU8::new(2);
    let host = Ipv4Addr::new(127, 0, 0, HOST.fetch_add(1, Ordering::Relaxed));
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap()
}

/// Account of the miner; 0 owns the contracts, 2 is the operator, 3 the attester.
const MINER: usize = 1;

/// A network with one project whose bytes nobody has, and an operator's configuration.
pub struct Network {
    pub running: peer::Network,
    pub deployment: Deployment,
    pub directory: TempDir,
    pub project: ProjectId,
}

impl Network {
    pub async fn start(kind: PeerKind) -> Self {
        let running = peer::Network::start(kind).await.unwrap();
        let accounts = running.accounts();
        let plan = DeploymentPlan::of_one_attester(
            "test",
            accounts[0].signer.clone(),
            accounts[3].address,
            simulated_nitro(measurement()),
            running.storage_url(),
        );
        let deployed = deploy(&running.rpc_url(), plan).await.unwrap();
        let json = deployed.to_json().unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("deployment.json"), &json).unwrap();
        // A running storage node follows the Flow contract that it is told.
        running.storage().follow(deployed.address("Flow").unwrap());
        let deployment = Deployment::parse(json.as_bytes()).unwrap();
        let project = create_project(&running, &deployment).await;
        Self {
            running,
            deployment,
            directory,
            project,
        }
    }

    /// Submits the sample's candidate.
    pub async fn submit(&self) -> ProposalId {
        self.submit_to(self.project).await
    }

    /// Submits it to another project.
    pub async fn submit_to(&self, project_id: ProjectId) -> ProposalId {
        let miner = owner(&self.running, MINER).await;
        let code_hash = sample::bundle().proposal.code_hash;
        let submission = Submission {
            claimed_score: I256::try_from(-90).unwrap(),
            ..upstream::submission(miner.address(), project_id, code_hash, 10)
        };
        upstream::submit(&miner, &self.deployment.openresearch, submission).await
    }

    pub fn config(&self) -> VerifierConfig {
        let at = |name: &str| self.directory.path().join(name).display().to_string();
        let (operator, attester) = (self.running.accounts()[2].key, self.running.accounts()[3].key);
        let text = format!(
            "deployment = {:?}\nenclave = \"unix:{}\"\ndata_directory = {:?}\npoll_seconds = 1\n\
             [wallet]\nunsafe_raw_key = \"{operator}\"\n\
             [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{attester}\"]\n\
             measurements = [{{ id = \"{}\", name = \"scripted\" }}]\n",
            at("deployment.json"),
            at("enclave.sock"),
            at("data"),
            measurement(),
        );
        VerifierConfig::parse(&text).unwrap()
    }

    pub fn enclave(&self, script: Script) {
        listen(&self.directory.path().join("enclave.sock"), script);
    }

    /// The operator's journal, as some daemon has it.
    pub async fn journal(&self, daemon: DaemonId) -> Journal {
        let gateway = self.deployment.enclave.unwrap().verifier_gateway;
        Journal::open(&self.config().journal_place(), gateway, daemon)
            .await
            .unwrap()
    }

    /// The journal's tables.
    pub async fn tables(&self) -> SqlitePool {
        tables(&self.config().data_directory).await
    }

    /// How often the journal has a proposal coming into a state.
    pub async fn times(&self, proposal: ProposalId, state: State) -> usize {
        let changes = self.journal(DaemonId::READER).await.changes(proposal).await;
        changes.unwrap().iter().filter(|change| change.to == state).count()
    }

    /// Lets block time pass.
    pub async fn pass(&self, seconds: u64) {
        for (method, parameters) in [("evm_increaseTime", json!([seconds])), ("evm_mine", json!([]))] {
            self.running.steer(method, parameters).await.unwrap();
        }
    }

    /// What the ledger says of a proposal.
    pub async fn status(&self, proposal: ProposalId) -> ProposalStatus {
        let chain = self.deployment.connect().await.unwrap();
        let read = Proposal::read(&chain, &self.deployment.openresearch, proposal).await;
        read.unwrap().status
    }

    /// The ticket that is open for a proposal; zero for none.
    pub async fn open_ticket(&self, proposal: ProposalId) -> B256 {
        let chain = self.deployment.connect().await.unwrap();
        let gateway = self.deployment.enclave.unwrap().verifier_gateway;
        let call = VerifierGateway::openTicketOfCall { proposalId: proposal.0 };
        chain.call(gateway, &call).await.unwrap()
    }

    pub async fn once(&self) -> Summary {
        Daemon::once(self.config(), Arc::new(Silent)).await.unwrap()
    }
}

pub async fn owner(running: &peer::Network, account: usize) -> TransactionOwner {
    upstream::account(&running.rpc_url(), &running.accounts()[account]).await
}

pub async fn create_project(running: &peer::Network, deployment: &Deployment) -> ProjectId {
    let project = upstream::project(&sample::bundle().project);
    let creator = owner(running, 0).await;
    let created = project.create(&creator, &deployment.openresearch).await;
    created.unwrap().id
}

pub fn only(summary: &Summary) -> &StatusRow {
    let [row] = summary.outcomes.as_slice() else {
        panic!("{summary:?}")
    };
    row
}

/// The tables of the journal in a data directory.
pub async fn tables(data: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(data.join("journal.sqlite"));
    SqlitePool::connect_with(options).await.unwrap()
}

/// Puts the one proposal of a journal back to a state, as a crash would have left it.
pub async fn put_back(network: &Network, state: &'static str) {
    let pool = network.tables().await;
    let update = "UPDATE proposals SET transaction_hash = NULL, gas_used = NULL, final = 0, confirmed = 0, state = ?";
    sqlx::query(update).bind(state).execute(&pool).await.unwrap();
    pool.close().await;
}

/// As if the crash had come before the statement was kept.
pub async fn forget_receipts(network: &Network) {
    std::fs::remove_dir_all(network.config().data_directory.join("receipts")).unwrap();
    let pool = network.tables().await;
    sqlx::query("DELETE FROM receipts").execute(&pool).await.unwrap();
    pool.close().await;
}
