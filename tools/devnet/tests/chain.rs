//! The chain as an alloy client sees it; what anvil does not share is told at the test.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use alloy::consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::{Provider, ext::AnvilApi};
use alloy::rpc::types::{BlockNumberOrTag, Filter, TransactionRequest};
use alloy::sol_types::SolEvent;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use serde_json::json;
use support::{Probe, devnet, hash_of, network, post, rpc};

on_both_chains!(
    a_contract_is_deployed_written_and_read_back,
    a_call_at_an_older_block_sees_the_older_state,
    block_headers_hash_to_the_block_hash_and_commit_to_transactions_and_receipts,
    blockhash_reaches_back_256_blocks_and_no_further,
    a_revert_carries_its_bytes_and_its_text,
    a_mined_revert_has_status_zero_and_leaves_no_trace_but_gas,
    logs_are_found_by_address_topic_range_and_block_hash,
    a_call_that_sends_more_than_there_is_fails_for_want_of_funds,
    a_range_may_end_above_the_newest_block,
    filters_report_what_is_new_once,
    a_batch_is_answered_call_by_call,
);

async fn a_contract_is_deployed_written_and_read_back(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
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

async fn a_call_at_an_older_block_sees_the_older_state(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
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

async fn block_headers_hash_to_the_block_hash_and_commit_to_transactions_and_receipts(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
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
    // Ours is later, as a real block; anvil's may be of the same second.
    assert!(block.header.timestamp >= parent.header.timestamp + u64::from(kind == PeerKind::Embedded));
}

async fn blockhash_reaches_back_256_blocks_and_no_further(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
    let probe = Probe::deploy(&wallet).await.unwrap();
    wallet.anvil_mine(Some(300), None).await.unwrap();
    let head = wallet.get_block_number().await.unwrap();
    for (distance, known) in [(0, false), (1, true), (256, true), (257, false)] {
        let number = head - distance;
        let expected = if known {
            hash_of(&wallet, number).await.unwrap()
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
    assert_eq!(pending, hash_of(&wallet, head).await.unwrap());
}

async fn a_revert_carries_its_bytes_and_its_text(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
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
        let answer = rpc(&network.rpc_url(), method, json!([call])).await;
        assert_eq!(answer["error"]["code"], 3);
        assert_eq!(answer["error"]["message"], "execution reverted: not today");
        assert!(answer["error"]["data"].as_str().unwrap().starts_with("0x08c379a0"));
    }
}

async fn a_mined_revert_has_status_zero_and_leaves_no_trace_but_gas(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
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

async fn logs_are_found_by_address_topic_range_and_block_hash(kind: PeerKind) {
    let (_network, wallet) = network(kind).await;
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

async fn a_call_that_sends_more_than_there_is_fails_for_want_of_funds(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
    let sender = network.accounts()[0].address;
    let dear = TransactionRequest::default()
        .with_from(sender)
        .with_to(Address::ZERO)
        .with_value(wallet.get_balance(sender).await.unwrap() + U256::from(1));
    let answer = rpc(&network.rpc_url(), "eth_call", json!([dear])).await;
    let words = answer["error"]["message"].as_str().unwrap().to_lowercase();
    assert!(words.contains("insufficient funds for gas * price + value"), "{answer}");
}

async fn a_range_may_end_above_the_newest_block(kind: PeerKind) {
    let (network, _wallet) = network(kind).await;
    let answer = rpc(
        &network.rpc_url(),
        "eth_getLogs",
        json!([{"fromBlock": "0x0", "toBlock": "0x64"}]),
    )
    .await;
    assert_eq!(answer["result"], json!([]));
}

/// As geth; anvil answers an empty list.
#[tokio::test]
async fn a_backward_range_is_refused() {
    let (devnet, wallet) = devnet().await;
    wallet.anvil_mine(Some(3), None).await.unwrap();
    let answer = rpc(
        &devnet.rpc_url(),
        "eth_getLogs",
        json!([{"fromBlock": "0x2", "toBlock": "0x1"}]),
    )
    .await;
    assert_eq!(answer["error"]["code"], -32602);
}

async fn filters_report_what_is_new_once(kind: PeerKind) {
    let (network, wallet) = network(kind).await;
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
    let answer = rpc(&network.rpc_url(), "eth_getFilterChanges", json!([logs])).await;
    assert_eq!(answer["error"]["message"], "filter not found");
}

async fn a_batch_is_answered_call_by_call(kind: PeerKind) {
    let (network, _wallet) = network(kind).await;
    let body = json!([
        {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 8, "method": "eth_noSuchQuestion", "params": [{}]},
    ]);
    let answer = post(&network.rpc_url(), &body).await;
    assert_eq!(answer[0], json!({"jsonrpc": "2.0", "id": 7, "result": "0x40da"}));
    assert_eq!(answer[1]["error"]["code"], -32601);
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
