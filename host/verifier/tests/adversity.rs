//! What an operator relies on when the chain, or the way to it, is not as it should be.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod crooked;
mod fake;
mod network;

use alloy::providers::Provider;
use crooked::ClosedWay;
use fake::Script;
use network::{Network, free_address, only};
use orv_chain::bindings::VerifierGateway;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_devnet::{Devnet, DevnetOptions};
use orv_verifier::journal::{Settlement, State, WaitCause};
use orv_verifier::page::PageSettings;
use orv_verifier::{
    Board, Controls, Daemon, Intention, Notice, Observer, Orders, RpcAddresses, Silent, StatusRow, Summary,
    VerifierConfig,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both_chains!(
    a_settlement_that_fails_on_chain_is_paid_for_a_few_times_and_let_go,
    a_settlement_that_failed_on_chain_is_sent_again_after_a_pause,
);

/// The same configuration, with another way to the chain.
fn by_way_of(network: &Network, url: String) -> VerifierConfig {
    VerifierConfig {
        rpc: Some(RpcAddresses::One(url)),
        ..network.config()
    }
}

/// An estimate with which every settlement passes the simulation and runs out of gas on chain.
fn too_little_gas(method: &str, parameters: &Value) -> Option<Value> {
    let settle = <VerifierGateway::settleCall as alloy::sol_types::SolCall>::SELECTOR;
    is_estimate_of(settle, method, parameters).then(|| json!("0x1d4c0"))
}

fn is_estimate_of(selector: [u8; 4], method: &str, parameters: &Value) -> bool {
    let call = &parameters[0];
    let input = call["input"].as_str().or(call["data"].as_str()).unwrap_or_default();
    method == "eth_estimateGas" && input.starts_with(&format!("0x{}", hex::encode(selector)))
}

/// Transactions of the operator that are in blocks.
async fn paid_for(network: &Network) -> u64 {
    let chain = network.deployment.connect().await.unwrap();
    let operator = network.running.accounts()[2].address;
    chain.provider().get_transaction_count(operator).await.unwrap()
}

/// As if every pause were over.
async fn let_time_pass(network: &Network) {
    let pool = network.tables().await;
    let update = sqlx::query("UPDATE proposals SET failed_at = 0");
    update.execute(&pool).await.unwrap();
    pool.close().await;
}

async fn once(config: &VerifierConfig) -> Summary {
    Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap()
}

/// Keeps the codes of what failed.
#[derive(Default)]
struct Failed(Mutex<Vec<&'static str>>);

impl Observer for Failed {
    fn notice(&self, notice: &Notice) {
        if let Notice::Failed { code, .. } = notice {
            self.0.lock().unwrap().push(code);
        }
    }
}

async fn failures_of_once(config: &VerifierConfig) -> Vec<&'static str> {
    let failed = Arc::new(Failed::default());
    Daemon::once(config.clone(), failed.clone()).await.unwrap();
    failed.0.lock().unwrap().clone()
}

async fn row(config: &VerifierConfig) -> StatusRow {
    Daemon::status(config).await.unwrap().remove(0)
}

fn codes(summary: &Summary) -> Vec<&'static str> {
    summary.failures.iter().map(|failure| failure.code).collect()
}

async fn a_settlement_that_fails_on_chain_is_paid_for_a_few_times_and_let_go(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let config = by_way_of(
        &network,
        crooked::start(&network.running.rpc_url(), too_little_gas).await,
    );
    let first = once(&config).await;
    assert_eq!(codes(&first), ["ORV-V-013"]);
    assert_eq!(only(&first).state, State::Judged);
    let paid = paid_for(&network).await;
    assert!(codes(&once(&config).await).is_empty());
    assert_eq!(paid_for(&network).await, paid, "the pause is not over");
    for (times, code) in [(1, "ORV-V-013"), (2, "ORV-V-013"), (3, "ORV-V-073")] {
        let_time_pass(&network).await;
        assert_eq!(failures_of_once(&config).await, [code]);
        assert_eq!(paid_for(&network).await, paid + times);
    }
    let lost = row(&config).await;
    assert_eq!(lost.state, State::Waiting(WaitCause::TicketLost));
    assert!(lost.cause.contains("paid for in vain"), "{}", lost.cause);
    let_time_pass(&network).await;
    assert!(once(&network.config()).await.outcomes.is_empty());
    assert_eq!(paid_for(&network).await, paid + 3, "it is never sent again");
}

async fn a_settlement_that_failed_on_chain_is_sent_again_after_a_pause(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let config = by_way_of(
        &network,
        crooked::start(&network.running.rpc_url(), too_little_gas).await,
    );
    once(&config).await;
    let_time_pass(&network).await;
    let mended = once(&network.config()).await;
    assert_eq!(only(&mended).state, State::Settled(Settlement::Approved));
}

