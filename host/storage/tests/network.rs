//! The storage client against the development node, honest, silent and lying: on our chain, and on anvil, which both
//! the client and the node read by JSON-RPC.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod support;

use std::{path::Path, sync::Arc};

use alloy::{network::TransactionBuilder, providers::Provider, rpc::types::TransactionRequest};
use orv_chain::primitives::Address;
use orv_content::{Root, Sha256, identity::MatchedHash, merkle::root_of};
use orv_devnet::{
    client::connect,
    on_both_chains,
    peer::PeerKind,
    storage::{Fault as NodeFault, NodeOptions, ShardCount},
};
use orv_storage::{Fault, FetchError, FileId, IndexSource, Progress, PublishError, Stage, Storage, StorageOptions};
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
    content_is_spread_over_shards_and_comes_back,
    an_upload_that_another_client_began_is_gone_on_with,
    only_the_pinned_flow_contract_is_paid,
    what_was_stored_is_in_the_cache,
    content_is_found_by_its_number_in_the_flow,
    a_flow_of_the_first_generation_takes_content_too,
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

/// The submission is lost with its block, and the node forgets it. Publishing again pays again, unless the payer's own
/// account has brought the first payment back by then; the content is uploaded again either way.
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

async fn content_is_spread_over_shards_and_comes_back(kind: PeerKind) {
    for shards in [2, 4] {
        let nodes = NodeOptions {
            shards: ShardCount::new(shards).unwrap(),
            ..NodeOptions::default()
        };
        let network = Network::start_with(kind, nodes).await;
        for size in [1, 300_000, 5 * 262_144 + 1] {
            let published = network.client("a").put(content(size), &network.owner).await.unwrap();
            let file = network.client("b").get(published.root, Some(size)).await.unwrap();
            assert!(file.read(size).unwrap() == content(size), "{size} over {shards}");
        }
        network.running.stop().await;
    }
}

async fn an_upload_that_another_client_began_is_gone_on_with(kind: PeerKind) {
    let network = Network::start(kind).await;
    let begun = Arc::new(Begun::default());
    let client = network.client("a").reporting_to(begun.clone());
    tokio::select! {
        published = client.put(content(5_000_000), &network.owner) => panic!("{published:?}"),
        () = begun.0.notified() => {}
    }
    drop(client);
    let file = network.directory.path().join("content");
    std::fs::write(&file, content(5_000_000)).unwrap();
    let file = std::fs::File::open(file).unwrap();
    let published = network.client("b").put_file(file, &network.owner).await.unwrap();
    assert_eq!((published.transaction, published.sequence), (None, 0));
    let got = network.client("c").get(published.root, Some(5_000_000)).await.unwrap();
    assert!(got.read(5_000_000).unwrap() == content(5_000_000));
    network.running.stop().await;
}

async fn only_the_pinned_flow_contract_is_paid(kind: PeerKind) {
    let network = Network::start(kind).await;
    let pinned = |flow| StorageOptions {
        flow: Some(flow),
        ..network.options("a")
    };
    let other = Storage::connect(pinned(Address::repeat_byte(7))).unwrap();
    let refused = other.put(content(1000), &network.owner).await;
    assert!(
        matches!(refused, Err(PublishError::OtherFlow { named, .. }) if named == network.flow),
        "{refused:?}"
    );
    let right = Storage::connect(pinned(network.flow)).unwrap();
    right.put(content(1000), &network.owner).await.unwrap();
    network.running.stop().await;
}

async fn what_was_stored_is_in_the_cache(kind: PeerKind) {
    let network = Network::start(kind).await;
    let client = network.client("a");
    let published = client.put(content(300_000), &network.owner).await.unwrap();
    network.running.stop().await;
    let file = client.get(published.root, Some(300_000)).await.unwrap();
    assert!(file.read(300_000).unwrap() == content(300_000));
}

async fn content_is_found_by_its_number_in_the_flow(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.client("a").put(content(1000), &network.owner).await.unwrap();
    let second = network.client("a").put(content(2000), &network.owner).await.unwrap();
    let (root, file) = network.client("b").get_by_sequence(1).await.unwrap();
    assert_eq!((root, file.size), (second.root, 2000));
    let views = network.client("b").describe(FileId::Root(root)).await.unwrap();
    let told = views[0].file.as_ref().unwrap();
    assert_eq!((told.sequence, told.size, told.finalized), (1, 2000, true));
    let missing = network.client("b").get_by_sequence(2).await;
    assert!(
        matches!(missing, Err(FetchError::NoSubmission { sequence: 2, .. })),
        "{missing:?}"
    );
    network.running.stop().await;
}

/// A contract that knows the first interface only: it does what the Flow contract does, and like any contract reverts
/// without a word when asked for a function that it does not have.
fn first_generation(flow: Address) -> Vec<u8> {
    let head = "5f3560e01c63bc8c11f814603b5736";
    let body = format!(
        "{head}5f5f375f5f365f73{}5af43d5f5f3e6037573d5ffd5b3d5ff35b5f5ffd",
        hex::encode(flow)
    );
    let code = hex::decode(body).unwrap();
    let length = u8::try_from(code.len()).unwrap();
    // PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN: the code follows.
    [
        &[0x60, length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3],
        code.as_slice(),
    ]
    .concat()
}

async fn a_flow_of_the_first_generation_takes_content_too(kind: PeerKind) {
    let network = Network::start(kind).await;
    let provider = connect(&network.running.rpc_url(), network.running.accounts()[0].signer.clone()).unwrap();
    let creation = TransactionRequest::default().with_deploy_code(first_generation(network.flow));
    let receipt = provider
        .send_transaction(creation)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let first = receipt.contract_address.unwrap();
    network.running.storage().follow(first);
    for size in [1000, 300_000] {
        let published = network.client("a").put(content(size), &network.owner).await.unwrap();
        let file = network.client("b").get(published.root, Some(size)).await.unwrap();
        assert!(published.transaction.is_some() && file.read(size).unwrap() == content(size));
    }
    network.running.stop().await;
}
