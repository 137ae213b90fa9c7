//! The hostile node does what it says, by its seed, before either chain.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use orv_devnet::client::{Client, connect};
use orv_devnet::hostile::{HostileNode, Plan, Reorganiser, RpcFault, StorageTrouble};
use orv_devnet::on_both_chains;
use orv_devnet::peer::{Network, PeerKind};
use std::time::Duration;
use tokio::time::{sleep, timeout};

on_both_chains!(
    an_honest_plan_changes_nothing,
    a_seed_repeats_what_was_done,
    a_hidden_receipt_is_shown_in_the_end,
    what_goes_to_a_hidden_contract_is_not_shown,
    a_request_that_is_lost_never_arrives_and_a_lost_answer_hides_one_that_did,
    a_head_is_absurd_or_old,
    ten_blocks_are_replaced_and_their_transactions_come_back,
    transactions_of_lost_blocks_may_stay_lost,
);

const RECEIVER: Address = Address::repeat_byte(0x55);

async fn client(network: &Network) -> Client {
    connect(&network.rpc_url(), network.accounts()[1].signer.clone()).unwrap()
}

/// Somebody who looks through the hostile node.
fn through(node: &HostileNode, network: &Network) -> Client {
    connect(&node.url(), network.accounts()[1].signer.clone()).unwrap()
}

async fn pay(client: &Client) -> B256 {
    let payment = TransactionRequest::default().with_to(RECEIVER).with_value(U256::ONE);
    let sent = client.send_transaction(payment).await.unwrap();
    sent.get_receipt().await.unwrap().transaction_hash
}

async fn an_honest_plan_changes_nothing(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let node = HostileNode::start(&network.rpc_url(), Plan::new(1)).await.unwrap();
    let hash = pay(&through(&node, &network)).await;
    let straight = client(&network).await.get_transaction_receipt(hash).await.unwrap();
    assert_eq!(
        through(&node, &network).get_transaction_receipt(hash).await.unwrap(),
        straight
    );
    assert_eq!(node.told(), Vec::<String>::new());
}

async fn a_seed_repeats_what_was_done(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        let plan = Plan::new(7).with(RpcFault::Refuse, 300).with(RpcFault::OldHead, 300);
        let node = HostileNode::start(&network.rpc_url(), plan).await.unwrap();
        let looking = through(&node, &network);
        for _ in 0..30 {
            let _ = looking.get_block_number().await;
        }
        told.push(node.told());
    }
    assert!(told[0].len() > 5, "{told:?}");
    assert_eq!(told[0], told[1]);
}

async fn a_hidden_receipt_is_shown_in_the_end(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let hash = pay(&client(&network).await).await;
    let plan = Plan::new(3).with(RpcFault::HideReceipt, 1000);
    let node = HostileNode::start(&network.rpc_url(), plan).await.unwrap();
    let looking = through(&node, &network);
    let mut asked = 0;
    while looking.get_transaction_receipt(hash).await.unwrap().is_none() {
        asked += 1;
        assert!(asked < 20, "it stays hidden");
    }
    assert!(asked > 0, "it was never hidden");
}

async fn what_goes_to_a_hidden_contract_is_not_shown(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let hash = pay(&client(&network).await).await;
    let node = HostileNode::start(&network.rpc_url(), Plan::new(1).hiding(RECEIVER))
        .await
        .unwrap();
    let looking = through(&node, &network);
    for _ in 0..20 {
        assert_eq!(looking.get_transaction_receipt(hash).await.unwrap(), None);
        assert_eq!(looking.get_transaction_by_hash(hash).await.unwrap(), None);
    }
    node.set(Plan::new(1).hiding(Address::ZERO));
    assert!(looking.get_transaction_receipt(hash).await.unwrap().is_some());
    assert!(looking.get_transaction_by_hash(hash).await.unwrap().is_some());
}

