//! The page of a daemon that works: what happens is seen on it while it happens.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;
mod network;
mod page_support;

use fake::Script;
use network::{Network, free_address};
use orv_devnet::peer::PeerKind;
use orv_verifier::page::PageSettings;
use orv_verifier::{Board, Daemon, Observer, Silent, VerifierConfig};
use page_support::ask;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest wait for something to be seen.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again and again until what is told fulfils the condition.
async fn until(address: SocketAddr, path: &str, condition: impl Fn(&str) -> bool) {
    let seen = async {
        loop {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                let answer = ask(address, "GET", path, "localhost").await.text();
                if condition(&answer) {
                    return;
                }
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("{path}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_daemon_shows_its_proposal_its_key_and_its_chain() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    let proposal = network.submit().await;
    let address = free_address();
    let config = VerifierConfig {
        page: Some(PageSettings {
            listen: address,
            ..PageSettings::default()
        }),
        ..network.config()
    };
    let watched = async {
        until(address, "/metrics", |text| {
            text.contains("orv_verdicts_total{verdict=\"inconclusive\"} 1\n")
        })
        .await;
        until(address, "/metrics", |text| {
            text.contains("orv_proposals{state=\"inconclusive\"} 1\n")
        })
        .await;
        until(address, "/metrics", |text| {
            text.contains("orv_key_live{enclave=") && text.contains("orv_chain_head_block ")
        })
        .await;
        until(address, "/metrics", |text| text.contains("orv_gateway_listed 1\n")).await;
        until(address, "/healthz", |text| text.contains("\"alive\":true")).await;
        until(address, &format!("/proposals/{proposal}"), |html| {
            html.contains("ticket open")
        })
        .await;
        let receipt = ask(address, "GET", &format!("/proposals/{proposal}/receipt"), "localhost").await;
        assert!(orv_receipt::Receipt::decode(&receipt.body).is_ok());
    };
    Daemon::run(config, watched, Arc::new(Silent)).await.unwrap();
    let mut tries = (0..500).map(|_| TcpListener::bind(address).is_ok());
    let ended = tries.any(|free| {
        if !free {
            std::thread::sleep(Duration::from_millis(20));
        }
        free
    });
    assert!(ended, "the page ends with its daemon");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_whose_page_cannot_be_served_works_on() {
    let network = Network::start(PeerKind::Embedded).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = VerifierConfig {
        page: Some(PageSettings {
            listen: taken.local_addr().unwrap(),
            ..PageSettings::default()
        }),
        ..network.config()
    };
    let board = Board::new(Arc::new(Silent));
    let seen = async {
        loop {
            let live = board.live();
            if live.failures.steps.contains_key("ORV-V-085") && live.changes.contains_key("inconclusive") {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    let stop = async { timeout(PATIENCE, seen).await.unwrap() };
    Daemon::run(config, stop, Arc::clone(&board) as Arc<dyn Observer>)
        .await
        .unwrap();
}
