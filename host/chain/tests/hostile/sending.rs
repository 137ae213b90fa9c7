//! One owner of a key: whatever a node does to its transactions, each is made once or not at all, and it says which.

use std::time::Duration;

use orv_chain::{Chain, Fate, Mined, Outbox, SendError, TransactionOwner};
use orv_devnet::{
    Devnet,
    hostile::{Plan, Reorganiser, RpcFault},
};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{CHAIN_ID, by_hand, hasty, instant, made, owner, patience, payment, wallet, way};

/// Payments of one test.
const PAYMENTS: u32 = 8;

/// Compares what the owner said with what happened.
fn judge(what: &str, said: &[Result<Mined, SendError>], made: &[u64]) {
    for (number, (said, made)) in said.iter().zip(made).enumerate() {
        let possible: &[u64] = match said {
            Ok(_) => &[1],
            Err(SendError::Unknown { .. }) => &[0, 1],
            Err(_) => &[0],
        };
        assert!(
            possible.contains(made),
            "{what}: payment {number} was made {made} times, told: {said:?}"
        );
    }
}

/// Sends one anew for as long as the owner says that nothing was sent.
async fn insist(owner: &TransactionOwner, number: u32) -> Result<Mined, SendError> {
    let mut said = owner.send(payment(number)).await;
    for _ in 0..100 {
        match said {
            Ok(_) | Err(SendError::Unknown { .. }) => break,
            Err(_) => said = owner.send(payment(number)).await,
        }
    }
    said
}

