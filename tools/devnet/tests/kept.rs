//! A devnet that is kept on disk is the same again after SIGKILL: the test starts itself as the process that is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use orv_devnet::account::dev_accounts;
use orv_devnet::chain::ChainOptions;
use orv_devnet::{Devnet, DevnetOptions, StartError};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{quantity, rpc, wallet_at};

/// Names the folder of the devnet that this program is to be.
const DATA: &str = "ORV_TEST_DEVNET_DATA";
/// Its ports.
const PORTS: &str = "ORV_TEST_DEVNET_PORTS";

/// How often the devnet is killed.
const KILLS: u64 = 12;

/// Not a test of its own: the process that is killed. Without a folder it is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_devnet_that_is_killed() {
    let Some(data) = std::env::var_os(DATA) else { return };
    let ports = std::env::var(PORTS).unwrap();
    let (rpc_port, storage_port) = ports.split_once(' ').unwrap();
    let mut options = options(data.as_ref());
    options.rpc_port = rpc_port.parse().unwrap();
    options.storage.port = storage_port.parse().unwrap();
    let _devnet = Devnet::start(options).await.unwrap();
    std::future::pending::<()>().await;
}

fn options(data: &Path) -> DevnetOptions {
    DevnetOptions {
        data: Some(data.to_owned()),
        ..DevnetOptions::default()
    }
}

struct Killed(Child);

impl Killed {
    fn start(data: &Path, ports: (u16, u16)) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_devnet_that_is_killed"])
            .env(DATA, data)
            .env(PORTS, format!("{} {}", ports.0, ports.1))
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the node answers, and returns the height.
async fn answering(url: &str) -> u64 {
    let wallet = wallet_at(url, dev_accounts().unwrap()[0].signer.clone());
    for _ in 0..6000 {
        if let Ok(height) = wallet.get_block_number().await {
            return height;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{url} does not answer");
}

/// Two ports that were free a moment ago, below those that Linux gives to whoever takes any: no test beside takes them
/// between two lives.
fn free_ports() -> (u16, u16) {
    let first = 10_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    let mut free = (first..32_768).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    (free.next().unwrap(), free.next().unwrap())
}

/// Sends until the node is gone; what was answered is added to `answered`.
async fn traffic(url: String, account: usize, answered: &mut Vec<B256>) {
    let accounts = dev_accounts().unwrap();
    let wallet = wallet_at(&url, accounts[account].signer.clone());
    loop {
        let transfer = TransactionRequest::default()
            .to(accounts[9].address)
            .value(U256::from(1));
        match wallet.send_transaction(transfer).await {
            Ok(pending) => answered.push(*pending.tx_hash()),
            Err(_) => return,
        }
        if account == 1 {
            let steered = rpc_or_gone(&url, "evm_increaseTime", json!([3])).await;
            let balance = json!([accounts[8].address, format!("0x{:x}", answered.len())]);
            let set = rpc_or_gone(&url, "devnet_setBalance", balance).await;
            if steered.is_none() || set.is_none() {
                return;
            }
        }
    }
}

/// The answer, nothing where the node is gone.
async fn rpc_or_gone(url: &str, method: &'static str, parameters: Value) -> Option<Value> {
    let asked = tokio::spawn({
        let url = url.to_owned();
        async move { rpc(&url, method, parameters).await }
    });
    asked.await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_devnet_had_answered_is_there_and_its_blocks_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();
    let url = format!("http://127.0.0.1:{}", ports.0);
    let (mut answered, mut tip): (Vec<B256>, Option<(u64, Value)>) = (Vec::new(), None);
    for round in 0..KILLS {
        let devnet = Killed::start(folder.path(), ports);
        let height = answering(&url).await;
        if let Some((number, block)) = &tip {
            assert!(height >= *number, "{height} after {number}");
            let now = rpc(&url, "eth_getBlockByNumber", json!([format!("0x{number:x}"), true])).await;
            assert_eq!(&now["result"], block, "block {number} after kill {round}");
        }
        for hash in &answered {
            let receipt = rpc(&url, "eth_getTransactionReceipt", json!([hash])).await;
            assert!(receipt["result"].is_object(), "{hash} is gone after kill {round}");
        }
        let (mut first, mut second) = (Vec::new(), Vec::new());
        // Uneven times, the same in every run; where the kill falls is the machine's.
        let until_killed = Duration::from_millis(20 + round * 37 % 200);
        let kill = async {
            tokio::time::sleep(until_killed).await;
            let newest = rpc(&url, "eth_getBlockByNumber", json!(["latest", true])).await;
            drop(devnet);
            (quantity(&newest["result"]["number"]), newest["result"].clone())
        };
        let ((), (), newest) = tokio::join!(
            traffic(url.clone(), 0, &mut first),
            traffic(url.clone(), 1, &mut second),
            kill
        );
        answered.extend(first.into_iter().chain(second));
        tip = Some(newest);
    }
    assert!(!answered.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_and_fixed_times_are_kept_with_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let devnet = Devnet::start(options(folder.path())).await.unwrap();
    let url = devnet.rpc_url();
    let first = rpc(&url, "evm_snapshot", json!([])).await;
    rpc(&url, "anvil_mine", json!([3])).await;
    let second = rpc(&url, "evm_snapshot", json!([])).await;
    rpc(&url, "evm_mine", json!([])).await;
    assert_eq!(rpc(&url, "evm_revert", json!([second["result"]])).await["result"], true);
    rpc(&url, "evm_mine", json!([4_000_000_000_u64])).await;
    let (height, hash) = (devnet.chain().height(), devnet.chain().block_hash(4));
    devnet.stop().await;

    let devnet = Devnet::start(options(folder.path())).await.unwrap();
    assert_eq!((devnet.chain().height(), devnet.chain().block_hash(4)), (height, hash));
    let back = rpc(&devnet.rpc_url(), "evm_revert", json!([first["result"]])).await;
    assert_eq!((&back["result"], devnet.chain().height()), (&json!(true), 0));
    devnet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_belongs_to_one_devnet_and_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let devnet = Devnet::start(options(folder.path())).await.unwrap();
    let refused = |result: Result<Devnet, StartError>| result.map(drop).unwrap_err().to_string();
    let taken = refused(Devnet::start(options(folder.path())).await);
    assert!(taken.ends_with("chain.log is in use by another devnet"), "{taken}");
    devnet.stop().await;
    let mut other = options(folder.path());
    other.chain = ChainOptions {
        chain_id: 5,
        ..ChainOptions::default()
    };
    let other = refused(Devnet::start(other).await);
    assert!(other.contains("other options"), "{other}");
}
