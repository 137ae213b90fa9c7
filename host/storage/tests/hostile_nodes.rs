//! Several nodes, of which some lie, dawdle or say nothing: content comes from the others, and never wrong.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use orv_content::{
    Root, Sha256,
    identity::MatchedHash,
    merkle::{SEGMENT_BYTES, SegmentTree, root_of},
};
use orv_devnet::{
    peer::PeerKind,
    storage::{Fault as NodeFault, NodeOptions, StorageNetwork, StorageOptions as NodeSetUp},
};
use orv_storage::{Fault, FetchError, IndexSource, IndexedHosts, PublishError, Storage, StorageOptions};
use serde_json::{Value, json};
use support::{
    Network, content,
    server::{Reply, Server, whole},
};

const SIZE: u64 = 3_000_000;

/// Two nodes that both have a file, and an indexer that names whoever a test wants.
struct Replicas {
    network: Network,
    second: StorageNetwork,
    root: Root,
}

impl Replicas {
    async fn start() -> Self {
        let network = Network::start(PeerKind::Embedded).await;
        let second = StorageNetwork::start(NodeSetUp {
            rpc_url: network.running.rpc_url(),
            flow: Some(network.flow),
            nodes: NodeOptions::default(),
        })
        .await
        .unwrap();
        let root = network
            .client("put")
            .put(content(SIZE), &network.owner)
            .await
            .unwrap()
            .root;
        let options = StorageOptions {
            indexer_url: second.url(),
            ..network.options("put-second")
        };
        let again = Storage::connect(options)
            .unwrap()
            .put(content(SIZE), &network.owner)
            .await
            .unwrap();
        assert_eq!(
            again.transaction, None,
            "the second node is given what the first was paid for"
        );
        Self { network, second, root }
    }

    /// A client with an empty cache, whose indexer names these nodes, and which waits for an honest one on a busy machine.
    async fn client(&self, nodes: Vec<Value>) -> (Storage, Server) {
        self.client_with(nodes, Duration::from_secs(60)).await
    }

    /// The same, which gives a node so long for a segment.
    async fn client_with(&self, nodes: Vec<Value>, segment_time: Duration) -> (Storage, Server) {
        let indexer = Server::indexer(nodes).await;
        let options = StorageOptions {
            indexer_url: indexer.url.clone(),
            segment_time,
            ..self.network.options(&indexer.url.replace(['/', ':'], "-"))
        };
        (Storage::connect(options).unwrap(), indexer)
    }