/// Sends all payments at a time.
async fn pay(owner: &TransactionOwner) -> Vec<Result<Mined, SendError>> {
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..PAYMENTS {
        let owner = owner.clone();
        sends.spawn(async move { (number, insist(&owner, number).await) });
    }
    let mut said = sends.join_all().await;
    said.sort_by_key(|(number, _)| *number);
    said.into_iter().map(|(_, said)| said).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_payment_is_made_once_or_not_at_all_under_each_fault() {
    for fault in [
        RpcFault::LoseRequest,
        RpcFault::LoseAnswer,
        RpcFault::Delay,
        RpcFault::Duplicate,
        RpcFault::Reorder,
        RpcFault::Refuse,
        RpcFault::HideReceipt,
        RpcFault::WrongCount,
    ] {
        let devnet = instant().await;
        let bad = way(&devnet, Plan::new(11)).await;
        let owner = owner(&devnet, &[bad.url()], 1).await;
        bad.set(Plan::new(11).with(fault, 250));
        let said = pay(&owner).await;
        judge(
            &format!("{fault}, {:?}", bad.told()),
            &said,
            &made(&devnet, PAYMENTS).await,
        );
        let done = said.iter().filter(|said| said.is_ok()).count();
        assert!(done >= 4, "{fault}: too little went through: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_a_lying_endpoint_alone_is_not_believed() {
    let devnet = by_hand().await;
    let owner = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let hash = owner.submit(payment(0)).await.unwrap();
    let silent = way(&devnet, Plan::new(1).with(RpcFault::LoseRequest, 1000)).await;
    devnet.chain().mine().unwrap();
    let two = Chain::connect_to(&[devnet.rpc_url(), silent.url()], 2, CHAIN_ID)
        .await
        .unwrap();
    let patient = TransactionOwner::start(two, wallet(&devnet), hasty(), patience());
    assert_eq!(patient.fate(hash).await.unwrap(), Fate::Pending, "one of two shows it");
    assert!(matches!(owner.fate(hash).await.unwrap(), Fate::Mined(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_transaction_is_replaced_and_whichever_is_mined_is_reported() {
    let devnet = by_hand().await;
    let owner = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let hash = owner.submit(payment(0)).await.unwrap();
    let count = || async {
        let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
        alloy::providers::Provider::get_transaction_by_hash(chain.provider(), hash)
            .await
            .unwrap()
    };
    // Once the pool has another in its place it has the first no more.
    for _ in 0..400 {
        if count().await.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    devnet.chain().mine().unwrap();
    let Fate::Mined(mined) = owner.fate(hash).await.unwrap() else {
        panic!("not mined")
    };
    assert_ne!(mined.hash, hash);
    assert_eq!(made(&devnet, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_life_signed_is_offered_again_and_found() {
    let devnet = by_hand().await;
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::at(folder.path().join("outbox.json"));
    let resume = || async {
        let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
        TransactionOwner::resume(chain, wallet(&devnet), hasty(), patience(), outbox.clone())
            .await
            .unwrap()
    };
    let snapshot = steer(&devnet, "evm_snapshot", json!([])).await;
    let earlier = resume().await;
    let hash = earlier.submit(payment(0)).await.unwrap();
    drop(earlier);
    // The pool forgets it while nobody is there.
    steer(&devnet, "evm_revert", json!([snapshot])).await;
    let later = resume().await;
    later.submit(payment(1)).await.unwrap();
    devnet.chain().mine().unwrap();
    assert!(matches!(later.fate(hash).await.unwrap(), Fate::Mined(_)));
    assert_eq!(made(&devnet, 2).await, [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_block_was_reorganised_away_comes_back_by_itself() {
    let devnet = instant().await;
    let owner = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let url = devnet.rpc_url();
    let mut hand = Reorganiser::of(&url).unwrap();
    let mined = {
        hand = tokio::task::spawn_blocking(move || {
            hand.watch().unwrap();
            hand
        })
        .await
        .unwrap();
        owner.send(payment(0)).await.unwrap()
    };
    let lost = tokio::task::spawn_blocking(move || hand.reorganise(3, 0, 1).unwrap())
        .await
        .unwrap();
    assert_eq!(lost, 1);
    for _ in 0..400 {
        if made(&devnet, 1).await == [1] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(made(&devnet, 1).await, [1]);
    let Fate::Mined(again) = owner.fate(mined.hash).await.unwrap() else {
        panic!("not mined again")
    };
    assert_ne!(again.block, mined.block);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_key_lose_and_double_nothing() {
    let devnet = instant().await;
    let one = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let two = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..PAYMENTS {
        let owner = if number % 2 == 0 { one.clone() } else { two.clone() };
        sends.spawn(async move { (number, insist(&owner, number).await) });
    }
    let mut said = sends.join_all().await;
    said.sort_by_key(|(number, _)| *number);
    let said: Vec<_> = said.into_iter().map(|(_, said)| said).collect();
    judge("two owners", &said, &made(&devnet, PAYMENTS).await);
    assert!(said.iter().filter(|said| said.is_ok()).count() >= 6, "{said:?}");
}

async fn steer(devnet: &Devnet, method: &'static str, parameters: serde_json::Value) -> serde_json::Value {
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let provider = chain.provider();
    alloy::providers::Provider::raw_request(provider, method.into(), parameters)
        .await
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    /// All faults at a time that lose and delay but do not lie, through one endpoint or two of which both must agree.
    #[test]
    fn no_mixture_of_faults_doubles_a_payment(seed in any::<u64>(), quorum in 1_usize..3) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let devnet = instant().await;
            let mixture = |seed| RpcFault::ALL.into_iter().filter(|fault| !fault.is_a_lie()).fold(Plan::new(seed), |plan, fault| plan.with(fault, 40));
            let ways = [way(&devnet, Plan::new(seed)).await, way(&devnet, Plan::new(seed)).await];
            let urls: Vec<_> = ways.iter().map(|way| way.url()).collect();
            let owner = owner(&devnet, &urls[..quorum], quorum).await;
            for (number, way) in ways.iter().enumerate() {
                way.set(mixture(seed ^ number as u64));
            }
            let said = pay(&owner).await;
            let told: Vec<_> = ways.iter().map(|way| way.told()).collect();
            judge(&format!("seed {seed}: {told:?}"), &said, &made(&devnet, PAYMENTS).await);
        });
    }
}
