//! The storage node as an honest client and as a hostile one see it, on a network deployed by the crate itself: beside our
//! chain in the same process, and beside anvil by JSON-RPC.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use alloy::primitives::{Address, B256, U256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use orv_content::Root;
use orv_content::merkle::{SEGMENT_BYTES, SegmentProof, Shape, prove, root_of, submission_nodes};
use orv_contracts::development::{FixedPrice, Flow};
use orv_devnet::deployment::{Deployment, deploy};
use orv_devnet::on_both_chains;
use orv_devnet::peer::{Network, PeerKind};
use orv_devnet::storage::{Fault, NodeOptions, ShardCount, StorageNetwork, StorageOptions};
use serde_json::{Value, json};
use support::{plan_of, post, quantity, result, rpc, wallet_at};

on_both_chains!(
    a_file_is_submitted_uploaded_and_downloaded_with_proofs,
    a_wrong_segment_is_refused_in_the_reference_nodes_words,
    a_small_file_may_arrive_before_its_transaction,
    the_gateway_sends_files_and_puts_its_errors_into_status_200,
    a_faulty_node_does_what_it_was_told,
    a_submission_that_a_reorganisation_took_back_is_forgotten,
    a_submission_that_took_anothers_place_is_found_however_far_the_chain_went_on,
    files_outlive_the_node_in_its_directory,
    a_half_uploaded_file_is_completed_after_a_restart,
    each_of_several_nodes_has_its_shard_and_the_gateway_has_all,
    a_second_node_reads_the_same_files_from_the_chain,
    the_node_tells_how_far_it_has_read,
);

async fn network(kind: PeerKind) -> (Network, Deployment) {
    network_with(kind, NodeOptions::default()).await
}

async fn network_with(kind: PeerKind, nodes: NodeOptions) -> (Network, Deployment) {
    let network = Network::start_with(kind, nodes).await.unwrap();
    let plan = plan_of(network.accounts()[0].signer.clone(), network.storage_url());
    let deployment = deploy(&network.rpc_url(), plan).await.unwrap();
    network.storage().follow(deployment.address("Flow").unwrap());
    (network, deployment)
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 31 % 251) as u8).collect()
}

/// Submits on the Flow contract as generation 3 and pays the sectors.
async fn submit(network: &Network, deployment: &Deployment, content: &[u8]) -> Root {
    let wallet = wallet_at(&network.rpc_url(), network.accounts()[3].signer.clone());
    let flow = Flow::new(deployment.address("Flow").unwrap(), &wallet);
    let market = FixedPrice::new(flow.market().call().await.unwrap(), &wallet);
    let nodes = submission_nodes(content).unwrap();
    let sectors: u64 = nodes.iter().map(|node| 1u64 << node.height).sum();
    let price = market.pricePerSector().call().await.unwrap();
    let nodes = nodes.iter().map(|node| Flow::SubmissionNode {
        root: B256::from(node.root.0),
        height: U256::from(node.height),
    });
    let data = Flow::SubmissionData {
        length: U256::from(content.len()),
        tags: Default::default(),
        nodes: nodes.collect(),
    };
    let submission = Flow::Submission {
        data,
        submitter: network.accounts()[3].address,
    };
    let sent = flow
        .submit_0(submission)
        .value(price * U256::from(sectors))
        .send()
        .await
        .unwrap();
    assert!(sent.get_receipt().await.unwrap().status());
    root_of(content).unwrap()
}

fn segment(content: &[u8], index: u64) -> Value {
    let start = (index * SEGMENT_BYTES) as usize;
    let end = content.len().min(start + SEGMENT_BYTES as usize);
    let mut data = content[start..end].to_vec();
    data.resize(data.len().next_multiple_of(256), 0);
    json!({
        "root": root_of(content).unwrap(), "data": STANDARD.encode(data), "index": index,
        "proof": prove(content, index).unwrap(), "fileSize": content.len(),
    })
}

async fn upload(network: &Network, content: &[u8], sequence: u64) {
    for index in 0..Shape::of(content.len() as u64).unwrap().data_segments() {
        let params = json!([[segment(content, index)], sequence]);
        assert_eq!(
            result(&network.storage_url(), "zgs_uploadSegmentsByTxSeq", params).await,
            1
        );
    }
}

