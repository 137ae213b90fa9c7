//! A chain with storage, one project on it, and an operator whose daemon works with an emulated enclave.

use super::images::predicted;
use super::upstream;
use crate::host::Shelf;
use alloy_primitives::B256;
use orv_chain::bindings::EnclaveRegistry::Admission;
use orv_chain::{Chain, Deployment, EnclaveKeys, Mined, ProjectId, ProposalId, SendError, TransactionOwner};
use orv_devnet::deployment::{DeploymentPlan, ListedMeasurement, deploy};
use orv_devnet::peer::{self, PeerKind};
use orv_evidence::Platform;
use orv_measure::nitro::Registers;
use orv_receipt::{Domain, ProjectFacts, Receipt};
use orv_storage::{Storage, StorageOptions};
use orv_verifier::enclave::{Binding, EnclaveAddress, Identity, Session};
use orv_verifier::journal::{DaemonId, Journal, JournalPlace, KeyRecord};
use orv_verifier::{Daemon, Observer, Summary, VerifierConfig};
use orv_verify::{Register, nitro_measurement_id};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Who does what: places among the development accounts.
const GOVERNANCE: usize = 0;
const MINER: usize = 1;
const OPERATOR: usize = 2;
const ATTESTER: usize = 3;

/// What the chain's owner lists: one measurement of one platform.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    pub measurement: B256,
    pub platform: &'static str,
    /// What its counter is worth: 0 simulated, 1 trusted.
    pub tier: u8,
}

/// A counter that the host can bend. The image finds out what clock its kernel has, and the emulator gives it none that
/// could be trusted; on AWS it has.
pub const WEAK_COUNTER: u8 = 2;

impl Listed {
    /// An image for Nitro Enclaves.
    pub fn nitro(registers: &Registers) -> Self {
        let registers = [registers.pcr0, registers.pcr1, registers.pcr2].map(|register| Register(register.0));
        Self {
            measurement: B256::from(nitro_measurement_id(Platform::Nitro, registers)),
            platform: "nitro",
            tier: WEAK_COUNTER,
        }
    }
}

/// A network whose owner lists an image for Nitro, with the example project on it.
pub async fn example(image: &[u8]) -> Network {
    let mut shelf = Shelf::default();
    let facts = crate::host::project(&mut shelf);
    Network::start(Listed::nitro(&predicted(image)), &facts, &shelf).await
}

/// What the one outcome of a summary left on disk.
pub fn receipt_of(summary: &Summary) -> Receipt {
    let [row] = summary.outcomes.as_slice() else {
        panic!("{summary:?}")
    };
    let path = row.receipt.as_ref().unwrap_or_else(|| panic!("no receipt: {row:?}"));
    Receipt::decode(&std::fs::read(path).unwrap()).unwrap()
}

/// A network with one project.
pub struct Network {
    running: peer::Network,
    deployment: Deployment,
    storage: Storage,
    directory: TempDir,
    project: ProjectId,
    listed: Listed,
    attempts: u8,
}

impl Network {
    /// Deploys the contracts, publishes the bytes, creates the project.
    pub async fn start(listed: Listed, project: &ProjectFacts, shelf: &Shelf) -> Self {
        let running = peer::Network::start(PeerKind::Embedded).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let deployed = deploy(&running.rpc_url(), plan(&running, listed)).await.unwrap();
        let json = deployed.to_json().unwrap();
        std::fs::write(directory.path().join("deployment.json"), &json).unwrap();
        running.storage().follow(deployed.address("Flow").unwrap());
        let deployment = Deployment::parse(json.as_bytes()).unwrap();
        let mut options = StorageOptions::new(running.storage_url(), directory.path().join("publisher"));
        options.poll_interval = Duration::from_millis(100);
        let storage = Storage::connect(options).unwrap();
        let mut network = Self {
            running,
            deployment,
            storage,
            directory,
            project: ProjectId::from(0),
            listed,
            attempts: 2,
        };
        for bytes in shelf.0.values() {
            network.publish(bytes.clone()).await;
        }
        network.project = network.create(project).await;
        network
    }

    /// The same network, where the daemon attempts a proposal so many times instead of twice.
    pub fn with_attempts(mut self, attempts: u8) -> Self {
        self.attempts = attempts;
        self
    }

    /// Buys tokens and stakes them on a candidate, whose bytes are published.
    pub async fn submit(&self, candidate: Vec<u8>) -> ProposalId {
        let code_hash = self.publish(candidate).await;
        let miner = self.account(MINER).await;
        let submission = upstream::submission(miner.address(), self.project, code_hash, 10);
        upstream::submit(&miner, &self.deployment.openresearch, submission).await
    }

    /// Asks the enclave who it is, for this network and operator.
    pub async fn introduce(&self, enclave: &EnclaveAddress) -> Identity {
        let keys = EnclaveKeys::new(self.chain().await, self.deployment.enclave.unwrap());
        let operator = self.account(OPERATOR).await.address();
        let block = keys.challenge(operator).await.unwrap().block;
        let mut session = Session::new(enclave.connect().unwrap());
        session.introduce(&self.binding().await, block).unwrap()
    }

    /// What the enclave's key is bound to.
    pub async fn binding(&self) -> Binding {
        let enclave = self.deployment.enclave.unwrap();
        Binding {
            domain: Domain {
                chain_id: self.deployment.network.chain_id,
                gateway: enclave.verifier_gateway,
            },
            registry: enclave.enclave_registry,
            operator: self.account(OPERATOR).await.address(),
        }
    }

