//! The chain's pool, mining, time and fees, and the methods that steer them.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use serde_json::json;
use support::{Probe, devnet, hash_of, network, quantity, result, rpc, wallet};

on_both_chains!(
    the_pool_refuses_in_the_words_clients_look_for,
    a_transaction_with_a_nonce_gap_waits_until_the_gap_is_filled,
    time_moves_only_forward_and_as_told,
    a_revert_to_a_snapshot_plays_a_reorganisation,
);

async fn the_pool_refuses_in_the_words_clients_look_for(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
    let to_self = TransactionRequest::default().with_to(network.accounts()[0].address);
    wallet
        .send_transaction(to_self.clone())
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let stale = wallet
        .send_transaction(to_self.clone().with_nonce(0))
        .await
        .unwrap_err();
    assert!(stale.to_string().contains("nonce too low"), "{stale}");
    let rich = to_self.clone().with_value(U256::MAX >> 1).with_gas_limit(21_000);
    let poor = wallet.send_transaction(rich).await.unwrap_err();
    // Anvil begins with a capital, as clients must bear.
    let words = poor.to_string().to_lowercase();
    assert!(words.contains("insufficient funds for gas * price + value"), "{poor}");
    let starved = wallet
        .send_transaction(to_self.with_gas_limit(20_000))
        .await
        .unwrap_err();
    assert!(starved.to_string().contains("intrinsic gas too low"), "{starved}");
}

async fn a_transaction_with_a_nonce_gap_waits_until_the_gap_is_filled(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
    let sender = network.accounts()[0].address;
    let transfer = |nonce| TransactionRequest::default().with_to(Address::ZERO).with_nonce(nonce);
    let second = wallet.send_transaction(transfer(1)).await.unwrap();
    assert!(
        wallet
            .get_transaction_receipt(*second.tx_hash())
            .await
            .unwrap()
            .is_none()
    );
    let waiting = wallet
        .get_transaction_by_hash(*second.tx_hash())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(waiting.block_number, None);
    assert_eq!(wallet.get_transaction_count(sender).pending().await.unwrap(), 0);
    wallet
        .send_transaction(transfer(0))
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(second.get_receipt().await.unwrap().status());
    assert_eq!(wallet.get_transaction_count(sender).await.unwrap(), 2);
}

async fn time_moves_only_forward_and_as_told(kind: PeerKind) {
    let (network, _wallet) = network(kind).await;
    let url = network.rpc_url();
    let time = async || quantity(&result(&url, "eth_getBlockByNumber", json!(["latest", false])).await["timestamp"]);
    let start = time().await;
    result(&url, "evm_increaseTime", json!([86_400])).await;
    result(&url, "evm_mine", json!([])).await;
    let later = time().await;
    assert!(later >= start + 86_400);
    result(&url, "evm_setNextBlockTimestamp", json!([later + 5_000])).await;
    result(&url, "evm_mine", json!([])).await;
    assert_eq!(time().await, later + 5_000);
    assert!(
        rpc(&url, "evm_setNextBlockTimestamp", json!([later]))
            .await
            .get("error")
            .is_some()
    );
}

async fn a_revert_to_a_snapshot_plays_a_reorganisation(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
    let url = network.rpc_url();
    let probe = Probe::deploy(&wallet).await.unwrap();
    let snapshot = result(&url, "evm_snapshot", json!([])).await;
    let receipt = probe
        .store(U256::from(1), U256::from(7))
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert_eq!(result(&url, "evm_revert", json!([snapshot])).await, true);
    assert_eq!(probe.values(U256::from(1)).call().await.unwrap(), U256::ZERO);
    assert!(
        wallet
            .get_transaction_receipt(receipt.transaction_hash)
            .await
            .unwrap()
            .is_none()
    );
    result(&url, "evm_mine", json!([])).await;
    assert_ne!(
        hash_of(&wallet, receipt.block_number.unwrap()).await,
        receipt.block_hash
    );
    assert_eq!(result(&url, "evm_revert", json!([snapshot])).await, false);
}

#[tokio::test]
async fn the_faucet_sets_a_balance_in_a_block_of_its_own() {
    let (devnet, wallet) = devnet().await;
    let before = wallet.get_block_number().await.unwrap();
    result(
        &devnet.rpc_url(),
        "devnet_setBalance",
        json!([Address::repeat_byte(9), "0x64"]),
    )
    .await;
    assert_eq!(
        wallet.get_balance(Address::repeat_byte(9)).await.unwrap(),
        U256::from(100)
    );
    assert_eq!(wallet.get_block_number().await.unwrap(), before + 1);
}

#[tokio::test]
async fn transactions_of_two_senders_share_an_interval_block() {
    use orv_devnet::chain::{ChainOptions, Mining};
    let chain = ChainOptions {
        mining: Mining::Interval(std::time::Duration::from_secs(3600)),
        ..Default::default()
    };
    let options = orv_devnet::DevnetOptions {
        chain,
        ..Default::default()
    };
    let devnet = orv_devnet::Devnet::start(options).await.unwrap();
    let (first, second) = (wallet(&devnet, 0), wallet(&devnet, 1));
    let transfer = TransactionRequest::default()
        .with_to(Address::ZERO)
        .with_value(U256::from(1));
    let a = first.send_transaction(transfer.clone()).await.unwrap();
    let b = second.send_transaction(transfer).await.unwrap();
    assert_eq!(
        first
            .get_transaction_count(devnet.accounts()[0].address)
            .pending()
            .await
            .unwrap(),
        1
    );
    devnet.chain().mine().unwrap();
    let (a, b) = (a.get_receipt().await.unwrap(), b.get_receipt().await.unwrap());
    assert_eq!((a.block_number, a.transaction_index), (Some(1), Some(0)));
    assert_eq!((b.block_number, b.transaction_index), (Some(1), Some(1)));
    assert_eq!(b.inner.cumulative_gas_used(), 42_000);
}

#[tokio::test]
async fn galileo_fees_refuse_the_suggested_tip_as_the_real_network_does() {
    use orv_devnet::chain::{ChainOptions, FeeRule};
    let chain = ChainOptions {
        fees: FeeRule::Galileo,
        ..Default::default()
    };
    let options = orv_devnet::DevnetOptions {
        chain,
        ..Default::default()
    };
    let devnet = orv_devnet::Devnet::start(options).await.unwrap();
    let wallet = wallet(&devnet, 0);
    let transfer = TransactionRequest::default().with_to(Address::ZERO).with_nonce(0);
    let cheap = transfer
        .clone()
        .with_max_priority_fee_per_gas(1)
        .with_max_fee_per_gas(5_000_000_000);
    assert!(
        wallet
            .send_transaction(cheap)
            .await
            .unwrap_err()
            .to_string()
            .contains("gas tip cap 1")
    );
    let dear = transfer
        .with_max_priority_fee_per_gas(2_000_000_000)
        .with_max_fee_per_gas(5_000_000_000);
    assert!(
        wallet
            .send_transaction(dear)
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap()
            .status()
    );
}
