//! How far back proposals are looked for.

use crate::fake::Script;
use crate::network::{Network, only};
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::State;
use orv_verifier::{Daemon, Silent};
use serde_json::json;
use std::sync::Arc;

on_both_chains!(what_was_submitted_before_the_first_block_is_found_by_number,);

/// Fifty blocks below, where a first start reads no event any more.
async fn what_was_submitted_before_the_first_block_is_found_by_number(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    for _ in 0..50 {
        network.running.steer("evm_mine", json!([])).await.unwrap();
    }
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

/// A round reads events of 20,000 blocks at most. Anvil would take minutes to make them.
#[tokio::test]
async fn one_call_looks_over_more_blocks_than_one_round() {
    let network = Network::start(PeerKind::Embedded).await;
    for _ in 0..3 {
        network.running.steer("anvil_mine", json!([7000])).await.unwrap();
    }
    let id = network.submit().await;
    let mut config = network.config();
    config.first_block = Some(0);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let row = only(&summary);
    assert_eq!((row.proposal.clone(), row.state), (id.to_string(), State::Seen));
}