    /// Admits a key as the **test policy** does: this network's attester signs for the measurement that it is given, and
    /// asks for no vendor's signature, since the emulator makes none. The caller has compared the registers.
    ///
    /// # Errors
    /// The registry's refusal.
    pub async fn admit(&self, identity: &Identity, measurement: B256) -> Result<Mined, SendError> {
        let chain = self.chain().await;
        let keys = EnclaveKeys::new(chain.clone(), self.deployment.enclave.unwrap());
        let operator = self.account(OPERATOR).await;
        let admission = Admission {
            key: identity.key,
            operator: operator.address(),
            platform: B256::right_padding_from(self.listed.platform.as_bytes()),
            measurement,
            evidenceRoot: B256::from(identity.evidence_root.0),
            challengeBlock: identity.challenge_block.number,
            expiresAt: chain.head().await.unwrap().timestamp + 3 * 3600,
            verdicts: 100,
            platformTier: self.listed.tier,
        };
        let digest = keys.admission_digest(&admission).await.unwrap();
        let attester = &self.running.accounts()[ATTESTER];
        let key = k256::ecdsa::SigningKey::from_slice(attester.key.as_slice()).unwrap();
        let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).unwrap();
        let mut word = [0; 65];
        word[..64].copy_from_slice(&signature.to_bytes());
        word[64] = 27 + u8::from(recovery);
        let word = orv_attester::AttesterSignature {
            attester: attester.address,
            signature: word,
        };
        keys.admit(&operator, admission, orv_attester::proof(vec![word]).into())
            .await
    }

    /// Admits a key and writes it into the daemon's journal, as the daemon does with one that it has admitted itself.
    pub async fn hire(&self, enclave: &EnclaveAddress) -> Identity {
        let identity = self.introduce(enclave).await;
        self.admit(&identity, self.listed.measurement).await.unwrap();
        let record = KeyRecord {
            address: identity.key,
            challenge_block: identity.challenge_block,
            envelope: identity.envelope.clone(),
        };
        let now = self.chain().await.head().await.unwrap().timestamp;
        let at = enclave.to_string();
        self.journal().await.keep_key(&record, &at, now).await.unwrap();
        identity
    }

    /// Has the daemon do what can be done now.
    pub async fn work(&self, enclave: &EnclaveAddress, observer: Arc<dyn Observer>) -> Summary {
        Daemon::once(self.config(enclave), observer).await.unwrap()
    }

    /// The daemon's journal.
    pub async fn journal(&self) -> Journal {
        let data = self.data();
        std::fs::create_dir_all(&data).unwrap();
        let gateway = self.deployment.enclave.unwrap().verifier_gateway;
        let place = JournalPlace::File(data.join("journal.sqlite"));
        let daemon = DaemonId::kept_in(&data).unwrap();
        Journal::open(&place, gateway, daemon).await.unwrap()
    }

    /// The daemon's settings for an enclave.
    pub fn config(&self, enclave: &EnclaveAddress) -> VerifierConfig {
        let accounts = self.running.accounts();
        let text = format!(
            "deployment = {:?}\nenclave = \"{}\"\ndata_directory = {:?}\npoll_seconds = 1\nattempts = {}\n\
             [wallet]\nunsafe_raw_key = \"{}\"\n\
             [admission.local]\ntrust = \"production\"\nattester_keys = [\"{}\"]\n\
             measurements = [{{ id = \"{}\", name = \"the image\" }}]\n",
            self.directory.path().join("deployment.json"),
            enclave,
            self.data(),
            self.attempts,
            accounts[OPERATOR].key,
            accounts[ATTESTER].key,
            self.listed.measurement,
        );
        VerifierConfig::parse(&text).unwrap()
    }

    /// The proposal as the ledger has it.
    pub async fn proposal(&self, id: ProposalId) -> orv_chain::Proposal {
        orv_chain::Proposal::read(&self.chain().await, &self.deployment.openresearch, id)
            .await
            .unwrap()
    }

    /// Lets block time pass.
    pub async fn pass(&self, seconds: u64) {
        for (method, parameters) in [
            ("evm_increaseTime", serde_json::json!([seconds])),
            ("evm_mine", serde_json::json!([])),
        ] {
            self.running.steer(method, parameters).await.unwrap();
        }
    }

    pub async fn chain(&self) -> Chain {
        Chain::connect(&self.running.rpc_url(), self.deployment.network.chain_id)
            .await
            .unwrap()
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    async fn publish(&self, bytes: Vec<u8>) -> B256 {
        let creator = self.account(GOVERNANCE).await;
        B256::from(self.storage.put(bytes, &creator).await.unwrap().root.0)
    }

    async fn create(&self, facts: &ProjectFacts) -> ProjectId {
        let creator = self.account(GOVERNANCE).await;
        let project = upstream::project(facts);
        let created = project.create(&creator, &self.deployment.openresearch).await;
        created.unwrap().id
    }

    async fn account(&self, place: usize) -> TransactionOwner {
        upstream::account(&self.running.rpc_url(), &self.running.accounts()[place]).await
    }
}

fn plan(running: &peer::Network, listed: Listed) -> DeploymentPlan {
    let accounts = running.accounts();
    let image = ListedMeasurement {
        measurement: listed.measurement,
        platform: B256::right_padding_from(listed.platform.as_bytes()),
        platformTier: listed.tier,
        timedAllowed: true,
    };
    let (owner, attester) = (accounts[GOVERNANCE].signer.clone(), accounts[ATTESTER].address);
    DeploymentPlan::of_one_attester("emulated", owner, attester, image, running.storage_url())
}
