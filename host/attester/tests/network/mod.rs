//! A chain with the contracts, three attesters with a quorum of two, an operator, and a simulated enclave.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes};
use k256::ecdsa::SigningKey;
use orv_attester::{
    AdmissionRequest, AttesterConfig, AttesterNotice, AttesterObserver, OnFinding, QuorumFacts, RemoteAttester,
    WatchConfig,
};
use orv_attester::{AttesterSignature, proof};
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::wallet::{Wallet, WalletSource};
use orv_chain::{Call, Chain, Deployment, EnclaveKeys, FeeRules, Mined, Patience, SendError, TransactionOwner};
use orv_content::merkle;
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{self, PeerKind};
use orv_evidence::{Binding, Collector, Context, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY};
use orv_simulator::{Measured, SimulatedNitro};
use orv_storage::{Storage, StorageOptions};
use orv_verify::{Register, nitro_measurement_id};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// Seconds between admission and activation.
pub const CHALLENGE_DELAY: u64 = 300;
/// Accounts: 0 owns the contracts, 2 is the operator, 3 to 5 are the attesters.
const OPERATOR: usize = 2;
const FIRST_ATTESTER: usize = 3;

const MEASURED: Measured<'_> = Measured {
    executable: b"enclave",
    configuration: b"settings",
    ramdisk: b"",
};

pub fn measurement() -> B256 {
    let registers = SimulatedNitro::measure(&MEASURED, || UnixTime::from_seconds(0))
        .registers()
        .map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
}

pub struct Network {
    running: peer::Network,
    deployment: Deployment,
    directory: TempDir,
    chain: Chain,
    pub operator: TransactionOwner,
}

/// How one attester is set up.
#[derive(Clone)]
pub struct Setting {
    pub measurement: B256,
    pub life: u64,
    pub verdicts: u32,
    pub watches: bool,
    pub on_missing: OnFinding,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            measurement: measurement(),
            life: 24 * 60 * 60,
            verdicts: 1024,
            watches: false,
            on_missing: OnFinding::Report,
        }
    }
}

impl Setting {
    pub fn watching() -> Self {
        Self {
            watches: true,
            ..Self::default()
        }
    }
}

/// What an attester said.
#[derive(Default)]
pub struct Seen {
    notices: Mutex<Vec<AttesterNotice>>,
    more: Notify,
}

impl AttesterObserver for Seen {
    fn notice(&self, notice: &AttesterNotice) {
        self.notices.lock().unwrap().push(notice.clone());
        self.more.notify_waiters();
    }
}

/// A running attester.
pub struct Service {
    address: String,
    seen: Arc<Seen>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), orv_attester::ServiceError>>,
}

impl Service {
    pub fn remote(&self) -> RemoteAttester {
        RemoteAttester::at(&self.address).unwrap()
    }

    pub fn saw(&self, wanted: impl Fn(&AttesterNotice) -> bool) -> bool {
        self.seen.notices.lock().unwrap().iter().any(wanted)
    }

    /// Waits for a notice, long enough for a busy machine.
    pub async fn until(&self, wanted: impl Fn(&AttesterNotice) -> bool) {
        let seen = async {
            loop {
                let more = self.seen.more.notified();
                if self.saw(&wanted) {
                    return;
                }
                more.await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(120), seen).await.is_err() {
            panic!("only {:?}", self.seen.notices.lock().unwrap());
        }
    }
}

async fn owner(running: &peer::Network, account: usize) -> TransactionOwner {
    let chain = Chain::connect(&running.rpc_url(), orv_devnet::chain::GALILEO)
        .await
        .unwrap();
    let wallet = Wallet::from_raw_key_dangerously(&Zeroizing::new(running.accounts()[account].key.0)).unwrap();
    let patience = Patience {
        limit: Duration::from_secs(60),
        interval: Duration::from_millis(20),
    };
    TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
}

impl Network {
    pub async fn start(kind: PeerKind) -> Self {
        let running = peer::Network::start(kind).await.unwrap();
        let accounts = running.accounts();
        let plan = DeploymentPlan {
            network_name: "test".to_owned(),
            owner: accounts[0].signer.clone(),
            indexer_rpc: running.storage_url(),
            public_delay: 1,
            measurements: vec![simulated_nitro(measurement())],
            attesters: (0..3).map(|index| accounts[FIRST_ATTESTER + index].address).collect(),
            attester_threshold: 2,
            challenge_delay: CHALLENGE_DELAY,
            timed_quorum: 1,
            ticket_life: 3600,
            priority_window: 0,
            payout_delay: 1,
            fee_bips: 0,
        };
        let deployed = deploy(&running.rpc_url(), plan).await.unwrap();
        running.storage().follow(deployed.address("Flow").unwrap());
        let json = deployed.to_json().unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("deployment.json"), &json).unwrap();
        let operator = owner(&running, OPERATOR).await;
        Self {
            chain: operator.chain().clone(),
            deployment: Deployment::parse(json.as_bytes()).unwrap(),
            running,
            directory,
            operator,
        }
    }

