//! One daemon for each folder and each proposal.

use crate::OTHER_DAEMON;
use crate::fake::Script;
use crate::network::{Network, only};
use crate::stop_at::{StopAt, hand_back_at};
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{Claim, State};
use orv_verifier::{Controls, Daemon, Notice, Observer, Orders, Silent, VerifierError};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

on_both_chains!(
    a_second_daemon_in_the_same_folder_is_refused,
    a_proposal_that_another_daemon_works_on_is_left_alone,
    what_is_only_prepared_is_free_for_other_daemons,
    a_statement_that_cannot_be_paid_for_is_free_for_other_daemons,
);

async fn a_second_daemon_in_the_same_folder_is_refused(kind: PeerKind) {
    let network = Network::start(kind).await;
    let controls = Controls::new();
    let first = Orders {
        controls: controls.clone(),
        ..Orders::new(network.config(), Arc::new(Silent))
    };
    let working = tokio::spawn(Daemon::work(first));
    while !network.config().data_directory.join("daemon-id").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = Daemon::once(network.config(), Arc::new(Silent)).await.unwrap_err();
    assert!(matches!(refused, VerifierError::DataDirectoryTaken(_)), "{refused}");
    controls.stop();
    working.await.unwrap().unwrap();
}

async fn a_proposal_that_another_daemon_works_on_is_left_alone(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let id = network.submit().await;
    let mut config = network.config();
    config.projects.deny = vec![network.project];
    Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let other = network.journal(OTHER_DAEMON).await;
    assert_eq!(other.claim(id, 600).await.unwrap(), Claim::Taken);
    let meanwhile = network.once().await;
    assert!(
        meanwhile.outcomes.is_empty() && meanwhile.failures.is_empty(),
        "{meanwhile:?}"
    );
    other.release(id).await.unwrap();
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

/// Counts rounds.
#[derive(Default)]
struct Rounds(AtomicU32);

impl Observer for Rounds {
    fn notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Observed(_)) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// No enclave listens, and after the first failure none is tried for a minute.
async fn what_is_only_prepared_is_free_for_other_daemons(kind: PeerKind) {
    let network = Network::start(kind).await;
    let id = network.submit().await;
    let mut config = network.config();
    config.pause.failed_enclave = 1;
    let rounds = Arc::new(Rounds::default());
    let orders = Orders::new(config, Arc::clone(&rounds) as Arc<dyn Observer>);
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while rounds.0.load(Ordering::Relaxed) < 4 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let other = network.journal(OTHER_DAEMON).await;
    assert_eq!(other.claim(id, 600).await.unwrap(), Claim::Taken);
    controls.stop();
    working.await.unwrap().unwrap();
}

async fn a_statement_that_cannot_be_paid_for_is_free_for_other_daemons(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    hand_back_at(State::Judged, network.config()).await;
    let operator = network.running.accounts()[2].address;
    let nothing = json!([operator, "0x0"]);
    network.running.steer("anvil_setBalance", nothing).await.unwrap();
    let poor = StopAt::new(State::SetAside, Controls::stop);
    let working = tokio::spawn(Daemon::work(poor.orders(network.config())));
    while poor.told.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = network.journal(OTHER_DAEMON).await;
    // For a moment of each round the first one tries it again.
    while other.claim(id, 600).await.unwrap() != Claim::Taken {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(other.get(id).await.unwrap().state, State::Judged);
    poor.controls.stop();
    working.await.unwrap().unwrap();
}