    fn both(&self) -> Vec<Value> {
        vec![whole(&self.network.running.storage_url()), whole(&self.second.url())]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_spoils_the_other_gives() {
    let replicas = Replicas::start().await;
    for fault in [
        NodeFault::Flip,
        NodeFault::Truncate,
        NodeFault::Drop,
        NodeFault::LieSize,
        NodeFault::Error200,
    ] {
        replicas.network.running.storage().set_fault(Some(fault));
        let (client, _indexer) = replicas.client(replicas.both()).await;
        let file = client.get(replicas.root, Some(SIZE)).await.unwrap();
        assert!(file.read(SIZE).unwrap() == content(SIZE), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stumbles_now_and_then_is_not_given_up() {
    let network = Network::start(PeerKind::Embedded).await;
    let bytes = content(16_000_000);
    let tree = SegmentTree::of(&bytes).unwrap();
    let root = tree.root().unwrap();
    let info = json!({"tx": {"dataMerkleRoot": root, "startEntryIndex": 1024, "size": bytes.len(), "seq": 0}, "finalized": true});
    // Every ninth question about a segment finds nothing: more often in all than a node has chances, and eight are under
    // way at a time, so that it gives some in between.
    let asked = AtomicUsize::new(0);
    let node = Server::start(move |method, parameters| match method {
        "zgs_getFileInfo" => Reply::Result(info.clone()),
        "zgs_downloadSegmentWithProofByTxSeq" if asked.fetch_add(1, Ordering::Relaxed) % 9 != 8 => {
            let index = parameters[1].as_u64().unwrap();
            let data = bytes.chunks(SEGMENT_BYTES as usize).nth(index as usize).unwrap();
            let proof = tree.prove(index).unwrap();
            Reply::Result(
                json!({"root": root, "data": STANDARD.encode(data), "index": index, "proof": proof, "fileSize": bytes.len()}),
            )
        }
        _ => Reply::Result(Value::Null),
    })
    .await;
    let indexer = Server::indexer(vec![whole(&node.url)]).await;
    let options = StorageOptions {
        indexer_url: indexer.url.clone(),
        ..network.options("stumbling")
    };
    let file = Storage::connect(options).unwrap().get(root, None).await.unwrap();
    assert_eq!(file.size, 16_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_drips_is_dropped() {
    let replicas = Replicas::start().await;
    let info = json!({"tx": {"dataMerkleRoot": replicas.root, "startEntryIndex": 1024, "size": SIZE, "seq": 0}, "finalized": true});
    let loris = Server::start(move |method, _| match method {
        "zgs_getFileInfo" => Reply::Result(info.clone()),
        _ => Reply::Drip,
    })
    .await;
    let nodes = vec![whole(&loris.url), whole(&replicas.second.url())];
    let (client, _indexer) = replicas.client_with(nodes, Duration::from_secs(10)).await;
    let file = client.get(replicas.root, Some(SIZE)).await.unwrap();
    assert!(file.read(SIZE).unwrap() == content(SIZE));

    let alone = vec![whole(&loris.url)];
    let (alone, _indexer) = replicas.client_with(alone, Duration::from_secs(1)).await;
    let Err(FetchError::NotAvailable { blames, .. }) = alone.get(replicas.root, Some(SIZE)).await else {
        panic!("got content from nobody")
    };
    assert!(
        blames
            .0
            .iter()
            .any(|blame| matches!(blame.fault, Fault::TooSlow { .. })),
        "{blames}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_drips_is_too_slow() {
    let network = Network::start(PeerKind::Embedded).await;
    let loris = Server::start(|method, _| match method {
        "GET" => Reply::Drip,
        _ => Reply::Result(Value::Null),
    })
    .await;
    let options = StorageOptions {
        indexer_url: loris.url.clone(),
        segment_time: Duration::from_millis(200),
        ..network.options("get")
    };
    let Err(FetchError::NotAvailable { blames, .. }) =
        Storage::connect(options).unwrap().get(Root([7; 32]), None).await
    else {
        panic!("got content from nobody")
    };
    assert!(
        blames
            .0
            .iter()
            .any(|blame| matches!(blame.fault, Fault::TooSlow { .. })),
        "{blames}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_answer_is_blamed_on_its_server() {
    let replicas = Replicas::start().await;
    let bodies: [&[u8]; 5] = [
        b"",
        b"{",
        b"[]",
        br#"{"result": {"tx": 7}}"#,
        br#"{"code":2,"message":"x","data":null}"#,
    ];
    for body in bodies {
        let odd = Server::start(move |_, _| Reply::Raw(body.to_vec())).await;
        let (client, _indexer) = replicas.client(vec![whole(&odd.url)]).await;
        let Err(FetchError::NotAvailable { blames, .. }) = client.get(replicas.root, None).await else {
            panic!("got content from nobody")
        };
        assert!(
            blames.0.iter().any(|blame| odd.url.starts_with(&blame.server)),
            "{blames}"
        );
    }
    let endless = Server::start(|_, _| Reply::Raw(vec![b' '; 2 << 20])).await;
    let (client, _indexer) = replicas
        .client(vec![whole(&endless.url), whole(&replicas.second.url())])
        .await;
    assert_eq!(client.get(replicas.root, None).await.unwrap().size, SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_only_says_it_has_everything_has_stored_nothing() {
    let network = Network::start(PeerKind::Embedded).await;
    let published = network.client("a").put(content(SIZE), &network.owner).await.unwrap();
    let again = network.client("b").put(content(SIZE), &network.owner).await.unwrap();
    assert_eq!(again.transaction, None);
    network.running.storage().set_fault(Some(NodeFault::Drop));
    let refused = network.client("c").put(content(SIZE), &network.owner).await;
    assert!(
        matches!(
            &refused,
            Err(PublishError::Server {
                fault: Fault::Missing,
                ..
            })
        ),
        "{refused:?}, {published:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_serves_content_that_no_node_gives() {
    let replicas = Replicas::start().await;
    let bytes = content(SIZE);
    let gateway = Server::start(move |method, _| match method {
        "GET" => Reply::Raw(bytes.clone()),
        _ => Reply::Result(Value::Null),
    })
    .await;
    let options = |cache| StorageOptions {
        indexer_url: gateway.url.clone(),
        ..replicas.network.options(cache)
    };
    let client = Storage::connect(options("a")).unwrap();
    assert_eq!(client.get(replicas.root, None).await.unwrap().size, SIZE);
    let other = root_of(b"something else").unwrap();
    let Err(FetchError::NotAvailable { blames, .. }) = client.get(other, None).await else {
        panic!("took the gateway's word")
    };
    assert!(
        blames
            .0
            .iter()
            .any(|blame| matches!(blame.fault, Fault::WrongRoot { .. })),
        "{blames}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_index_leads_to_public_hosts_only_and_its_bytes_are_hashed() {
    let network = Network::start(PeerKind::Embedded).await;
    let web = Server::start(|_, path| {
        Reply::Raw(match path.as_str() {
            Some("/right.tar") => b"the artifact".to_vec(),
            _ => b"another".to_vec(),
        })
    })
    .await;
    let (right, wrong) = (Sha256::of(b"the artifact"), Sha256::of(b"the promise"));
    let index = json!({"schemaVersion": "2", "entries": {
        right.to_string(): {"code_fetch_uri": format!("{}/right.tar", web.url), "network_policy_used": "offline"},
        wrong.to_string(): {"code_fetch_uri": format!("{}/wrong.tar", web.url)},
    }});
    let index = Server::start(move |_, _| Reply::Raw(index.to_string().into_bytes())).await;
    let source: IndexSource = index.url.parse().unwrap();
    let options = |hosts| StorageOptions {
        artifact_index: Some(source.clone()),
        indexed_hosts: hosts,
        ..network.options(&format!("{hosts:?}"))
    };
    let any = Storage::connect(options(IndexedHosts::Any)).unwrap();
    let file = any.get_by_hash(right.0).await.unwrap();
    assert_eq!(
        (file.matched, file.read(12).unwrap()),
        (MatchedHash::Sha256, b"the artifact".to_vec())
    );
    let Err(FetchError::UnknownHash { by_sha256, .. }) = any.get_by_hash(wrong.0).await else {
        panic!("took the index's word")
    };
    assert!(by_sha256.contains("SHA-256"), "{by_sha256}");
    let public = Storage::connect(options(IndexedHosts::Public)).unwrap();
    let Err(FetchError::UnknownHash { by_sha256, .. }) = public.get_by_hash(right.0).await else {
        panic!("went into its own network")
    };
    assert!(by_sha256.contains("no public host"), "{by_sha256}");
}
