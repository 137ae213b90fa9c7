//! The life of an enclave's key beside the work: before the first proposal, after a death, at its end.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;
mod network;

use fake::{Script, listen_as};
use network::{Network, owner};
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::primitives::{Address, U256};
use orv_chain::{Call, ProposalId};
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{DaemonId, KeyRecord, State, WaitCause};
use orv_verifier::{
    AdmissionSource, Board, Controls, Daemon, EnclaveSeen, EnclaveSettings, Observer, Orders, Silent, Summary,
    VerifierConfig,
};
use std::io::copy;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Longest wait for something to be seen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A daemon at work, and what it tells.
struct Working {
    board: Arc<Board>,
    controls: Controls,
    daemon: JoinHandle<Summary>,
}

impl Working {
    fn begin(config: VerifierConfig) -> Self {
        let board = Board::new(Arc::new(Silent));
        let orders = Orders::new(config, Arc::clone(&board) as Arc<dyn Observer>);
        let controls = orders.controls.clone();
        let daemon = tokio::spawn(async { Daemon::work(orders).await.unwrap() });
        Self {
            board,
            controls,
            daemon,
        }
    }

    /// The first enclave as a round saw it, and the balance of that round, once they fulfil the condition.
    async fn until(&self, what: &str, condition: impl Fn(&EnclaveSeen) -> bool) -> (EnclaveSeen, Option<U256>) {
        let seen = async {
            loop {
                let surroundings = self.board.live().surroundings.map(|(_, seen)| seen);
                let found = surroundings.and_then(|seen| Some((seen.enclaves.first()?.clone(), seen.balance)));
                if let Some((enclave, balance)) = found.filter(|(enclave, _)| condition(enclave)) {
                    return (enclave, balance);
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, seen).await.unwrap_or_else(|_| {
            let live = self.board.live();
            panic!("{what} was not seen: {:?} {:?}", live.surroundings, live.failures.last)
        })
    }

    /// Waits for so many rounds.
    async fn rounds(&self, rounds: u64) {
        let after = self.board.live().rounds + rounds;
        while self.board.live().rounds < after {
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(self) -> Summary {
        self.controls.stop();
        self.daemon.await.unwrap()
    }
}

/// The machine of an enclave: what connects to it is led on to the enclave, until the machine is switched off.
struct Machine {
    socket: PathBuf,
    connections: Arc<Mutex<Vec<UnixStream>>>,
}

impl Machine {
    /// Switches on a machine whose enclave has the key of this number.
    fn on(socket: PathBuf, key: u8) -> Self {
        let inside = socket.with_extension(format!("inside-{key}"));
        listen_as(&inside, Script::MissingBytes, move || key);
        let listener = UnixListener::bind(&socket).unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::clone(&connections);
        thread::spawn(move || {
            for outer in listener.incoming() {
                let (outer, inner) = (outer.unwrap(), UnixStream::connect(&inside).unwrap());
                for (mut from, mut to) in [(&outer, &inner), (&inner, &outer)].map(pair) {
                    thread::spawn(move || {
                        let _ = copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                open.lock().unwrap().extend([outer, inner]);
            }
        });
        Self { socket, connections }
    }

    fn off(self) {
        std::fs::remove_file(&self.socket).unwrap();
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn pair((from, to): (&UnixStream, &UnixStream)) -> (UnixStream, UnixStream) {
    (from.try_clone().unwrap(), to.try_clone().unwrap())
}

fn socket(network: &Network) -> PathBuf {
    network.directory.path().join("enclave.sock")
}

/// Every evidence that an admission was asked for with.
async fn evidence(network: &Network) -> Vec<KeyRecord> {
    network.journal(DaemonId::READER).await.keys().await.unwrap()
}

async fn state(network: &Network, id: ProposalId) -> Option<State> {
    network
        .journal(DaemonId::READER)
        .await
        .get(id)
        .await
        .ok()
        .map(|record| record.state)
}

/// The registry's owner revokes a key.
async fn revoke(network: &Network, key: Address) {
    let registry = network.deployment.enclave.unwrap().enclave_registry;
    let call = EnclaveRegistry::revokeCall { key };
    let owner = owner(&network.running, 0).await;
    owner.send(Call::new(registry, &call)).await.unwrap();
}

/// The operator's configuration with a command that boots the enclave anew, and the file that tells of it.
fn with_restart(network: &Network) -> (VerifierConfig, PathBuf) {
    let mut config = network.config();
    let booted = network.directory.path().join("booted");
    config.enclave_list = vec![EnclaveSettings {
        address: config.enclave.take().unwrap(),
        restart: ["touch".to_owned(), booted.display().to_string()].to_vec(),
    }];
    (config, booted)
}

fn is_live(enclave: &EnclaveSeen) -> bool {
    enclave.key.is_some() && enclave.expires_at.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_without_work_has_its_key_admitted_once() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    let working = Working::begin(network.config());
    working.until("a live key", is_live).await;
    // The balance of a round may be from before what the round paid.
    working.rounds(2).await;
    let (_, paid) = working.until("a live key", is_live).await;
    working.rounds(4).await;
    let (_, later) = working.until("a live key", is_live).await;
    assert_eq!(later, paid, "a live key costs nothing more");
    assert_eq!(evidence(&network).await.len(), 1);
    assert!(working.board.live().failures.steps.is_empty());
    working.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_once_pays_for_no_key_without_work() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    assert_eq!(network.once().await.failures, Vec::new());
    let orders = Orders::new(network.config(), Arc::new(Silent));
    assert_eq!(Daemon::rehearse(orders).await.unwrap(), Vec::new());
    assert_eq!(evidence(&network).await, Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_that_dies_without_work_is_missed_and_its_new_key_admitted() {
    let network = Network::start(PeerKind::Embedded).await;
    let machine = Machine::on(socket(&network), 1);
    let mut config = network.config();
    config.pause.retry_seconds = 1;
    let working = Working::begin(config);
    let (first, _) = working.until("the first key", is_live).await;
    machine.off();
    let (lost, _) = working.until("the loss", |seen| seen.key.is_none()).await;
    assert_eq!((lost.expires_at, lost.verdicts_left), (None, None));
    // Long enough for the breaker to pause.
    working.rounds(6).await;
    assert!(working.board.live().failures.steps["ORV-V-030"] >= 3);
    let _again = Machine::on(socket(&network), 2);
    let other = |seen: &EnclaveSeen| is_live(seen) && seen.key != first.key;
    working.until("the second key", other).await;
    working.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_coins_no_key_is_admitted() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    let mut config = network.config();
    config.least_balance = U256::MAX;
    let working = Working::begin(config);
    working.rounds(3).await;
    assert_eq!(evidence(&network).await, Vec::new());
    working.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_an_alarm_and_not_booted_away() {
    let network = Network::start(PeerKind::Embedded).await;
    let machine = Machine::on(socket(&network), 1);
    let (config, booted) = with_restart(&network);
    let working = Working::begin(config);
    let (first, _) = working.until("the first key", is_live).await;
    revoke(&network, first.key.unwrap()).await;
    working.until("the revocation", |seen| seen.revoked).await;
    let id = network.submit().await;
    let waits = Some(State::Waiting(WaitCause::KeyNotLive));
    while state(&network, id).await != waits {
        sleep(Duration::from_millis(100)).await;
    }
    working.rounds(3).await;
    let (still, _) = working.until("the revocation", |seen| seen.revoked).await;
    assert_eq!(still.key, first.key);
    assert!(working.board.live().failures.steps.contains_key("ORV-V-057"));
    assert!(!booted.exists(), "the daemon booted it away");

    // Whoever found out why boots it by hand.
    machine.off();
    let _again = Machine::on(socket(&network), 2);
    let other = |seen: &EnclaveSeen| is_live(seen) && !seen.revoked && seen.key != first.key;
    working.until("the second key", other).await;
    working.end().await;
}

/// An enclave whose next boot, by the operator's command, has another key.
fn renewable(network: &Network) -> (VerifierConfig, PathBuf) {
    let boots = network.directory.path().join("boots");
    std::fs::write(&boots, "x").unwrap();
    let counted = boots.clone();
    listen_as(&socket(network), Script::MissingBytes, move || {
        u8::try_from(std::fs::read(&counted).unwrap().len()).unwrap()
    });
    let mut config = network.config();
    let command = format!("printf x >> {}", boots.display());
    config.enclave_list = vec![EnclaveSettings {
        address: config.enclave.take().unwrap(),
        restart: ["sh", "-c", &command].map(str::to_owned).to_vec(),
    }];
    (config, boots)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_without_work_is_renewed() {
    let network = Network::start(PeerKind::Embedded).await;
    let (mut config, boots) = renewable(&network);
    config.run_seconds = 1;
    if let AdmissionSource::Local(attesters) = &mut config.admission {
        attesters.life_seconds = 100;
    }
    let working = Working::begin(config);
    let (first, _) = working.until("the first key", is_live).await;
    network.pass(200).await;
    let other = |seen: &EnclaveSeen| is_live(seen) && seen.key != first.key;
    working.until("the second key", other).await;
    working.end().await;
    assert_eq!(std::fs::read(&boots).unwrap().len(), 2);
}

/// The simulator's certificates live three hours.
#[tokio::test(flavor = "multi_thread")]
async fn no_boot_is_tried_where_every_key_is_too_short_for_a_run() {
    let network = Network::start(PeerKind::Embedded).await;
    let (mut config, boots) = renewable(&network);
    config.run_seconds = 4 * 3600;
    // Every round is to try.
    config.pause.failed_enclave = 0;
    let working = Working::begin(config);
    let id = network.submit().await;
    let waits = Some(State::Waiting(WaitCause::KeyNotLive));
    while state(&network, id).await != waits {
        sleep(Duration::from_millis(100)).await;
    }
    working.rounds(4).await;
    assert!(working.board.live().failures.steps.contains_key("ORV-V-058"));
    network.pass(4 * 3600).await;
    working.rounds(4).await;
    working.end().await;
    assert_eq!(std::fs::read(&boots).unwrap().len(), 1, "it was booted anew");
    assert_eq!(evidence(&network).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_attesters_refuse_costs_nothing() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    let mut config = network.config();
    config.pause.retry_seconds = 1;
    if let AdmissionSource::Local(attesters) = &mut config.admission {
        attesters.measurements.clear();
    }
    let chain = network.deployment.connect().await.unwrap();
    let operator = network.running.accounts()[2].address;
    let before = chain.balance(operator).await.unwrap();
    let working = Working::begin(config);
    while working.board.live().failures.steps.get("ORV-V-052") < Some(&3) {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(chain.balance(operator).await.unwrap(), before);
    working.end().await;
}
