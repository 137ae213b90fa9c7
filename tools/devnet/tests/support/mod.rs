//! What the suites share: a running devnet, a wallet provider, the probe contract, raw JSON-RPC.
#![allow(dead_code)]

use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use orv_devnet::client::{Client as Wallet, connect, provide_tls};
use orv_devnet::deployment::{DeploymentPlan, ListedMeasurement};
use orv_devnet::peer::{Network, PeerKind};
use orv_devnet::{Devnet, DevnetOptions};
use serde_json::{Value, json};

alloy::sol!(
    #[sol(rpc)]
    #[derive(Debug)]
    Probe,
    "tests/probe/Probe.json"
);

/// A devnet and a provider that signs as its first account.
pub async fn devnet() -> (Devnet, Wallet) {
    let devnet = Devnet::start(DevnetOptions::default()).await.unwrap();
    let wallet = wallet(&devnet, 0);
    (devnet, wallet)
}

/// Either chain and a provider that signs as its first account.
pub async fn network(kind: PeerKind) -> (Network, Wallet) {
    let network = Network::start(kind).await.unwrap();
    let wallet = wallet_at(&network.rpc_url(), network.accounts()[0].signer.clone());
    (network, wallet)
}

/// Hash of a block, `None` above the newest.
pub async fn hash_of(wallet: &Wallet, number: u64) -> Option<B256> {
    let block = wallet.get_block_by_number(number.into()).await.unwrap();
    block.map(|block| block.header.hash)
}

/// A provider that signs as the account at `index`.
pub fn wallet(devnet: &Devnet, index: usize) -> Wallet {
    wallet_at(&devnet.rpc_url(), devnet.accounts()[index].signer.clone())
}

/// A provider that signs with `signer` against any node.
pub fn wallet_at(url: &str, signer: alloy::signers::local::PrivateKeySigner) -> Wallet {
    connect(url, signer).unwrap()
}

/// One JSON-RPC call; the whole answer.
pub async fn rpc(url: &str, method: &str, params: Value) -> Value {
    post(
        url,
        &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
    )
    .await
}

/// The result of one JSON-RPC call.
pub async fn result(url: &str, method: &str, params: Value) -> Value {
    let mut answer = rpc(url, method, params).await;
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].take()
}

/// Posts a JSON body.
pub async fn post(url: &str, body: &Value) -> Value {
    provide_tls();
    let response = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// A 0x quantity as a number.
pub fn quantity(value: &Value) -> u64 {
    value.as_str().unwrap().parse::<U256>().unwrap().to()
}

/// A plan for a network whose owner and only attester is this account.
pub fn plan_of(owner: PrivateKeySigner, indexer_rpc: String) -> DeploymentPlan {
    let listed = ListedMeasurement {
        measurement: B256::repeat_byte(1),
        platform: B256::repeat_byte(2),
        platformTier: 0,
        timedAllowed: true,
    };
    let attester = owner.address();
    DeploymentPlan {
        priority_window: 0,
        payout_delay: 1,
        fee_bips: 0,
        ..DeploymentPlan::of_one_attester("devnet", owner, attester, listed, indexer_rpc)
    }
}
