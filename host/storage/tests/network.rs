//! The storage client against the development node, honest, silent and lying: on our chain, and on anvil, which both
//! the client and the node read by JSON-RPC.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod support;

use std::{path::Path, sync::Arc};

use orv_content::{Root, Sha256, identity::MatchedHash, merkle::root_of};
use orv_devnet::{on_both_chains, peer::PeerKind, storage::Fault as NodeFault};
use orv_storage::{Fault, FetchError, IndexSource, Progress, Stage, Storage, StorageOptions};
use serde_json::json;
use support::{Network, content};

on_both_chains!(
    content_of_every_shape_comes_back_as_it_went,
    content_that_is_there_is_not_paid_for_twice,
    content_whose_upload_broke_off_is_not_paid_for_twice,
    content_that_a_reorganisation_took_back_is_published_again,
    a_lying_node_is_blamed_and_its_bytes_go_nowhere,
    a_lie_about_the_size_does_not_change_what_is_fetched,
    a_silent_node_is_no_liar,
    the_cache_answers_when_the_network_is_gone,
    a_network_that_does_not_answer_says_nothing_about_its_content,
    a_sha256_is_found_through_the_artifact_index,
);

async fn content_of_every_shape_comes_back_as_it_went(kind: PeerKind) {
    let network = Network::start(kind).await;
    for size in [1, 256, 300_000, 5_000_000] {
        let bytes = content(size);
        let published = network.client("a").put(bytes.clone(), &network.owner).await.unwrap();
        assert_eq!((published.root, published.size), (root_of(&bytes).unwrap(), size));
        let file = network.client("b").get(published.root, Some(size)).await.unwrap();
        assert_eq!(
            (file.matched, file.read(size).unwrap() == bytes),
            (MatchedHash::ZeroGRoot, true),
            "{size}"
        );
    }
    network.running.stop().await;
}

async fn content_that_is_there_is_not_paid_for_twice(kind: PeerKind) {
    let network = Network::start(kind).await;
    let first = network.client("a").put(content(1000), &network.owner).await.unwrap();
    let second = network.client("a").put(content(1000), &network.owner).await.unwrap();
    assert!(first.transaction.is_some());
    assert_eq!((second.transaction, second.sequence), (None, first.sequence));
    network.running.stop().await;
}

/// Tells when an upload begins, which is after it was paid for.
#[derive(Default)]
struct Begun(tokio::sync::Notify);

impl Progress for Begun {
    fn begin(&self, _stage: Stage, _bytes: u64) {
        self.0.notify_one();
    }

    fn advance(&self, _bytes: u64) {}
}

async fn content_whose_upload_broke_off_is_not_paid_for_twice(kind: PeerKind) {
    let network = Network::start(kind).await;
    let begun = Arc::new(Begun::default());
    let client = network.client("a").reporting_to(begun.clone());
    tokio::select! {
        published = client.put(content(5_000_000), &network.owner) => panic!("{published:?}"),
        () = begun.0.notified() => {}
    }
    let left = async || network.owner.chain().balance(network.owner.address()).await.unwrap();
    let before = left().await;
    let published = client.put(content(5_000_000), &network.owner).await.unwrap();
    assert_eq!(left().await, before);
    let file = network.client("b").get(published.root, None).await.unwrap();
    assert_eq!(file.size, 5_000_000);
    network.running.stop().await;
}

/// The submission is lost with its block, and the node forgets it; publishing again pays and uploads again.
async fn content_that_a_reorganisation_took_back_is_published_again(kind: PeerKind) {
    let network = Network::start(kind).await;
    let snapshot = network.running.steer("evm_snapshot", json!([])).await.unwrap();
    let lost = network.client("a").put(content(1000), &network.owner).await.unwrap();
    assert_eq!(
        network.running.steer("evm_revert", json!([snapshot])).await.unwrap(),
        true
    );
    network.running.steer("evm_increaseTime", json!([60])).await.unwrap();
    network.running.steer("evm_mine", json!([])).await.unwrap();
    let again = network.client("b").put(content(1000), &network.owner).await.unwrap();
    assert_eq!(again.root, lost.root);
    assert!(again.transaction.is_some());
    let file = network.client("c").get(again.root, Some(1000)).await.unwrap();
    assert_eq!(file.read(1000).unwrap(), content(1000));
    network.running.stop().await;
}