async fn gateway(network: &Network, path: &str) -> (u16, Vec<u8>) {
    let response = reqwest::get(format!("{}{path}", network.storage_url())).await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn a_file_is_submitted_uploaded_and_downloaded_with_proofs(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let url = network.storage_url();
    let content = content(600_001);
    let root = submit(&network, &deployment, &content).await;
    let before = result(&url, "zgs_getFileInfo", json!([root, true])).await;
    assert_eq!(
        (&before["finalized"], &before["tx"]["seq"], &before["tx"]["size"]),
        (&json!(false), &json!(0), &json!(600_001))
    );
    assert_eq!(
        before["tx"]["merkleNodes"][0][0],
        submission_nodes(&content).unwrap()[0].height + 1
    );
    upload(&network, &content, 0).await;
    assert_eq!(result(&url, "zgs_checkFileFinalized", json!([root])).await, true);
    assert_eq!(result(&url, "zgs_checkFileFinalized", json!([0])).await, true);
    let shape = Shape::of(content.len() as u64).unwrap();
    let mut downloaded = Vec::new();
    for index in 0..shape.data_segments() {
        let answer = result(&url, "zgs_downloadSegmentWithProofByTxSeq", json!([0, index])).await;
        let data = STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        let proof: SegmentProof = serde_json::from_value(answer["proof"].clone()).unwrap();
        proof.verify(&root, &shape, index, &data).unwrap();
        downloaded.extend(data);
    }
    downloaded.truncate(content.len());
    assert_eq!(downloaded, content);
    let chunks = result(&url, "zgs_downloadSegmentByTxSeq", json!([0, 1024, 2048])).await;
    assert_eq!(
        STANDARD.decode(chunks.as_str().unwrap()).unwrap(),
        content[262_144..524_288]
    );
    let locations = result(&url, "indexer_getFileLocations", json!([root])).await;
    assert_eq!(locations[0]["url"], url);
}

async fn a_wrong_segment_is_refused_in_the_reference_nodes_words(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let content = content(600_001);
    submit(&network, &deployment, &content).await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut wrong = segment(&content, 1);
        change(&mut wrong);
        let answer = rpc(&network.storage_url(), "zgs_uploadSegmentByTxSeq", json!([wrong, 0])).await;
        let error = &answer["error"];
        format!(
            "{} {} / {}",
            error["code"],
            error["message"].as_str().unwrap(),
            error["data"].as_str().unwrap()
        )
    };
    let flipped = |wrong: &mut Value| wrong["data"] = STANDARD.encode(vec![7; SEGMENT_BYTES as usize]).into();
    assert_eq!(
        refused(&flipped).await,
        "-32602 Invalid params: proof / validation failed"
    );
    let other_index = |wrong: &mut Value| wrong["proof"] = json!(prove(&content, 0).unwrap());
    assert_eq!(
        refused(&other_index).await,
        "-32602 Invalid params: proof / invalid proof"
    );
    let short = |wrong: &mut Value| wrong["data"] = STANDARD.encode(vec![7; 256]).into();
    assert_eq!(
        refused(&short).await,
        "-32602 Invalid params: data / invalid data length"
    );
    let outside = |wrong: &mut Value| wrong["index"] = 9.into();
    assert_eq!(
        refused(&outside).await,
        "-32602 Invalid params: index / index out of bound"
    );
    let empty = |wrong: &mut Value| wrong["fileSize"] = 0.into();
    assert_eq!(
        refused(&empty).await,
        "-32602 Invalid params: file_size / file is empty"
    );
    upload(&network, &content, 0).await;
    assert_eq!(
        refused(&|_| {}).await,
        "-32602 Invalid params: root / already uploaded and finalized"
    );
}

async fn a_small_file_may_arrive_before_its_transaction(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let content = content(1000);
    let url = network.storage_url();
    assert_eq!(
        result(&url, "zgs_uploadSegment", json!([segment(&content, 0)])).await,
        1
    );
    let root = submit(&network, &deployment, &content).await;
    assert_eq!(
        result(&url, "zgs_getFileInfo", json!([root, true])).await["finalized"],
        true
    );
}

async fn the_gateway_sends_files_and_puts_its_errors_into_status_200(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let content = content(70_000);
    let root = submit(&network, &deployment, &content).await;
    let code = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["code"].clone();
    let (status, body) = gateway(&network, "/file?txSeq=0").await;
    assert_eq!((status, code(&body)), (200, json!(103)));
    let body =
        json!({"txSeq": 0, "index": 0, "data": segment(&content, 0)["data"], "proof": segment(&content, 0)["proof"]});
    assert_eq!(
        post(&format!("{}/file/segment", network.storage_url()), &body).await["code"],
        0
    );
    assert_eq!(
        gateway(&network, &format!("/file?root={root}&name=a.tar")).await,
        (200, content.clone())
    );
    let (status, body) = gateway(&network, "/file?txSeq=5").await;
    assert_eq!((status, code(&body)), (200, json!(101)));
    assert_eq!(code(&gateway(&network, "/file?root=nothing").await.1), 1);
    let (_, info) = gateway(&network, &format!("/file/info/{root}")).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&info).unwrap()["data"]["finalized"],
        true
    );
    let (_, status) = gateway(&network, "/node/status").await;
    let status: Value = serde_json::from_slice(&status).unwrap();
    assert_eq!(status["data"]["networkIdentity"]["chainId"], 16602);
}

