//! The examination of an operator's machine: each prepared fault is named, with its fix, and nothing else fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;

use fake::{Script, listen, simulator};
use orv_attester::{AdmissionPolicy, ChainFacts, Trust, admit, proof, sign};
use orv_chain::bindings::VerifierRegistry;
use orv_chain::primitives::{Address, B256, Bytes};
use orv_chain::wallet::{Cost, Passphrase, Wallet, WalletHome};
use orv_chain::{Call, Chain, Deployment, EnclaveKeys, FeeRules, Patience, TransactionOwner};
use orv_devnet::deployment::{DeploymentPlan, ListedMeasurement, deploy};
use orv_devnet::peer::{Network, PeerKind};
use orv_evidence::{Platform, UnixTime};
use orv_receipt::Domain;
use orv_verifier::VerifierConfig;
use orv_verifier::doctor::{Check, Examination, Host, Line, Outcome};
use orv_verifier::enclave::{Binding, Session};
use orv_verify::{Collateral, Policy, Register, nitro_measurement_id};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Time enough on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

/// An operator's machine where everything is as it should be.
struct Clinic {
    network: Network,
    deployment: Deployment,
    folder: TempDir,
    account: Address,
}

fn measurement() -> B256 {
    let registers = simulator().registers().map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
}

fn plan(network: &Network) -> DeploymentPlan {
    let accounts = network.accounts();
    DeploymentPlan {
        network_name: "test".to_owned(),
        owner: accounts[0].signer.clone(),
        indexer_rpc: network.storage_url(),
        public_delay: 1,
        measurements: vec![ListedMeasurement {
            measurement: measurement(),
            platform: B256::right_padding_from(b"sim-nitro"),
            platformTier: 0,
            timedAllowed: true,
        }],
        attesters: vec![accounts[3].address],
        attester_threshold: 1,
        challenge_delay: 0,
        timed_quorum: 1,
        ticket_life: 3600,
        priority_window: 86_400,
        payout_delay: 3600,
        fee_bips: 1000,
    }
}