    pub fn configuration(&self, attester: usize, setting: &Setting) -> AttesterConfig {
        let at = |name: &str| self.directory.path().join(name);
        let policy = at(&format!("policy-{attester}.toml"));
        let listed = format!(
            "[[measurements]]\nname = \"release 1\"\nid = \"{}\"\n",
            setting.measurement
        );
        std::fs::write(&policy, listed).unwrap();
        let key = self.running.accounts()[FIRST_ATTESTER + attester].key;
        let text = format!(
            "deployment = {:?}\npolicy = {policy:?}\ntrust = \"simulator\"\nlisten = \"127.0.0.1:0\"\n\
             [key]\nunsafe_raw_key = \"{key}\"\n",
            at("deployment.json"),
        );
        let watch = WatchConfig {
            cache: at(&format!("cache-{attester}")),
            poll_seconds: 1,
            from_block: None,
            on_fault: OnFinding::Revoke,
            on_missing: setting.on_missing,
        };
        let configuration = AttesterConfig::parse(&text).unwrap();
        assert_eq!(configuration.key, WalletSource::UnsafeRawKey(key.to_string()));
        AttesterConfig {
            life_seconds: setting.life,
            verdicts: setting.verdicts,
            watch: setting.watches.then_some(watch),
            ..configuration
        }
    }

    /// Starts an attester and waits until it listens.
    pub async fn attester(&self, attester: usize, setting: Setting) -> Service {
        let configuration = self.configuration(attester, &setting);
        let seen = Arc::new(Seen::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let observer = Arc::clone(&seen) as Arc<dyn AttesterObserver>;
        let task = tokio::spawn(orv_attester::run(
            configuration,
            async { drop(stopped.await) },
            observer,
        ));
        let mut service = Service {
            address: String::new(),
            seen,
            stop,
            task,
        };
        service
            .until(|notice| matches!(notice, AttesterNotice::Listening { .. }))
            .await;
        let notices = service.seen.notices.lock().unwrap().clone();
        for notice in notices {
            if let AttesterNotice::Listening { address, .. } = notice {
                service.address = format!("http://{address}/");
            }
        }
        service
    }

    pub fn keys(&self) -> EnclaveKeys {
        EnclaveKeys::new(self.chain.clone(), self.deployment.enclave.unwrap())
    }

    pub fn facts(&self) -> QuorumFacts {
        QuorumFacts {
            chain_id: self.chain.chain_id(),
            quorum: self.deployment.enclave.unwrap().attester_quorum,
            threshold: 2,
        }
    }

    /// Fresh evidence of a simulated enclave for the operator.
    pub async fn candidate(&self, secret: u8) -> AdmissionRequest {
        self.candidate_running(&MEASURED, secret).await
    }

    /// The same of an enclave that runs `measured`.
    pub async fn candidate_running(&self, measured: &Measured<'_>, secret: u8) -> AdmissionRequest {
        let contracts = self.deployment.enclave.unwrap();
        let operator = self.operator.address();
        let challenge = self.keys().challenge(operator).await.unwrap();
        let context = Context {
            chain_id: self.chain.chain_id(),
            registry: contracts.enclave_registry.into(),
            gateway: contracts.verifier_gateway.into(),
            operator: operator.into(),
            boot_id: [5; 32],
            configuration_hash: [6; 32],
        };
        let key = SigningKey::from_slice(&[secret; 32]).unwrap();
        let binding = Binding {
            platform: Platform::SimNitro,
            purpose: VERDICT_KEY.to_owned(),
            challenge: challenge.value.0,
            public_key: key
                .verifying_key()
                .to_encoded_point(false)
                .as_bytes()
                .try_into()
                .unwrap(),
            context: context.encode(),
        };
        let now = UnixTime::from_seconds(self.now().await);
        let evidence = SimulatedNitro::measure(measured, move || now)
            .collect(&binding)
            .unwrap();
        let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, evidence).unwrap();
        AdmissionRequest {
            operator,
            challenge_block: challenge.block.number,
            envelope: envelope.encode().into(),
            terms: None,
        }
    }

