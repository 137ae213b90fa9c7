//! An operator's machine on a development network where everything is as it should be.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fake/mod.rs"]
pub mod fake;
#[path = "../upstream/mod.rs"]
pub mod upstream;

use fake::{Script, listen, measurement, sample};
use orv_attester::{AdmissionPolicy, ChainFacts, Trust, admit, proof, sign};
use orv_chain::primitives::{Address, Bytes, I256};
use orv_chain::wallet::{Cost, Passphrase, Wallet, WalletHome};
use orv_chain::{Chain, Deployment, EnclaveKeys, Submission, TransactionOwner};
use orv_devnet::deployment::{DeploymentPlan, deploy, simulated_nitro};
use orv_devnet::peer::{Network, PeerKind};
use orv_evidence::UnixTime;
use orv_receipt::Domain;
use orv_verifier::VerifierConfig;
use orv_verifier::doctor::{Check, Examination, Host, Line, Outcome};
use orv_verifier::enclave::{Binding, Session};
use orv_verify::{Collateral, Policy};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Time enough on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody listens there.
pub const NOBODY: &str = "http://127.0.0.1:9";

/// An operator's machine where everything is as it should be.
pub struct Clinic {
    pub network: Network,
    pub deployment: Deployment,
    pub folder: TempDir,
    pub account: Address,
}

fn plan(network: &Network) -> DeploymentPlan {
    let accounts = network.accounts();
    DeploymentPlan::of_one_attester(
        "test",
        accounts[0].signer.clone(),
        accounts[3].address,
        simulated_nitro(measurement()),
        network.storage_url(),
    )
}

impl Clinic {
    /// With an enclave whose key is admitted.
    pub async fn open() -> Self {
        Self::with_key_for(86_400).await
    }

    /// With an enclave whose key is admitted for some seconds.
    pub async fn with_key_for(life: u64) -> Self {
        let clinic = Self::with(Script::MissingBytes).await;
        let passphrase = Passphrase::from_file(&clinic.at("passphrase")).unwrap();
        let wallet = WalletHome::new(clinic.at("wallets"))
            .load("operator", &passphrase)
            .unwrap();
        clinic.admit(wallet, life).await;
        clinic
    }