/// What the page answers; nothing while nobody listens.
async fn ask(page: SocketAddr, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(page).await else {
        return String::new();
    };
    let question = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn until_told(page: SocketAddr, path: &str, words: &[&str]) {
    loop {
        let answer = ask(page, path).await;
        if words.iter().all(|word| answer.contains(word)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks the daemon to stop when a proposal comes to its end.
struct StopAtEnd(Controls);

impl Observer for StopAtEnd {
    fn notice(&self, notice: &Notice) {
        if let Notice::Changed {
            state: State::Inconclusive,
            ..
        } = notice
        {
            self.0.stop();
        }
    }
}

fn orders(config: VerifierConfig) -> Orders {
    let orders = Orders::new(config, Arc::new(Silent));
    let observer = Arc::new(StopAtEnd(orders.controls.clone()));
    Orders { observer, ..orders }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_away_at_the_start_is_waited_for_and_the_page_says_so() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let (chain, page) = (ClosedWay::new(), free_address());
    let mut config = by_way_of(&network, chain.url());
    config.page = Some(PageSettings {
        listen: page,
        ..PageSettings::default()
    });
    let working = tokio::spawn(Daemon::work(orders(config)));
    until_told(page, "/readyz", &["503", "the chain cannot be asked", "paused"]).await;
    until_told(page, "/healthz", &["\"alive\":true"]).await;
    chain.open(&network.running.rpc_url());
    assert_eq!(only(&working.await.unwrap().unwrap()).state, State::Inconclusive);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_waits_for_its_chain_ends_when_it_is_asked_to() {
    let network = Network::start(PeerKind::Embedded).await;
    let away = ClosedWay::new();
    let config = by_way_of(&network, away.url());
    let orders = orders(config.clone());
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while !config.data_directory.join("journal.sqlite").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    controls.stop();
    assert!(working.await.unwrap().unwrap().outcomes.is_empty());
    let once = Daemon::once(config, Arc::new(Silent)).await.unwrap_err();
    assert_eq!(once.code(), "ORV-V-010", "who works once does not wait: {once}");
}

fn another_chain(method: &str, _parameters: &Value) -> Option<Value> {
    (method == "eth_chainId").then(|| json!("0x1"))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_or_one_without_the_contracts_is_not_waited_for() {
    let network = Network::start(PeerKind::Embedded).await;
    let other = crooked::start(&network.running.rpc_url(), another_chain).await;
    let empty = Devnet::start(DevnetOptions::default()).await.unwrap();
    for (url, words) in [(other, "serves chain 1"), (empty.rpc_url(), "no code at")] {
        let refused = Daemon::work(orders(by_way_of(&network, url))).await.unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
    empty.stop().await;
}

/// Every file below a folder, with what is in it; nothing where there is no folder.
fn everything_in(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let below = |path: PathBuf| match path.is_dir() {
        true => everything_in(&path),
        false => BTreeMap::from([(path.clone(), std::fs::read(path).unwrap())]),
    };
    entries.flat_map(|entry| below(entry.unwrap().path())).collect()
}

async fn rehearsed(config: &VerifierConfig) -> Vec<String> {
    let orders = Orders::new(config.clone(), Arc::new(Silent));
    let intentions = Daemon::rehearse(orders).await.unwrap();
    let said = |intention: &Intention| format!("{}: {}", intention.proposal, intention.would);
    intentions.iter().map(said).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_leaves_nothing_behind_and_changes_no_journal() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let config = network.config();
    let begin = "open a ticket and have the enclave judge it";
    assert_eq!(rehearsed(&config).await, [format!("0: {begin}")]);
    assert!(!config.data_directory.exists());
    once(&config).await;
    network.submit().await;
    // The last connection takes it away when it is closed, which the daemon's end does not wait for.
    while config.data_directory.join("journal.sqlite-wal").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = everything_in(&config.data_directory);
    let would = rehearsed(&config).await;
    assert_eq!(
        would,
        ["0: try again, if an attempt is left".to_owned(), format!("1: {begin}")]
    );
    assert_eq!(everything_in(&config.data_directory), before);
    assert!(config.data_directory.join("journal.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_does_not_wait_for_the_daemon_that_works_in_the_folder() {
    let network = Network::start(PeerKind::Embedded).await;
    network.submit().await;
    let config = network.config();
    let orders = orders(config.clone());
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while !config.data_directory.join("daemon-id").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rehearsed(&config).await.len(), 1);
    controls.stop();
    working.await.unwrap().unwrap();
}

/// As after a new boot of the only enclave, whose key the daemon has had admitted: the ticket's key is gone with the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_key_is_gone_is_said_to_wait_until_it_lapses() {
    let network = Network::start(PeerKind::Embedded).await;
    let (boots, socket) = (
        Arc::new(AtomicU8::new(1)),
        network.directory.path().join("enclave.sock"),
    );
    let booted = Arc::clone(&boots);
    fake::listen_as(&socket, Script::Silence, move || booted.load(Ordering::SeqCst));
    network.submit().await;
    let mut config = network.config();
    let running = Orders::new(config.clone(), Arc::new(Silent));
    let at_run = Orders {
        observer: Arc::new(HandBackAt(State::Running, running.controls.clone())),
        ..running
    };
    Daemon::once_with(at_run).await.unwrap();
    let open = row(&config).await;
    assert_eq!((open.state, open.waits_for_lapse()), (State::TicketOpen, None));
    assert_eq!(open.next(), State::TicketOpen.words().next);
    let would = rehearsed(&config).await.remove(0);
    assert!(would.contains("have the enclave with key 0x"), "{would}");

    boots.store(2, Ordering::SeqCst);
    config.run_seconds = 1;
    once(&config).await;
    let left = row(&config).await;
    let waits = left.waits_for_lapse().unwrap();
    assert_eq!((left.state, left.next().as_ref()), (State::TicketOpen, waits.as_str()));
    assert!(
        waits.starts_with("No enclave has its key any more: its ticket lapses at 20"),
        "{waits}"
    );
    let would = rehearsed(&config).await;
    assert_eq!(would, [format!("0: wait: {waits}")]);
}

/// Hands back what is in flight when a proposal comes into a state.
struct HandBackAt(State, Controls);

impl Observer for HandBackAt {
    fn notice(&self, notice: &Notice) {
        if let Notice::Changed { state, .. } = notice
            && *state == self.0
        {
            self.1.hand_back();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_is_taken_up_is_told_to_the_board() {
    let network = Network::start(PeerKind::Embedded).await;
    let file = network.directory.path().join("verifier.toml");
    let config = network.config();
    std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let board = Board::new(Arc::new(Silent));
    let orders = Orders {
        file: Some(file),
        ..Orders::new(config, board.clone())
    };
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while board.live().rounds == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(board.live().reloaded, None);
    controls.reload();
    while board.live().reloaded.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    controls.stop();
    working.await.unwrap().unwrap();
}

/// Two of three endpoints agree; the third one is away.
#[tokio::test(flavor = "multi_thread")]
async fn the_board_has_how_each_endpoint_of_the_chain_stands() {
    let network = Network::start(PeerKind::Embedded).await;
    let direct = network.running.rpc_url();
    let other = crooked::start(&direct, |_, _| None).await;
    let away = ClosedWay::new();
    let config = VerifierConfig {
        rpc: Some(RpcAddresses::Several(vec![direct, other, away.url()])),
        rpc_quorum: 2,
        ..network.config()
    };
    let board = Board::new(Arc::new(Silent));
    let orders = Orders::new(config, board.clone());
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    let seen = loop {
        if let Some((_, seen)) = board.live().surroundings.filter(|(_, seen)| seen.head.is_some()) {
            break seen.endpoints;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let stand: Vec<_> = seen.iter().map(|seen| (seen.code, seen.behind)).collect();
    assert_eq!(stand, [(None, Some(0)), (None, Some(0)), (Some("ORV-N-001"), None)]);
    assert!(seen[2].state.starts_with("ORV-N-001: no answer"), "{}", seen[2].state);
    controls.stop();
    working.await.unwrap().unwrap();
}

/// As [`too_little_gas`], for tickets.
fn too_little_gas_for_tickets(method: &str, parameters: &Value) -> Option<Value> {
    let open = <VerifierGateway::openCall as alloy::sol_types::SolCall>::SELECTOR;
    is_estimate_of(open, method, parameters).then(|| json!("0x9c40"))
}

/// The evidence and the admission are paid for, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_fails_on_chain_is_not_paid_for_in_every_round() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let way = crooked::start(&network.running.rpc_url(), too_little_gas_for_tickets).await;
    let board = Board::new(Arc::new(Silent));
    let orders = Orders::new(by_way_of(&network, way), board.clone());
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while !board.live().failures.steps.contains_key("ORV-V-070") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let given_up = board.live().rounds;
    while board.live().rounds < given_up + 5 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    controls.hand_back();
    working.await.unwrap().unwrap();
    assert_eq!(board.live().failures.steps["ORV-V-013"], 3);
    assert_eq!(board.live().failures.steps["ORV-V-070"], 1);
    assert_eq!(paid_for(&network).await, 2 + 3);
}