async fn a_faulty_node_does_what_it_was_told(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let content = content(1000);
    let root = submit(&network, &deployment, &content).await;
    upload(&network, &content, 0).await;
    let path = format!("/file?root={root}");
    network.storage().set_fault(Some(Fault::Flip));
    let (_, flipped) = gateway(&network, &path).await;
    assert_eq!(flipped.len(), content.len());
    assert_ne!(root_of(&flipped).unwrap(), root);
    network.storage().set_fault(Some(Fault::Truncate));
    assert_eq!(gateway(&network, &path).await.1.len(), content.len() - 1);
    network.storage().set_fault(Some(Fault::Drop));
    assert_eq!(
        result(&network.storage_url(), "zgs_downloadSegment", json!([root, 0, 4])).await,
        Value::Null
    );
    network.storage().set_fault(Some(Fault::LieSize));
    assert_eq!(
        result(&network.storage_url(), "zgs_getFileInfoByTxSeq", json!([0])).await["tx"]["size"],
        1001
    );
    network.storage().set_fault(Some(Fault::Error200));
    let (status, body) = gateway(&network, &path).await;
    assert_eq!(
        (status, &serde_json::from_slice::<Value>(&body).unwrap()["code"]),
        (200, &json!(2))
    );
    network.storage().set_fault(None);
    assert_eq!(gateway(&network, &path).await.1, content);
}

async fn a_submission_that_a_reorganisation_took_back_is_forgotten(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let snapshot = result(&network.rpc_url(), "evm_snapshot", json!([])).await;
    let root = submit(&network, &deployment, &content(1000)).await;
    assert_ne!(
        result(&network.storage_url(), "zgs_getFileInfo", json!([root, true])).await,
        Value::Null
    );
    result(&network.rpc_url(), "evm_revert", json!([snapshot])).await;
    assert_eq!(
        result(&network.storage_url(), "zgs_getFileInfo", json!([root, true])).await,
        Value::Null
    );
}

async fn files_outlive_the_node_in_its_directory(kind: PeerKind) {
    let directory = tempfile::tempdir().unwrap();
    let nodes = || NodeOptions {
        directory: Some(directory.path().to_owned()),
        ..NodeOptions::default()
    };
    let content = content(300_000);
    let (network, deployment) = network_with(kind, nodes()).await;
    submit(&network, &deployment, &content).await;
    upload(&network, &content, 0).await;
    network.stop().await;
    let (network, deployment) = network_with(kind, nodes()).await;
    let root = submit(&network, &deployment, &content).await;
    assert_eq!(gateway(&network, &format!("/file?root={root}")).await.1, content);
}

async fn a_half_uploaded_file_is_completed_after_a_restart(kind: PeerKind) {
    let directory = tempfile::tempdir().unwrap();
    let (network, deployment) = network(kind).await;
    let content = content(600_000);
    let root = submit(&network, &deployment, &content).await;
    let start = async || {
        let options = StorageOptions {
            rpc_url: network.rpc_url(),
            flow: deployment.address("Flow"),
            nodes: NodeOptions {
                directory: Some(directory.path().to_owned()),
                ..NodeOptions::default()
            },
        };
        StorageNetwork::start(options).await.unwrap()
    };
    let send =
        async |url: &str, index| result(url, "zgs_uploadSegmentsByTxSeq", json!([[segment(&content, index)], 0])).await;
    let before = start().await;
    send(&before.url(), 0).await;
    send(&before.url(), 2).await;
    before.stop().await;
    let after = start().await;
    let told = result(&after.url(), "zgs_getFileInfo", json!([root, true])).await;
    assert_eq!(
        (&told["finalized"], &told["uploadedSegNum"]),
        (&json!(false), &json!(2))
    );
    send(&after.url(), 1).await;
    let response = reqwest::get(format!("{}/file?root={root}", after.url())).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), content);
    after.stop().await;
}