    /// With an enclave that nobody has asked for its key yet.
    pub async fn with(script: Script) -> Self {
        let network = Network::start(PeerKind::Embedded).await.unwrap();
        let deployed = deploy(&network.rpc_url(), plan(&network)).await.unwrap();
        let json = deployed.to_json().unwrap();
        network.storage().follow(deployed.address("Flow").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        private(&at("deployment.json"), json.as_bytes());
        private(&at("passphrase"), b"correct horse\n");
        fs::create_dir(at("data")).unwrap();
        let passphrase = Passphrase::from_file(&at("passphrase")).unwrap();
        let wallet = WalletHome::new(at("wallets"))
            .create("operator", &passphrase, Cost::Light)
            .unwrap();
        let clinic = Self {
            network,
            deployment: Deployment::parse(json.as_bytes()).unwrap(),
            account: wallet.address(),
            folder,
        };
        machine(&clinic.at("root"));
        clinic.give_coins("0x8ac7230489e80000").await;
        listen(&clinic.at("enclave.sock"), script);
        private(&clinic.at("verifier.toml"), clinic.text().as_bytes());
        clinic
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self) -> String {
        let at = |name: &str| self.at(name).display().to_string();
        format!(
            "deployment = {:?}\nenclave = \"unix:{}\"\ndata_directory = {:?}\n\
             [pause]\nleast_disk_bytes = 4096\n\
             [wallet.keystore]\ndirectory = {:?}\nid = \"operator\"\npassphrase_file = {:?}\n\
             [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{}\"]\n\
             measurements = [{{ id = \"{}\", name = \"scripted\" }}]\n",
            at("deployment.json"),
            at("enclave.sock"),
            at("data"),
            at("wallets"),
            at("passphrase"),
            self.network.accounts()[3].key,
            measurement(),
        )
    }

    pub fn config(&self) -> VerifierConfig {
        let text = VerifierConfig::read(&self.at("verifier.toml")).unwrap();
        VerifierConfig::parse(&text).unwrap()
    }

    /// The machine, whose clock agrees with the chain.
    pub async fn host(&self) -> Host {
        Host {
            root: self.at("root"),
            clock: self.chain().await.head().await.unwrap().timestamp,
        }
    }

    pub async fn chain(&self) -> Chain {
        Chain::connect(&self.network.rpc_url(), orv_devnet::chain::GALILEO)
            .await
            .unwrap()
    }

    pub async fn give_coins(&self, wei: &str) {
        let parameters = json!([self.account, wei]);
        self.network.steer("anvil_setBalance", parameters).await.unwrap();
        self.network.steer("evm_mine", json!([])).await.unwrap();
    }

    /// Has the enclave's key admitted, as the daemon would.
    async fn admit(&self, wallet: Wallet, life: u64) {
        let chain = self.chain().await;
        let contracts = self.deployment.enclave.unwrap();
        let block = chain.head().await.unwrap().reference;
        let binding = Binding {
            domain: Domain {
                chain_id: chain.chain_id(),
                gateway: contracts.verifier_gateway,
            },
            registry: contracts.enclave_registry,
            operator: wallet.address(),
        };
        let stream = UnixStream::connect(self.at("enclave.sock")).unwrap();
        let identity = Session::new(stream).introduce(&binding, block).unwrap();
        self.network.steer("evm_mine", json!([])).await.unwrap();
        let facts = ChainFacts {
            chain_id: chain.chain_id(),
            registry: contracts.enclave_registry,
            gateway: contracts.verifier_gateway,
            operator: wallet.address(),
            challenge_block: orv_attester::BlockReference {
                number: block.number,
                hash: block.hash,
            },
        };
        let evidence = Policy {
            measurements: Some(self.measurements()),
            ..Policy::built_in()
        };
        let policy = AdmissionPolicy {
            life,
            ..AdmissionPolicy::of(evidence)
        };
        let roots = Trust::Simulator.roots().unwrap();
        let now = UnixTime::from_seconds(chain.head().await.unwrap().timestamp);
        let none = Collateral::none();
        let decision = admit(&identity.envelope, &facts, now, &roots, &policy, &none).unwrap();
        let attester = k256::ecdsa::SigningKey::from_slice(&self.network.accounts()[3].key.0).unwrap();
        let signature = sign(&decision, contracts.attester_quorum, &attester).unwrap();
        let owner = upstream::sender(chain.clone(), wallet);
        let keys = EnclaveKeys::new(chain, contracts);
        let signed = Bytes::from(proof(vec![signature]));
        keys.admit(&owner, decision.admission(), signed).await.unwrap();
    }

    fn measurements(&self) -> Vec<orv_verify::AllowedMeasurement> {
        let config = VerifierConfig::parse(&self.text()).unwrap();
        match config.admission {
            orv_verifier::AdmissionSource::Local(local) => local.measurements,
            orv_verifier::AdmissionSource::Remote(_) => panic!("the attesters of this suite are local"),
        }
    }

    pub async fn look(&self, config: VerifierConfig, host: Host) -> Vec<Line> {
        let examination = Examination::of(config, host).with_file(&self.at("verifier.toml"));
        examination.patient(PATIENCE).run().await
    }

    /// Exactly these checks fail, each with a fix; the others pass or depend on them.
    pub async fn finds(&self, expected: &[Check], config: VerifierConfig, host: Host) {
        let lines = self.look(config, host).await;
        let failing = lines
            .iter()
            .filter(|line| matches!(line.outcome, Outcome::Fail | Outcome::Warn));
        let failing: Vec<&Line> = failing.collect();
        let checks: Vec<Check> = failing.iter().map(|line| line.check).collect();
        assert_eq!(checks, expected, "{failing:#?}");
        assert!(
            failing
                .iter()
                .all(|line| line.fix.as_ref().is_some_and(|fix| fix.len() > 10)),
            "{failing:#?}"
        );
    }
}

/// Writes a file that only its owner reads.
pub fn private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The kernel's files of a machine that has all that it needs.
pub fn machine(root: &Path) {
    for (path, text) in [
        (
            "proc/self/limits",
            "Max open files            4096                 4096                 files\n",
        ),
        ("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n"),
        ("proc/self/mounts", "none /sys/fs/cgroup cgroup2 rw 0 0\n"),
        ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"),
        ("proc/sys/user/max_user_namespaces", "10000\n"),
        ("proc/locks", ""),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The configuration with one value of it replaced.
pub fn altered(text: &str, from: &str, to: &str) -> VerifierConfig {
    assert!(text.contains(from), "{from:?} is not in the configuration");
    VerifierConfig::parse(&text.replacen(from, to, 1)).unwrap()
}

/// One of the development accounts, as a sender.
pub async fn account(clinic: &Clinic, number: usize) -> TransactionOwner {
    upstream::account(&clinic.network.rpc_url(), &clinic.network.accounts()[number]).await
}

/// A new project of the sample's, and its candidate submitted to it.
pub async fn submit(clinic: &Clinic) {
    let contracts = &clinic.deployment.openresearch;
    let project = upstream::project(&sample::bundle().project);
    let id = project.create(&account(clinic, 0).await, contracts).await.unwrap().id;
    let miner = account(clinic, 1).await;
    let submission = Submission {
        claimed_score: I256::try_from(-90).unwrap(),
        ..upstream::submission(miner.address(), id, sample::bundle().proposal.code_hash, 10)
    };
    upstream::submit(&miner, contracts, submission).await;
}
