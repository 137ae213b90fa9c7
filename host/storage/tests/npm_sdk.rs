//! 0G's own SDKs, unmodified from npm, against our node and our client: what one of them stores, the others read, and a
//! node that lies deceives the SDKs and not our client.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod support;

use std::{path::Path, sync::Arc};

use orv_content::{Root, merkle::root_of};
use orv_devnet::{peer::PeerKind, storage::Fault as NodeFault};
use orv_storage::{Fault, FetchError};
use serde_json::Value;
use support::{Network, content};
use tokio::{process::Command, sync::Semaphore, task::JoinSet};

/// The package with the present interface of the Flow contract, and the one with the first (0G Storage reference 2).
const PACKAGES: [&str; 2] = ["@0gfoundation/0g-ts-sdk", "@0glabs/0g-ts-sdk"];

/// From one byte to 64 MiB: around a chunk, around a segment, padding that ends in segments without data, one whole tree.
const SIZES: [u64; 9] = [
    1,
    256,
    257,
    262_144,
    262_145,
    1_000_000,
    1_048_577,
    33_554_433,
    64 << 20,
];

/// Processes at a time.
const PARALLEL: usize = 2;

/// Runs the script on one of the packages; what it says last.
async fn transfer(package: &str, words: &[&str]) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/storage-sdk");
    assert!(
        folder.join("node_modules").exists(),
        "the SDKs are missing: run `npm ci --ignore-scripts` in tests/storage-sdk"
    );
    let output = Command::new("node")
        .arg("transfer.mjs")
        .arg(package)
        .args(words)
        .current_dir(folder)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let Some(Ok(answer)) = said.lines().last().map(serde_json::from_str::<Value>) else {
        panic!("{package} {words:?}: {}", String::from_utf8_lossy(&output.stderr))
    };
    answer
}

/// One SDK, one account that pays for what it stores.
struct Sdk {
    package: &'static str,
    indexer: String,
    chain: String,
    key: String,
}

impl Sdk {
    fn of(network: &Network, package: &'static str, account: usize) -> Self {
        Self {
            package,
            indexer: network.running.storage_url(),
            chain: network.running.rpc_url(),
            key: network.running.accounts()[account].key.to_string(),
        }
    }

    async fn upload(&self, file: &Path) -> Root {
        let words = ["upload", &self.indexer, file.to_str().unwrap(), &self.chain, &self.key];
        let answer = transfer(self.package, &words).await;
        let root = answer["root"]
            .as_str()
            .unwrap_or_else(|| panic!("{}: {answer}", self.package));
        root.parse().unwrap()
    }

    async fn download(&self, root: Root, to: &Path) -> Vec<u8> {
        let words = ["download", &self.indexer, to.to_str().unwrap(), &root.to_string()];
        let answer = transfer(self.package, &words).await;
        assert!(answer["error"].is_null(), "{}: {answer}", self.package);
        std::fs::read(to).unwrap()
    }
}

/// Content that no other test of the network stores: a root that is there already would not be sent.
fn own_content(size: u64, mark: u8) -> Vec<u8> {
    let mut bytes = content(size);
    bytes[0] ^= mark;
    bytes
}

/// The second account pays for what our client stores, and nobody else must send from it.
fn payer(number: usize) -> usize {
    if number == 0 { 0 } else { number + 1 }
}

async fn both_ways(network: &Network, package: &'static str) {
    let mut running = JoinSet::new();
    let permits = Arc::new(Semaphore::new(PARALLEL));
    for (number, size) in SIZES.into_iter().enumerate() {
        let sdk = Sdk::of(network, package, payer(number));
        let ours = network.client(&format!("ours-{size}"));
        let folder = network.directory.path().join(format!("sdk-{size}"));
        std::fs::create_dir(&folder).unwrap();
        let permits = Arc::clone(&permits);
        running.spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            let bytes = own_content(size, 1);
            let file = folder.join("up");
            std::fs::write(&file, &bytes).unwrap();
            let root = sdk.upload(&file).await;
            assert_eq!(root, root_of(&bytes).unwrap(), "{size}");
            assert!(
                sdk.download(root, &folder.join("down")).await == bytes,
                "{size}: the SDK's own"
            );
            let got = ours.get(root, Some(size)).await.unwrap();
            assert!(got.read(size).unwrap() == bytes, "{size}: ours of the SDK's");
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    for size in SIZES {
        let bytes = own_content(size, 2);
        let published = network.client("put").put(bytes.clone(), &network.owner).await.unwrap();
        let to = network.directory.path().join(format!("sdk-{size}/ours"));
        let got = Sdk::of(network, package, 2).download(published.root, &to).await;
        assert!(got == bytes, "{size}: the SDK's of ours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_1_2_8_and_our_client_read_what_the_other_stored() {
    let network = Network::start(PeerKind::Embedded).await;
    both_ways(&network, PACKAGES[0]).await;
    network.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_0_3_3_and_our_client_read_what_the_other_stored() {
    let network = Network::start(PeerKind::Embedded).await;
    both_ways(&network, PACKAGES[1]).await;
    network.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_of_16_mib_deceives_the_sdks_and_not_our_client() {
    const SIZE: u64 = 16 << 20;
    let network = Network::start(PeerKind::Embedded).await;
    let bytes = content(SIZE);
    let published = network.client("put").put(bytes.clone(), &network.owner).await.unwrap();
    network.running.storage().set_fault(Some(NodeFault::Flip));
    for package in PACKAGES {
        let to = network.directory.path().join(package.replace('/', "-"));
        let got = Sdk::of(&network, package, 2).download(published.root, &to).await;
        assert_eq!(got.len() as u64, SIZE);
        assert!(got != bytes, "{package} told that all went well");
    }
    let refused = network.client("get").get(published.root, Some(SIZE)).await;
    let Err(FetchError::NotAvailable { blames, .. }) = refused else {
        panic!("{refused:?}")
    };
    let node = network.running.storage_url();
    let lies = blames.0.iter().filter(|blame| blame.fault.is_lie());
    assert!(
        lies.clone().count() > 0
            && lies
                .clone()
                .all(|lie| node.starts_with(lie.server.trim_end_matches('/')))
    );
    assert!(
        lies.into_iter()
            .any(|lie| matches!(lie.fault, Fault::FalseSegment { .. })),
        "{blames}"
    );
    network.running.stop().await;
}
