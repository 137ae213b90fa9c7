//! The chain as an alloy client sees it.
#![allow(missing_docs)]

mod support;

use alloy::consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::{Provider, ext::AnvilApi};
use alloy::rpc::types::{BlockNumberOrTag, Filter, TransactionRequest};
use alloy::sol_types::SolEvent;
use serde_json::json;
use support::{Probe, devnet, post, quantity, result, rpc, wallet};

#[tokio::test]
async fn a_contract_is_deployed_written_and_read_back() {
    let (_devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let receipt = probe
        .store(U256::from(1), U256::from(7))
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    let event = receipt.decoded_log::<Probe::Stored>().unwrap();
    assert_eq!((event.key, event.value), (U256::from(1), U256::from(7)));
    assert_eq!(probe.values(U256::from(1)).call().await.unwrap(), U256::from(7));
    assert_eq!(wallet.get_transaction_count(receipt.from).await.unwrap(), 2);
}

#[tokio::test]
async fn a_call_at_an_older_block_sees_the_older_state() {
    let (_devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let before = wallet.get_block_number().await.unwrap();
    probe
        .store(U256::from(1), U256::from(7))
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert_eq!(
        probe.values(U256::from(1)).block(before.into()).call().await.unwrap(),
        U256::ZERO
    );
    assert!(
        probe
            .values(U256::from(1))
            .block((before + 9).into())
            .call()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn block_headers_hash_to_the_block_hash_and_commit_to_transactions_and_receipts() {
    let (_devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let receipt = probe
        .store(U256::from(1), U256::from(7))
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let block = wallet
        .get_block_by_hash(receipt.block_hash.unwrap())
        .full()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(keccak256(alloy::rlp::encode(&block.header.inner)), block.header.hash);
    let transactions: Vec<_> = block
        .transactions
        .txns()
        .map(|transaction| transaction.inner.inner().clone())
        .collect();
    assert_eq!(
        calculate_transaction_root(&transactions),
        block.header.transactions_root
    );
    let receipts = wallet
        .get_block_receipts(block.header.number.into())
        .await
        .unwrap()
        .unwrap();
    let receipts: Vec<_> = receipts
        .into_iter()
        .map(|receipt| receipt.inner.into_primitives_receipt())
        .collect();
    assert_eq!(calculate_receipt_root(&receipts), block.header.receipts_root);
    let parent = wallet
        .get_block_by_number((block.header.number - 1).into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(block.header.parent_hash, parent.header.hash);
    assert!(block.header.timestamp > parent.header.timestamp);
}

#[tokio::test]
async fn blockhash_reaches_back_256_blocks_and_no_further() {
    let (devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    wallet.anvil_mine(Some(300), None).await.unwrap();
    let head = wallet.get_block_number().await.unwrap();
    for (distance, known) in [(0, false), (1, true), (256, true), (257, false)] {
        let number = head - distance;
        let expected = if known {
            devnet.chain().block_hash(number).unwrap()
        } else {
            B256::ZERO
        };
        assert_eq!(
            probe.hashOf(U256::from(number)).call().await.unwrap(),
            expected,
            "{distance} back"
        );
    }
    let pending = probe
        .hashOf(U256::from(head))
        .block(BlockNumberOrTag::Pending.into())
        .call()
        .await
        .unwrap();
    assert_eq!(pending, devnet.chain().block_hash(head).unwrap());
}

#[tokio::test]
async fn a_revert_carries_its_bytes_and_its_text() {
    let (devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let error = probe.refuse(U256::from(5)).call().await.err().unwrap();
    let Some(Probe::ProbeErrors::Refused(refused)) = error.as_decoded_interface_error() else {
        panic!("{error}")
    };
    assert_eq!(refused.found, U256::from(5));
    let call = TransactionRequest::default()
        .with_to(*probe.address())
        .with_input(probe.refuseInWords().calldata().clone());
    for method in ["eth_call", "eth_estimateGas"] {
        let answer = rpc(&devnet.rpc_url(), method, json!([call])).await;
        assert_eq!(answer["error"]["code"], 3);
        assert_eq!(answer["error"]["message"], "execution reverted: not today");
        assert!(answer["error"]["data"].as_str().unwrap().starts_with("0x08c379a0"));
    }
}

#[tokio::test]
async fn a_mined_revert_has_status_zero_and_leaves_no_trace_but_gas() {
    let (_devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let sent = probe
        .storeAndRefuse(U256::from(1), U256::from(7))
        .gas(100_000)
        .send()
        .await
        .unwrap();
    let receipt = sent.get_receipt().await.unwrap();
    assert!(!receipt.status());
    assert!(receipt.inner.logs().is_empty());
    assert!(receipt.gas_used > 21_000);
    assert_eq!(probe.values(U256::from(1)).call().await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn logs_are_found_by_address_topic_range_and_block_hash() {
    let (_devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    for key in 1..=3 {
        probe
            .store(U256::from(key), U256::from(7))
            .send()
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
    }
    let all = Filter::new().address(*probe.address()).from_block(0);
    let logs = wallet.get_logs(&all).await.unwrap();
    assert_eq!(logs.len(), 3);
    let second = all
        .clone()
        .event_signature(Probe::Stored::SIGNATURE_HASH)
        .topic2(U256::from(2));
    let found = wallet.get_logs(&second).await.unwrap();
    assert_eq!(found, vec![logs[1].clone()]);
    assert_eq!(
        wallet
            .get_logs(&all.clone().from_block(logs[2].block_number.unwrap()))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        wallet
            .get_logs(&all.clone().at_block_hash(logs[0].block_hash.unwrap()))
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        wallet
            .get_logs(&Filter::new().address(Address::ZERO).from_block(0))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(wallet.get_logs(&all.at_block_hash(B256::ZERO)).await.is_err());
}

#[tokio::test]
async fn filters_report_what_is_new_once() {
    let (devnet, wallet) = devnet().await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    let logs = wallet
        .new_filter(&Filter::new().address(*probe.address()))
        .await
        .unwrap();
    let blocks = wallet.new_block_filter().await.unwrap();
    probe
        .store(U256::from(1), U256::from(7))
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert_eq!(
        wallet
            .get_filter_changes::<alloy::rpc::types::Log>(logs)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        wallet
            .get_filter_changes::<alloy::rpc::types::Log>(logs)
            .await
            .unwrap()
            .len(),
        0
    );
    assert_eq!(wallet.get_filter_changes::<B256>(blocks).await.unwrap().len(), 1);
    assert!(wallet.uninstall_filter(logs).await.unwrap());
    let answer = rpc(&devnet.rpc_url(), "eth_getFilterChanges", json!([logs])).await;
    assert_eq!(answer["error"]["message"], "filter not found");
}

#[tokio::test]
async fn a_batch_is_answered_call_by_call() {
    let (devnet, _wallet) = devnet().await;
    let body = json!([
        {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 8, "method": "eth_fillTransaction", "params": [{}]},
    ]);
    let answer = post(&devnet.rpc_url(), &body).await;
    assert_eq!(answer[0], json!({"jsonrpc": "2.0", "id": 7, "result": "0x40da"}));
    assert_eq!(answer[1]["error"]["code"], -32601);
}

#[tokio::test]
async fn the_pool_refuses_in_the_words_clients_look_for() {
    let (devnet, wallet) = devnet().await;
    let to_self = TransactionRequest::default().with_to(devnet.accounts()[0].address);
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
    assert!(
        poor.to_string().contains("insufficient funds for gas * price + value"),
        "{poor}"
    );
    let starved = wallet
        .send_transaction(to_self.with_gas_limit(20_000))
        .await
        .unwrap_err();
    assert!(starved.to_string().contains("intrinsic gas too low"), "{starved}");
}

#[tokio::test]
async fn a_transaction_with_a_nonce_gap_waits_until_the_gap_is_filled() {
    let (devnet, wallet) = devnet().await;
    let sender = devnet.accounts()[0].address;
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

#[tokio::test]
async fn time_moves_only_forward_and_as_told() {
    let (devnet, _wallet) = devnet().await;
    let url = devnet.rpc_url();
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

#[tokio::test]
async fn a_revert_to_a_snapshot_plays_a_reorganisation() {
    let (devnet, wallet) = devnet().await;
    let url = devnet.rpc_url();
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
        devnet.chain().block_hash(receipt.block_number.unwrap()),
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
    devnet.chain().mine();
    let (a, b) = (a.get_receipt().await.unwrap(), b.get_receipt().await.unwrap());
    assert_eq!((a.block_number, a.transaction_index), (Some(1), Some(0)));
    assert_eq!((b.block_number, b.transaction_index), (Some(1), Some(1)));
    assert_eq!(b.inner.cumulative_gas_used(), 42_000);
}

#[tokio::test]
async fn a_request_under_another_host_name_is_refused() {
    let (devnet, _wallet) = devnet().await;
    let request = reqwest::Client::new()
        .post(devnet.rpc_url())
        .header("host", "evil.example")
        .body("{}");
    assert_eq!(request.send().await.unwrap().status(), 403);
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
