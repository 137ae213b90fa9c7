//! One network, its bad ways, and a daemon that works through them.

use crate::host;
use crate::network::{ATTESTER, Cast, OPERATORS, PRIORITY_WINDOW, Size, TICKET_LIFE, key, plan, submit_all};
use crate::process::{self, Process};
use crate::truth::{Findings, Truth};
use orv_chain::Chain;
use orv_devnet::deployment::deploy;
use orv_devnet::hostile::{HostileNode, Plan, Reorganiser, RpcFault, StorageTrouble};
use orv_devnet::{Devnet, DevnetOptions};
use orv_verifier::journal::State;
use orv_verifier::{Daemon, Notice, Observer, VerifierConfig};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Longest time of the faults.
const TORMENT: Duration = Duration::from_secs(30);
/// Without a change for so long nothing goes on, where nothing is under way: the chain's clock is moved.
const QUIET: Duration = Duration::from_secs(5);
/// The same where the daemon is at work on a proposal, whose ticket would lapse: longer than a busy machine needs.
const STUCK: Duration = Duration::from_secs(30);
/// Moves of the clock in a row that change nothing, after which nothing will.
const IDLE: u32 = 3;
/// Longest time of what follows the faults.
const SETTLING: Duration = Duration::from_secs(600);

const SIZE: Size = Size {
    projects: 1,
    proposals: 6,
};

/// What happens behind the endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beneath {
    Calm,
    Reorganised,
    BadStorage,
    Both,
}

/// What is asked of the outcome, beside that nothing is wrong, locked or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Faults may cost attempts.
    NothingWrong,
    /// And every proposal that can be decided is.
    EverythingDecided,
}

/// Faults and their chances in a thousand, for each endpoint; an honest one has none.
pub struct Scenario {
    pub name: &'static str,
    pub ways: Vec<&'static [(RpcFault, u16)]>,
    pub quorum: usize,
    pub beneath: Beneath,
    pub expectation: Expectation,
}

/// When the daemon last changed something, and what it complained of.
#[derive(Default)]
struct Watcher {
    changes: AtomicU64,
    failures: Mutex<BTreeMap<&'static str, (u64, String)>>,
}

impl Observer for Watcher {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Changed { .. } => drop(self.changes.fetch_add(1, Ordering::SeqCst)),
            Notice::Failed { code, message, .. } => {
                let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = failures.entry(code).or_default();
                *entry = (entry.0 + 1, message.chars().take(200).collect());
            }
            _ => {}
        }
    }
}

impl Scenario {
    /// Runs it, prints what came of it, and fails where something is wrong.
    pub fn run(&self) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = std::env::var("ORV_SEED").map_or(since.as_secs(), |text| text.parse().unwrap());
        println!("hostile chain, {}: ORV_SEED={seed}", self.name);
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (devnet, cast) = runtime.block_on(network(folder.path()));
        let mut ways = Vec::new();
        for (number, _) in self.ways.iter().enumerate() {
            let honest = Plan::new(seed + number as u64);
            ways.push(runtime.block_on(HostileNode::start(&devnet.rpc_url(), honest)).unwrap());
        }
        let config = self.configure(folder.path(), &ways);
        let log = folder.path().join("enclave.log");
        let _enclave = Process::ready(&mut process::enclave(folder.path()), &log).unwrap();
        self.misbehave(&ways, seed);
        let beneath = Arc::new(AtomicBool::new(true));
        let trouble = self.trouble(&devnet, seed, &beneath);
        let watcher = Arc::new(Watcher::default());
        let stopping = Arc::new(AtomicBool::new(false));
        let daemon = daemon(config.clone(), &watcher, &stopping);