    /// The admission that the candidate's evidence would carry for an hour.
    pub fn admission_of(&self, request: &AdmissionRequest, envelope: &Envelope) -> EnclaveRegistry::Admission {
        let key = alloy::primitives::keccak256(&envelope.public_key[1..]);
        let issued = orv_verify::claimed_time(&envelope.evidence, envelope.platform).unwrap();
        EnclaveRegistry::Admission {
            key: Address::from_word(key),
            operator: request.operator,
            platform: B256::right_padding_from(b"sim-nitro"),
            measurement: measurement(),
            evidenceRoot: B256::from(merkle::root_of(&request.envelope).unwrap().0),
            challengeBlock: request.challenge_block,
            expiresAt: issued.seconds() + 3600,
            verdicts: 8,
            platformTier: 0,
        }
    }

    /// Admits with the signatures of the first two attesters, who look at nothing.
    pub async fn admit_by_force(&self, admission: EnclaveRegistry::Admission) -> Mined {
        let digest = self.keys().admission_digest(&admission).await.unwrap();
        let signatures = (0..2).map(|index| {
            let account = &self.running.accounts()[FIRST_ATTESTER + index];
            let wallet = Wallet::from_raw_key_dangerously(&Zeroizing::new(account.key.0)).unwrap();
            AttesterSignature {
                attester: account.address,
                signature: wallet.sign_digest(&digest).unwrap(),
            }
        });
        let proof = Bytes::from(proof(signatures.collect()));
        self.keys().admit(&self.operator, admission, proof).await.unwrap()
    }

    pub async fn revoke(&self, attester: usize, key: Address) -> Result<Mined, SendError> {
        let owner = owner(&self.running, FIRST_ATTESTER + attester).await;
        let registry = self.deployment.enclave.unwrap().enclave_registry;
        owner
            .send(Call::new(registry, &EnclaveRegistry::revokeCall { key }))
            .await
    }

    /// Puts evidence on 0G.
    pub async fn publish(&self, envelope: &Bytes) {
        let options = StorageOptions {
            poll_interval: Duration::from_millis(20),
            ..StorageOptions::new(self.running.storage_url(), self.directory.path().join("operator-cache"))
        };
        Storage::connect(options)
            .unwrap()
            .put(envelope.clone(), &self.operator)
            .await
            .unwrap();
    }

    pub async fn now(&self) -> u64 {
        self.chain.head().await.unwrap().timestamp
    }

    /// Lets chain time pass: a block `seconds` after the newest one, which may be ahead of the machine's clock.
    pub async fn pass(&self, seconds: u64) {
        let then = self.now().await + seconds;
        self.running
            .steer("evm_setNextBlockTimestamp", json!([then]))
            .await
            .unwrap();
        self.mine(1).await;
    }

    pub async fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            self.running.steer("evm_mine", json!([])).await.unwrap();
        }
    }

    pub async fn stop(self, services: impl IntoIterator<Item = Service>) {
        for service in services {
            service.stop.send(()).unwrap();
            service.task.await.unwrap().unwrap();
        }
        self.running.stop().await;
    }
}