async fn blamed(network: &Network, fault: NodeFault) -> Vec<Fault> {
    let published = network.client("a").put(content(300_000), &network.owner).await.unwrap();
    network.running.storage().set_fault(Some(fault));
    let failed = network
        .client(&format!("b-{fault:?}"))
        .get(published.root, Some(published.size))
        .await;
    network.running.storage().set_fault(None);
    let Err(FetchError::NotAvailable { blames, .. }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!(
        network
            .client(&format!("c-{fault:?}"))
            .get(published.root, None)
            .await
            .unwrap()
            .size,
        published.size
    );
    let left = std::fs::read_dir(network.directory.path().join(format!("b-{fault:?}")))
        .unwrap()
        .count();
    assert_eq!(left, 0, "nothing false stays in the cache");
    blames.0.into_iter().map(|blame| blame.fault).collect()
}

async fn a_lying_node_is_blamed_and_its_bytes_go_nowhere(kind: PeerKind) {
    let network = Network::start(kind).await;
    for fault in [NodeFault::Flip, NodeFault::Truncate] {
        let faults = blamed(&network, fault).await;
        assert!(faults.iter().any(Fault::is_lie), "{fault:?}: {faults:?}");
    }
    network.running.stop().await;
}

async fn a_lie_about_the_size_does_not_change_what_is_fetched(kind: PeerKind) {
    let network = Network::start(kind).await;
    let published = network.client("a").put(content(300_000), &network.owner).await.unwrap();
    network.running.storage().set_fault(Some(NodeFault::LieSize));
    let file = network
        .client("b")
        .get(published.root, Some(published.size))
        .await
        .unwrap();
    assert_eq!(file.size, 300_000);
    network.running.stop().await;
}

async fn a_silent_node_is_no_liar(kind: PeerKind) {
    let network = Network::start(kind).await;
    for fault in [NodeFault::Drop] {
        let faults = blamed(&network, fault).await;
        assert!(
            !faults.is_empty() && !faults.iter().any(Fault::is_lie),
            "{fault:?}: {faults:?}"
        );
    }
    network.running.stop().await;
}

async fn the_cache_answers_when_the_network_is_gone(kind: PeerKind) {
    let network = Network::start(kind).await;
    let published = network.client("a").put(content(5000), &network.owner).await.unwrap();
    network.client("b").get(published.root, None).await.unwrap();
    let client = network.client("b");
    network.running.stop().await;
    assert_eq!(
        client
            .get(published.root, Some(5000))
            .await
            .unwrap()
            .read(5000)
            .unwrap(),
        content(5000)
    );
}

async fn a_network_that_does_not_answer_says_nothing_about_its_content(kind: PeerKind) {
    let network = Network::start(kind).await;
    let client = network.client("a");
    let unknown = client.get_by_hash([9; 32]).await;
    assert!(matches!(unknown, Err(FetchError::UnknownHash { .. })), "{unknown:?}");
    network.running.stop().await;
    let silent = client.get_by_hash([9; 32]).await;
    assert!(matches!(silent, Err(FetchError::Unreachable { .. })), "{silent:?}");
}

async fn a_sha256_is_found_through_the_artifact_index(kind: PeerKind) {
    let network = Network::start(kind).await;
    let published = network.client("a").put(content(700), &network.owner).await.unwrap();
    let hash = Sha256::of(&content(700));
    let index = network.directory.path().join("index.json");
    write_index(&index, hash, published.root);
    let options = StorageOptions {
        artifact_index: Some(IndexSource::File(index)),
        ..network.options("b")
    };
    let storage = Storage::connect(options).unwrap();
    let file = storage.get_by_hash(hash.0).await.unwrap();
    assert_eq!((file.matched, file.size), (MatchedHash::Sha256, 700));
    assert_eq!(
        storage.get_by_hash(published.root.0).await.unwrap().matched,
        MatchedHash::ZeroGRoot
    );
    let unknown = storage.get_by_hash([9; 32]).await;
    assert!(matches!(unknown, Err(FetchError::UnknownHash { .. })), "{unknown:?}");
    network.running.stop().await;
}

fn write_index(path: &Path, hash: Sha256, root: Root) {
    let entry = serde_json::json!({"code_fetch_uri": format!("0g://{root}")});
    let index = serde_json::json!({"schemaVersion": "1", "entries": {hash.to_string(): entry}});
    std::fs::write(path, index.to_string()).unwrap();
}