        let truth = runtime.block_on(Truth::of(&devnet, folder.path(), cast));
        let end = Instant::now() + TORMENT;
        while Instant::now() < end && !runtime.block_on(truth.all_decided()) {
            std::thread::sleep(Duration::from_millis(250));
        }
        beneath.store(false, Ordering::SeqCst);
        for thread in trouble {
            thread.join().unwrap();
        }
        for way in &ways {
            way.set(Plan::new(seed));
        }
        rest(&runtime, &devnet, &watcher, &truth, &config);
        stopping.store(true, Ordering::SeqCst);
        daemon.join().unwrap();

        let findings = runtime.block_on(truth.compare(&config));
        self.print(&ways, &watcher, &findings);
        let (wrong, locked, lost) = (&findings.wrong, &findings.locked, &findings.lost);
        let told: Vec<_> = ways.iter().map(HostileNode::told).collect();
        assert!(
            wrong.is_empty() && locked.is_empty() && lost.is_empty(),
            "seed {seed}\nwrong {wrong:#?}\nlocked {locked:#?}\nlost {lost:#?}\ntold {told:?}"
        );
        if self.expectation == Expectation::EverythingDecided {
            assert_eq!(findings.undecided, Vec::<String>::new(), "seed {seed}");
        }
        runtime.block_on(devnet.stop());
    }

    fn print(&self, ways: &[HostileNode], watcher: &Watcher, findings: &Findings) {
        let faults: usize = ways.iter().map(|way| way.told().len()).sum();
        println!("hostile chain, {}: {faults} faults, {:?}", self.name, findings.ends);
        for (code, (times, last)) in &*watcher.failures.lock().unwrap() {
            println!("  {code} {times} times, last: {last}");
        }
        println!(
            "hostile chain, {}: wrong {}, locked {}, lost {}",
            self.name,
            findings.wrong.len(),
            findings.locked.len(),
            findings.lost.len()
        );
    }

    fn misbehave(&self, ways: &[HostileNode], seed: u64) {
        for (number, (way, faults)) in ways.iter().zip(&self.ways).enumerate() {
            let honest = Plan::new(seed + number as u64);
            way.set(
                faults
                    .iter()
                    .fold(honest, |plan, (fault, chance)| plan.with(*fault, *chance)),
            );
        }
    }

    fn configure(&self, folder: &Path, ways: &[HostileNode]) -> VerifierConfig {
        let urls: Vec<_> = ways.iter().map(HostileNode::url).collect();
        let text = format!(
            "deployment = {:?}\nrpc = {urls:?}\nrpc_quorum = {}\nenclave = \"unix:{}\"\ndata_directory = {:?}\n\
             poll_seconds = 1\nattempts = 3\nrun_seconds = 60\n\n\
             [pause]\nretry_seconds = 1\nfailed_enclave = 1000\nfailed_settlements = 1000\n\n\
             [wallet]\nunsafe_raw_key = \"{}\"\n\n\
             [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{}\"]\n\
             measurements = [{{ id = \"{}\", name = \"this build\" }}]\n",
            folder.join("deployment.json"),
            self.quorum,
            process::socket(folder).display(),
            folder.join("data"),
            key(OPERATORS[0]),
            key(ATTESTER),
            host::measurement(),
        );
        VerifierConfig::parse(&text).unwrap()
    }

    /// What happens to chain and storage themselves, until it is told to end.
    fn trouble(&self, devnet: &Devnet, seed: u64, goes_on: &Arc<AtomicBool>) -> Vec<std::thread::JoinHandle<()>> {
        let mut threads = Vec::new();
        if matches!(self.beneath, Beneath::Reorganised | Beneath::Both) {
            let (url, goes_on) = (devnet.rpc_url(), Arc::clone(goes_on));
            threads.push(std::thread::spawn(move || reorganise(&url, seed, &goes_on)));
        }
        if matches!(self.beneath, Beneath::BadStorage | Beneath::Both) {
            let mut trouble = StorageTrouble::new(devnet.storage().clone(), seed);
            let goes_on = Arc::clone(goes_on);
            threads.push(std::thread::spawn(move || {
                while goes_on.load(Ordering::SeqCst) {
                    trouble.step();
                    std::thread::sleep(Duration::from_millis(400));
                }
                trouble.end();
            }));
        }
        threads
    }
}

