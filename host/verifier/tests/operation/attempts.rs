//! What counts as an attempt, and how many there are.

use crate::fake::Script;
use crate::network::{Network, forget_receipts, only, put_back};
use crate::stop_at::{StopAt, hand_back_at};
use orv_chain::primitives::B256;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{State, WaitCause};
use orv_verifier::{Controls, Daemon, Silent};
use std::sync::Arc;
use std::time::Duration;

on_both_chains!(
    a_storage_network_that_is_away_for_a_while_uses_up_no_ticket,
    a_review_is_written_once_for_each_attempt,
    no_more_proposals_are_begun_than_a_run_may,
    an_attempt_without_a_ticket_leaves_the_limit_as_it_is,
);

async fn a_storage_network_that_is_away_for_a_while_uses_up_no_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let id = network.submit().await;
    hand_back_at(State::Judged, network.config()).await;
    put_back(&network, "ticket-open").await;
    forget_receipts(&network).await;
    let mut config = network.config();
    config.storage_indexer = Some("http://127.0.0.1:9".to_owned());
    for _ in 0..3 {
        let away = Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap();
        let codes: Vec<_> = away.failures.iter().map(|failure| failure.code).collect();
        assert_eq!(codes, ["ORV-V-020"]);
        assert_eq!(
            network.times(id, State::Running).await,
            1,
            "it was not given to the enclave"
        );
    }
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

async fn a_review_is_written_once_for_each_attempt(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::NoImprovement);
    network.submit().await;
    network.once().await;
    for state in ["settling", "judged", "settled:rejected"] {
        put_back(&network, state).await;
        network.once().await;
    }
    let reviews = std::fs::read_to_string(network.directory.path().join("data/reviews.jsonl")).unwrap();
    assert_eq!(reviews.lines().count(), 1, "{reviews}");
}

async fn no_more_proposals_are_begun_than_a_run_may(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let second = network.submit().await;
    let mut config = network.config();
    config.limits.proposals = Some(1);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [State::Inconclusive, State::Waiting(WaitCause::EarlierUndecided)]
    );
    assert_eq!(network.open_ticket(second).await, B256::ZERO);
}

/// The enclave is started after the first tries; there is a second proposal for when the limit is reached.
async fn an_attempt_without_a_ticket_leaves_the_limit_as_it_is(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.submit().await;
    let second = network.submit().await;
    let mut config = network.config();
    config.limits.proposals = Some(1);
    config.pause.failed_enclave = 0;
    let told = StopAt::new(State::SetAside, Controls::stop);
    let working = tokio::spawn(Daemon::work(told.orders(config)));
    let until = async |code: &'static str| {
        while !told.told.lock().unwrap().contains(&code) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until("ORV-V-030").await;
    network.enclave(Script::MissingBytes);
    until("ORV-V-070").await;
    told.controls.stop();
    let summary = working.await.unwrap().unwrap();
    assert_eq!(summary.outcomes[0].state, State::Inconclusive, "{summary:?}");
    assert_eq!(network.open_ticket(second).await, B256::ZERO);
}