async fn each_of_several_nodes_has_its_shard_and_the_gateway_has_all(kind: PeerKind) {
    let nodes = NodeOptions {
        shards: ShardCount::new(4).unwrap(),
        ..NodeOptions::default()
    };
    let (network, deployment) = network_with(kind, nodes).await;
    let content = content(5 * 262_144 + 1);
    let root = submit(&network, &deployment, &content).await;
    let info = result(&network.storage_url(), "zgs_getFileInfo", json!([root, true])).await;
    let first = info["tx"]["startEntryIndex"].as_u64().unwrap() / 1024;
    let known = result(&network.storage_url(), "indexer_getShardedNodes", json!([])).await;
    assert_eq!(known["trusted"].as_array().unwrap().len(), 4);
    for (number, node) in known["trusted"].as_array().unwrap().iter().enumerate() {
        let url = node["url"].as_str().unwrap();
        assert_eq!(node["config"], json!({"shardId": number, "numShard": 4}));
        assert_eq!(result(url, "zgs_getShardConfig", json!([])).await, node["config"]);
        for index in 0..6 {
            let answer = rpc(url, "zgs_uploadSegmentByTxSeq", json!([segment(&content, index), 0])).await;
            assert_eq!(
                answer["error"].is_null(),
                (first + index) % 4 == number as u64,
                "{answer}"
            );
        }
        assert_eq!(result(url, "zgs_checkFileFinalized", json!([0])).await, true);
        let other = (0..6).find(|index| (first + index) % 4 != number as u64).unwrap();
        let answer = result(url, "zgs_downloadSegmentWithProofByTxSeq", json!([0, other])).await;
        assert_eq!(answer, Value::Null);
    }
    let locations = result(&network.storage_url(), "indexer_getFileLocations", json!([root])).await;
    assert_eq!(locations.as_array().unwrap().len(), 4);
    assert_eq!(gateway(&network, &format!("/file?root={root}")).await.1, content);
}

/// The node reads the first submission, and only then, far above, the one that took its place.
async fn a_submission_that_took_anothers_place_is_found_however_far_the_chain_went_on(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let url = network.storage_url();
    let snapshot = result(&network.rpc_url(), "evm_snapshot", json!([])).await;
    let lost = submit(&network, &deployment, &content(1000)).await;
    let before = result(&url, "zgs_getFileInfo", json!([lost, true])).await;
    assert_eq!(before["tx"]["seq"], 0);
    result(&network.rpc_url(), "evm_revert", json!([snapshot])).await;
    let kept = submit(&network, &deployment, &content(2000)).await;
    for _ in 0..5 {
        result(&network.rpc_url(), "evm_mine", json!([])).await;
    }
    let after = result(&url, "zgs_getFileInfo", json!([kept, true])).await;
    assert_eq!(after["tx"]["seq"], 0);
    assert_eq!(result(&url, "zgs_getFileInfo", json!([lost, true])).await, Value::Null);
}

async fn a_second_node_reads_the_same_files_from_the_chain(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    let content = content(1000);
    let root = submit(&network, &deployment, &content).await;
    let second = StorageNetwork::start(StorageOptions {
        rpc_url: network.rpc_url(),
        flow: deployment.address("Flow"),
        nodes: NodeOptions::default(),
    })
    .await
    .unwrap();
    let told = result(&second.url(), "zgs_getFileInfo", json!([root, true])).await;
    assert_eq!(
        told,
        result(&network.storage_url(), "zgs_getFileInfo", json!([root, true])).await
    );
    assert_eq!(told["tx"]["seq"], 0);
    second.stop().await;
}

async fn the_node_tells_how_far_it_has_read(kind: PeerKind) {
    let (network, deployment) = network(kind).await;
    result(&network.rpc_url(), "evm_mine", json!([])).await;
    let newest = result(&network.rpc_url(), "eth_getBlockByNumber", json!(["latest", false])).await;
    let status = result(&network.storage_url(), "zgs_getStatus", json!([])).await;
    assert_eq!(status["logSyncHeight"], quantity(&newest["number"]));
    assert_eq!(status["logSyncBlock"], newest["hash"]);
    let identity = &status["networkIdentity"];
    assert_eq!(identity["chainId"], 16602);
    assert_eq!(identity["flowAddress"], json!(deployment.address("Flow")));
}

#[tokio::test]
async fn a_chain_that_cannot_be_read_is_an_error_and_not_an_absent_file() {
    let node = StorageNetwork::start(StorageOptions {
        rpc_url: "http://127.0.0.1:9".to_owned(),
        flow: Some(Address::repeat_byte(1)),
        nodes: NodeOptions::default(),
    })
    .await
    .unwrap();
    let answer = rpc(&node.url(), "zgs_getFileInfo", json!([Root([7; 32]), true])).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("eth_blockNumber"), "{message}");
}