fn reorganise(url: &str, seed: u64, goes_on: &AtomicBool) {
    let mut hand = Reorganiser::of(url).unwrap();
    let mut last = Instant::now();
    let mut count = 0;
    while goes_on.load(Ordering::SeqCst) {
        hand.watch().unwrap();
        if last.elapsed() > Duration::from_millis(1500) {
            // Depth and what comes back again by the seed: all, most, or nothing.
            let draw = seed.rotate_left(count) % 30;
            hand.reorganise(1 + draw % 10, [10, 7, 0][(draw / 10) as usize], seed ^ u64::from(count))
                .unwrap();
            last = Instant::now();
            count += 1;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
}

async fn network(folder: &Path) -> (Devnet, Cast) {
    let devnet = Devnet::start(DevnetOptions::default()).await.unwrap();
    let deployed = deploy(&devnet.rpc_url(), plan(devnet.storage_url())).await.unwrap();
    devnet.storage().follow(deployed.address("Flow").unwrap());
    let json = deployed.to_json().unwrap();
    std::fs::write(folder.join("deployment.json"), &json).unwrap();
    let cast = submit_all(&json, SIZE).await;
    (devnet, cast)
}

/// The daemon, started again whenever it ends, as a service manager would.
fn daemon(config: VerifierConfig, watcher: &Arc<Watcher>, stopping: &Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let (watcher, stopping) = (Arc::clone(watcher), Arc::clone(stopping));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        while !stopping.load(Ordering::SeqCst) {
            let asked = Arc::clone(&stopping);
            let stop = async move {
                while !asked.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            let ended = runtime.block_on(Daemon::run(config.clone(), stop, watcher.clone()));
            if let Err(error) = ended {
                eprintln!("the daemon ended: {}: {error}", error.code());
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    })
}

/// Lets everything come to rest: lost tickets lapse and turns come when the chain's clock is moved.
fn rest(runtime: &tokio::runtime::Runtime, devnet: &Devnet, watcher: &Watcher, truth: &Truth, config: &VerifierConfig) {
    let end = Instant::now() + SETTLING;
    let mut idle = 0;
    let (mut seen, mut since) = (watcher.changes.load(Ordering::SeqCst), Instant::now());
    while Instant::now() < end && idle <= IDLE {
        std::thread::sleep(Duration::from_millis(250));
        let changes = watcher.changes.load(Ordering::SeqCst);
        if changes != seen {
            (seen, since, idle) = (changes, Instant::now(), 0);
        } else if since.elapsed() >= QUIET {
            if runtime.block_on(truth.all_decided()) {
                return;
            }
            if since.elapsed() < STUCK && runtime.block_on(is_at_work(config)) {
                continue;
            }
            idle += 1;
            since = Instant::now();
            let seconds = if idle == IDLE { PRIORITY_WINDOW } else { TICKET_LIFE } + 1;
            runtime.block_on(pass(devnet, seconds));
        }
    }
}

/// Whether the daemon has a proposal in hand, as far as its journal can be read beside it.
async fn is_at_work(config: &VerifierConfig) -> bool {
    let Ok(rows) = Daemon::status(config).await else {
        return true;
    };
    let in_hand = [State::TicketOpen, State::Running, State::Judged, State::Settling];
    rows.iter().any(|row| in_hand.contains(&row.state))
}

async fn pass(devnet: &Devnet, seconds: u64) {
    use alloy::providers::Provider;
    let chain = Chain::connect(&devnet.rpc_url(), orv_devnet::chain::GALILEO)
        .await
        .unwrap();
    let steer = chain.provider();
    let _: serde_json::Value = steer.raw_request("evm_increaseTime".into(), [seconds]).await.unwrap();
    let _: serde_json::Value = steer.raw_request("evm_mine".into(), ()).await.unwrap();
}
