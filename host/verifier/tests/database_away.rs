//! A journal in PostgreSQL whose server is away when the daemon starts: a service waits for it, everything else says so
//! and ends.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;
mod network;
#[path = "journal/postgres.rs"]
#[allow(dead_code)]
mod postgres;

use fake::Script;
use network::{Network, only};
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::State;
use orv_verifier::{Controls, Daemon, Notice, Observer, Orders, Silent, VerifierConfig};
use postgres::Server;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Tells that the database is away, and stops the daemon when a proposal comes to its end.
struct Watch {
    away: watch::Sender<bool>,
    controls: Controls,
}

impl Observer for Watch {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Failed { code: "ORV-V-081", .. } => drop(self.away.send_replace(true)),
            Notice::Changed {
                state: State::Inconclusive,
                ..
            } => self.controls.stop(),
            _ => {}
        }
    }
}

/// Orders, how the daemon is asked to end, and whether it said that the database is away.
fn orders(config: VerifierConfig) -> (Orders, Controls, watch::Receiver<bool>) {
    let (away, said) = watch::channel(false);
    let orders = Orders::new(config, Arc::new(Silent));
    let controls = orders.controls.clone();
    let observer = Arc::new(Watch {
        away,
        controls: controls.clone(),
    });
    (Orders { observer, ..orders }, controls, said)
}

/// A network, and a configuration whose journal's server is away.
async fn away(server: &mut Server) -> (Network, VerifierConfig) {
    let network = Network::start(PeerKind::Embedded).await;
    let config = VerifierConfig {
        journal: Some(server.database().parse().unwrap()),
        ..network.config()
    };
    server.kill();
    (network, config)
}

/// Where the server makes its socket.
fn socket_folder(config: &VerifierConfig) -> PathBuf {
    let address = String::from(config.journal.clone().unwrap());
    PathBuf::from(address.split_once("?host=").unwrap().1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_at_the_start_is_waited_for() {
    let Some(mut server) = Server::start() else { return };
    let (network, config) = away(&mut server).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let (orders, _, mut said) = orders(config);
    let working = tokio::spawn(Daemon::work(orders));
    said.wait_for(|away| *away).await.unwrap();
    server.restart();
    assert_eq!(only(&working.await.unwrap().unwrap()).state, State::Inconclusive);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_waits_for_its_database_ends_when_it_is_asked_to() {
    let Some(mut server) = Server::start() else { return };
    let (_network, config) = away(&mut server).await;
    // As after an orderly end, or before the first start of a day.
    std::fs::remove_file(socket_folder(&config).join(".s.PGSQL.5432")).unwrap();
    let (orders, controls, mut said) = orders(config.clone());
    let working = tokio::spawn(Daemon::work(orders));
    said.wait_for(|away| *away).await.unwrap();
    controls.stop();
    assert!(working.await.unwrap().unwrap().outcomes.is_empty());
    // It has let go of its folder, too.
    let once = Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap_err();
    assert_eq!(once.code(), "ORV-V-081", "who works once does not wait: {once}");
    let status = Daemon::status(&config).await.unwrap_err();
    assert_eq!(status.code(), "ORV-V-081", "nor does who only reads: {status}");
}

/// It is none that waiting mends.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_no_waiting_brings_is_not_waited_for() {
    let Some(server) = Server::start() else { return };
    let network = Network::start(PeerKind::Embedded).await;
    let right = server.database();
    let (address, _) = right.split_once("?host=").unwrap();
    for wrong in [
        // No such database; no encryption by a socket; no such folder; longer than a socket's address can be.
        right.replace("/journal_0", "/another"),
        format!("{right}&sslmode=require"),
        format!("{address}?host=/no/such/folder"),
        format!("{address}?host=/{}", "long".repeat(60)),
    ] {
        let config = VerifierConfig {
            journal: Some(wrong.parse().unwrap()),
            ..network.config()
        };
        let (orders, _, _) = orders(config);
        let refused = tokio::time::timeout(Duration::from_secs(600), Daemon::work(orders)).await;
        assert_eq!(refused.unwrap().unwrap_err().code(), "ORV-V-008", "{wrong}");
    }
}
