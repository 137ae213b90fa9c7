//! What would be done, without doing it.

use crate::fake::Script;
use crate::network::Network;
use orv_chain::primitives::B256;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::State;
use orv_verifier::{Daemon, Orders, Silent};
use std::sync::Arc;

on_both_chains!(a_rehearsal_says_what_would_be_done_and_sends_nothing,);

async fn a_rehearsal_says_what_would_be_done_and_sends_nothing(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let first = network.submit().await;
    network.submit().await;
    let orders = Orders::new(network.config(), Arc::new(Silent));
    let intentions = Daemon::rehearse(orders).await.unwrap();
    let would: Vec<_> = intentions.iter().map(|intention| intention.would.as_str()).collect();
    assert_eq!(
        would,
        [
            "open a ticket and have the enclave judge it",
            "wait: proposal 0 comes first"
        ]
    );
    assert!(intentions.iter().all(|intention| intention.state == State::Seen));
    assert_eq!(network.open_ticket(first).await, B256::ZERO);
}