impl Clinic {
    async fn open() -> Self {
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
        listen(&clinic.at("enclave.sock"), Script::MissingBytes);
        clinic.admit(wallet).await;
        private(&clinic.at("verifier.toml"), clinic.text().as_bytes());
        clinic
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self) -> String {
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

    fn config(&self) -> VerifierConfig {
        VerifierConfig::load(&self.at("verifier.toml")).unwrap()
    }

    /// The machine, whose clock agrees with the chain.
    async fn host(&self) -> Host {
        Host {
            root: self.at("root"),
            clock: self.chain().await.head().await.unwrap().timestamp,
        }
    }

    async fn chain(&self) -> Chain {
        Chain::connect(&self.network.rpc_url(), orv_devnet::chain::GALILEO)
            .await
            .unwrap()
    }

    async fn give_coins(&self, wei: &str) {
        let parameters = json!([self.account, wei]);
        self.network.steer("anvil_setBalance", parameters).await.unwrap();
        self.network.steer("evm_mine", json!([])).await.unwrap();
    }

    /// Has the enclave's key admitted, as the daemon would.
    async fn admit(&self, wallet: Wallet) {
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
        let (policy, roots) = (AdmissionPolicy::of(evidence), Trust::Simulator.roots().unwrap());
        let now = UnixTime::from_seconds(chain.head().await.unwrap().timestamp);
        let none = Collateral::none();
        let decision = admit(&identity.envelope, &facts, now, &roots, &policy, &none).unwrap();
        let attester = k256::ecdsa::SigningKey::from_slice(&self.network.accounts()[3].key.0).unwrap();
        let signature = sign(&decision, contracts.attester_quorum, &attester).unwrap();
        let owner = owner(chain.clone(), wallet);
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

    async fn look(&self, config: VerifierConfig, host: Host) -> Vec<Line> {
        let examination = Examination::of(config, host).with_file(&self.at("verifier.toml"));
        examination.patient(PATIENCE).run().await
    }

    /// Exactly these checks fail, each with a fix; the others pass or depend on them.
    async fn finds(&self, expected: &[Check], config: VerifierConfig, host: Host) {
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

fn owner(chain: Chain, wallet: Wallet) -> TransactionOwner {
    let patience = Patience {
        limit: Duration::from_secs(60),
        interval: Duration::from_millis(20),
    };
    TransactionOwner::start(chain, wallet, FeeRules::default(), patience)
}

/// Writes a file that only its owner reads.
fn private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The kernel's files of a machine that has all that it needs.
fn machine(root: &Path) {
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
fn altered(text: &str, from: &str, to: &str) -> VerifierConfig {
    assert!(text.contains(from), "{from:?} is not in the configuration");
    VerifierConfig::parse(&text.replacen(from, to, 1)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_sound_machine_everything_passes() {
    let clinic = Clinic::open().await;
    let lines = clinic.look(clinic.config(), clinic.host().await).await;
    let not_passed: Vec<Check> = lines
        .iter()
        .filter(|line| line.outcome != Outcome::Pass)
        .map(|line| line.check)
        .collect();
    // Neither is needed by an enclave that is a process, or by its simulator.
    assert_eq!(not_passed, [Check::Collateral, Check::HugePages], "{lines:#?}");
    for check in Check::ALL {
        assert!(lines.iter().any(|line| line.check == *check), "{check:?} has no line");
    }
    assert_eq!(
        fs::read_dir(clinic.at("data")).unwrap().count(),
        0,
        "nothing stays behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_configuration_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    let text = clinic.text();
    let host = clinic.host().await;
    let socket = format!("unix:{}", clinic.at("enclave.sock").display());
    let line = |line: &str| format!("{line}\ndeployment");
    let attester = format!("\"{}\"", clinic.network.accounts()[3].key);
    let other = format!("0x{}", "77".repeat(32));
    for (check, from, to) in [
        (Check::Rpc, "deployment", line(&format!("rpc = {NOBODY:?}"))),
        (
            Check::Storage,
            "deployment",
            line(&format!("storage_indexer = {NOBODY:?}")),
        ),
        (Check::Enclave, socket.as_str(), "unix:/nowhere/enclave.sock".to_owned()),
        (Check::Attesters, attester.as_str(), String::new()),
        (Check::Measurement, &measurement().to_string(), other),
        (
            Check::Disk,
            "least_disk_bytes = 4096",
            format!("least_disk_bytes = {}", i64::MAX),
        ),
        (Check::Wallet, "id = \"operator\"", "id = \"somebody\"".to_owned()),
        (Check::Deployment, "deployment.json", "missing.json".to_owned()),
    ] {
        clinic.finds(&[check], altered(&text, from, &to), host.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_machine_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    for (check, path, text) in [
        (Check::ControlGroups, "proc/self/mounts", "proc /proc proc rw 0 0\n"),
        (Check::UserNamespaces, "proc/sys/user/max_user_namespaces", "0\n"),
        (
            Check::OpenFiles,
            "proc/self/limits",
            "Max open files            64   64   files\n",
        ),
        (Check::Memory, "proc/meminfo", "MemAvailable: 2000 kB\n"),
    ] {
        fs::write(clinic.at("root").join(path), text).unwrap();
        clinic.finds(&[check], clinic.config(), clinic.host().await).await;
        machine(&clinic.at("root"));
    }
    let vsock = altered(
        &clinic.text(),
        &format!("unix:{}", clinic.at("enclave.sock").display()),
        "vsock:4000:5000",
    );
    clinic
        .finds(&[Check::Platform, Check::Enclave], vsock, clinic.host().await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_files_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    let text = clinic.text();
    let host = clinic.host().await;
    let mode = |name: &str, mode| fs::set_permissions(clinic.at(name), fs::Permissions::from_mode(mode)).unwrap();
    for name in ["passphrase", "verifier.toml"] {
        mode(name, 0o644);
        clinic.finds(&[Check::FileModes], clinic.config(), host.clone()).await;
        mode(name, 0o600);
    }

    private(&clinic.at("a-file"), b"");
    let below = format!("{:?}", clinic.at("a-file/data").display().to_string());
    let data = format!("{:?}", clinic.at("data").display().to_string());
    let lines = clinic.look(altered(&text, &data, &below), host.clone()).await;
    let line = lines.iter().find(|line| line.outcome == Outcome::Fail).unwrap();
    assert_eq!(line.check, Check::DataDirectory, "{lines:#?}");

    let folder = clinic.at("collateral");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("piece"), b"no collateral").unwrap();
    let with_folder = format!("collateral = {:?}\ndeployment", folder.display().to_string());
    clinic
        .finds(
            &[Check::Collateral],
            altered(&text, "deployment", &with_folder),
            host.clone(),
        )
        .await;

    let newer = "PRAGMA user_version = 99; CREATE TABLE later (x TEXT)";
    let path = clinic.at("data/journal.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    clinic.finds(&[Check::Journal], clinic.config(), host.clone()).await;
    fs::write(&path, b"this is no journal at all, and never was one").unwrap();
    clinic.finds(&[Check::Journal], clinic.config(), host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_chain_is_named_with_its_fix_and_nothing_else() {
    let clinic = Clinic::open().await;
    let host = clinic.host().await;
    let with_clock = |clock| Host { clock, ..host.clone() };

    // One endpoint whose newest block is old may be behind; two that agree show a fast clock, a future block a slow one.
    clinic
        .finds(&[Check::RpcLag], clinic.config(), with_clock(host.clock + 9000))
        .await;
    let two = format!(
        "rpc = [{:?}, {:?}]\ndeployment",
        clinic.network.rpc_url(),
        clinic.network.rpc_url().replace("127.0.0.1", "localhost")
    );
    let two = altered(&clinic.text(), "deployment", &two);
    clinic.finds(&[Check::Clock], two, with_clock(host.clock + 9000)).await;
    clinic
        .finds(&[Check::Clock], clinic.config(), with_clock(host.clock - 9000))
        .await;

    for (check, key, value) in [
        (Check::ChainId, "/network/chainId", json!(1)),
        (
            Check::Contracts,
            "/contracts/VerifierGateway/address",
            json!(Address::repeat_byte(9)),
        ),
    ] {
        let text = fs::read_to_string(clinic.at("deployment.json")).unwrap();
        let mut deployment: Value = serde_json::from_str(&text).unwrap();
        *deployment.pointer_mut(key).unwrap() = value;
        private(&clinic.at("other.json"), deployment.to_string().as_bytes());
        clinic
            .finds(
                &[check],
                altered(&clinic.text(), "deployment.json", "other.json"),
                host.clone(),
            )
            .await;
    }

    clinic.give_coins("0x1").await;
    clinic
        .finds(&[Check::Balance], clinic.config(), clinic.host().await)
        .await;
    clinic.give_coins("0x8ac7230489e80000").await;

    let key = Zeroizing::new(clinic.network.accounts()[0].key.0);
    let owner = owner(clinic.chain().await, Wallet::from_raw_key_dangerously(&key).unwrap());
    let gateway = clinic.deployment.enclave.unwrap().verifier_gateway;
    let unlist = VerifierRegistry::removeVerifierCall { v: gateway };
    owner
        .send(Call::new(clinic.deployment.openresearch.verifier_registry, &unlist))
        .await
        .unwrap();
    clinic
        .finds(&[Check::Listing], clinic.config(), clinic.host().await)
        .await;
    let list = VerifierRegistry::addVerifierCall { v: gateway };
    owner
        .send(Call::new(clinic.deployment.openresearch.verifier_registry, &list))
        .await
        .unwrap();

    clinic
        .network
        .steer("evm_increaseTime", json!([2 * 86_400]))
        .await
        .unwrap();
    clinic.network.steer("evm_mine", json!([])).await.unwrap();
    clinic.finds(&[Check::Key], clinic.config(), clinic.host().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_that_says_nothing_is_a_failure_that_says_so() {
    let clinic = Clinic::open().await;
    let path = clinic.at("silent.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let config = altered(&clinic.text(), "enclave.sock", "silent.sock");
    let examination = Examination::of(config, clinic.host().await).patient(Duration::from_secs(3));
    let lines = examination.run().await;
    let line = lines.iter().find(|line| line.check == Check::Identity).unwrap();
    assert_eq!(line.outcome, Outcome::Fail, "{lines:#?}");
    assert!(line.found.contains("hangs"), "{line:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_of_a_running_daemon_is_not_asked_for_other_evidence() {
    let clinic = Clinic::open().await;
    let lock = clinic.at("data/lock");
    fs::write(&lock, b"").unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&lock).unwrap());
    let held = format!("1: FLOCK  ADVISORY  WRITE 715 fd:00:{inode} 0 EOF\n");
    fs::write(clinic.at("root/proc/locks"), held).unwrap();
    let lines = clinic.look(clinic.config(), clinic.host().await).await;
    let of = |check| lines.iter().find(|line| line.check == check).unwrap();
    assert_eq!(of(Check::Identity).outcome, Outcome::Skipped);
    assert!(of(Check::DataDirectory).found.contains("process 715"), "{lines:#?}");
    assert!(lines.iter().all(|line| line.outcome != Outcome::Fail), "{lines:#?}");
}