async fn a_request_that_is_lost_never_arrives_and_a_lost_answer_hides_one_that_did(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let straight = client(&network).await;
    for (fault, arrived) in [(RpcFault::LoseRequest, 0), (RpcFault::LoseAnswer, 1)] {
        let node = HostileNode::start(&network.rpc_url(), Plan::new(1)).await.unwrap();
        let before = straight.get_balance(RECEIVER).await.unwrap();
        node.set(Plan::new(1).with(fault, 1000));
        let nonce = straight
            .get_transaction_count(network.accounts()[1].address)
            .await
            .unwrap();
        let payment = TransactionRequest::default()
            .with_to(RECEIVER)
            .with_value(U256::ONE)
            .with_nonce(nonce)
            .with_chain_id(orv_devnet::chain::GALILEO)
            .with_gas_limit(21_000)
            .with_max_fee_per_gas(20_000_000_000)
            .with_max_priority_fee_per_gas(3_000_000_000);
        let sent = through(&node, &network).send_transaction(payment).await;
        assert!(sent.is_err(), "{fault}");
        let wanted = before + U256::from(arrived);
        let mined = async {
            // A chain answers before it has made the block.
            while straight.get_balance(RECEIVER).await.unwrap() < wanted {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let mined = timeout(Duration::from_secs(60), mined).await;
        assert!(mined.is_ok(), "{fault}: {:?}", node.told());
        assert_eq!(straight.get_balance(RECEIVER).await.unwrap(), wanted, "{fault}");
    }
}

async fn a_head_is_absurd_or_old(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let straight = client(&network).await;
    for _ in 0..12 {
        pay(&straight).await;
    }
    let head = straight.get_block_number().await.unwrap();
    let node = HostileNode::start(&network.rpc_url(), Plan::new(1).with(RpcFault::AbsurdHead, 1000))
        .await
        .unwrap();
    let looking = through(&node, &network);
    assert!(looking.get_block_number().await.unwrap() > head + 1_000_000);
    node.set(Plan::new(1).with(RpcFault::OldHead, 1000));
    let old = looking.get_block_number().await.unwrap();
    assert!((head - 10..head).contains(&old), "{old} of {head}");
}

/// Lets the hand watch a chain that grows by this many payments, then reorganises it.
async fn reorganise(network: &Network, payments: u64, depth: u64, kept_of_ten: u64) -> u64 {
    let mut hand = Reorganiser::of(&network.rpc_url()).unwrap();
    for _ in 0..payments {
        hand = tokio::task::spawn_blocking(move || {
            hand.watch().unwrap();
            hand
        })
        .await
        .unwrap();
        pay(&client(network).await).await;
    }
    tokio::task::spawn_blocking(move || hand.reorganise(depth, kept_of_ten, 1).unwrap())
        .await
        .unwrap()
}

async fn ten_blocks_are_replaced_and_their_transactions_come_back(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let straight = client(&network).await;
    for _ in 0..3 {
        pay(&straight).await;
    }
    let first = straight.get_block_number().await.unwrap();
    let kept = straight
        .get_block_by_number(first.into())
        .await
        .unwrap()
        .unwrap()
        .header
        .hash;
    let lost = reorganise(&network, 12, 10, 10).await;
    assert_eq!(lost, 10);
    assert_eq!(
        straight
            .get_block_by_number(first.into())
            .await
            .unwrap()
            .unwrap()
            .header
            .hash,
        kept
    );
    assert!(straight.get_block_number().await.unwrap() > first + 12);
    assert_eq!(straight.get_balance(RECEIVER).await.unwrap(), U256::from(15));
}

async fn transactions_of_lost_blocks_may_stay_lost(kind: PeerKind) {
    let network = Network::start(kind).await.unwrap();
    let lost = reorganise(&network, 6, 4, 0).await;
    assert_eq!(lost, 4);
    let balance = client(&network).await.get_balance(RECEIVER).await.unwrap();
    assert_eq!(balance, U256::from(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_trouble_repeats_by_its_seed_and_ends() {
    let network = Network::start(PeerKind::Embedded).await.unwrap();
    let steps = |seed| {
        let mut trouble = StorageTrouble::new(network.storage().clone(), seed);
        let steps: Vec<_> = (0..40).map(|_| trouble.step()).collect();
        trouble.end();
        steps
    };
    assert_eq!(steps(5), steps(5));
    assert_ne!(steps(5), steps(6));
    assert!(steps(5).iter().any(Option::is_none));
}
