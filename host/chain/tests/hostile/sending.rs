//! One owner of a key: whatever a node does to its transactions, each is made once or not at all, and it says which.

use std::time::Duration;

use orv_chain::{
    Call, Chain, Fate, Mined, Outbox, Patience, Resumption, SendError, TransactionOwner, primitives::B256,
};
use orv_devnet::{
    Devnet,
    hostile::{HostileNode, Plan, Reorganiser, RpcFault},
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

/// Another life of the account, which goes on with what is in the outbox.
async fn resume(devnet: &Devnet, chain: Chain, outbox: Outbox) -> TransactionOwner {
    let wallet = wallet(devnet);
    let earlier = Resumption::read(&chain, wallet.address(), outbox).await.unwrap();
    TransactionOwner::resume(chain, wallet, hasty(), patience(), earlier).unwrap()
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

/// Whether a node has this very transaction, and not another in its place.
async fn is_known(devnet: &Devnet, hash: B256) -> bool {
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let known = alloy::providers::Provider::get_transaction_by_hash(chain.provider(), hash).await;
    known.unwrap().is_some()
}

/// Makes blocks without what was sent since the snapshot, and waits until more is offered for it.
async fn wait_until_replaced(
    devnet: &Devnet,
    way: &HostileNode,
    owner: &TransactionOwner,
    snapshot: serde_json::Value,
    hash: B256,
) {
    way.set(Plan::new(1).with(RpcFault::LoseRequest, 1000));
    steer(devnet, "evm_revert", json!([snapshot])).await;
    for _ in 0..3 {
        devnet.chain().mine().unwrap();
    }
    assert!(!is_known(devnet, hash).await);
    way.set(Plan::new(1));
    for _ in 0..3000 {
        let waits = owner.fate(hash).await.unwrap() == Fate::Pending;
        if waits && !is_known(devnet, hash).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing was offered for more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_transaction_is_replaced_and_whichever_is_mined_is_reported() {
    let devnet = by_hand().await;
    let way = way(&devnet, Plan::new(1)).await;
    let owner = owner(&devnet, &[way.url()], 1).await;
    let snapshot = steer(&devnet, "evm_snapshot", json!([])).await;
    let hash = owner.submit(payment(0)).await.unwrap();
    // The first look sees how high the chain is.
    tokio::time::sleep(hasty().raise_after * 20).await;
    assert!(
        is_known(&devnet, hash).await,
        "a chain that stands still takes no higher offer"
    );
    wait_until_replaced(&devnet, &way, &owner, snapshot, hash).await;
    devnet.chain().mine().unwrap();
    let Fate::Mined(mined) = owner.fate(hash).await.unwrap() else {
        panic!("not mined")
    };
    assert_ne!(mined.hash, hash);
    assert_eq!(made(&devnet, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_as_many_waiting_as_may_the_first_is_still_replaced() {
    let devnet = by_hand().await;
    let way = way(&devnet, Plan::new(1)).await;
    let owner = owner(&devnet, &[way.url()], 1).await;
    let snapshot = steer(&devnet, "evm_snapshot", json!([])).await;
    let mut signed = Vec::new();
    let refused = loop {
        let call = Call {
            data: vec![u8::try_from(signed.len()).unwrap()].into(),
            ..payment(0)
        };
        match owner.submit(call).await {
            Ok(hash) => signed.push(hash),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, SendError::Chain(_)), "{refused:?}");
    assert_eq!(signed.len(), 65);
    // The first look sees how high the chain is.
    tokio::time::sleep(hasty().raise_after * 20).await;
    wait_until_replaced(&devnet, &way, &owner, snapshot, signed[0]).await;
}

/// An owner who gives up after a moment.
async fn impatient(devnet: &Devnet) -> TransactionOwner {
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let patience = Patience {
        limit: Duration::from_millis(200),
        ..patience()
    };
    TransactionOwner::start(chain, wallet(devnet), hasty(), patience)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_and_is_asked_for_again_is_waited_for_and_not_signed_again() {
    let devnet = by_hand().await;
    let owner = impatient(&devnet).await;
    let mut hashes = Vec::new();
    for _ in 0..3 {
        match owner.send(payment(0)).await {
            Err(SendError::Unknown { hash, .. }) => hashes.push(hash),
            other => panic!("{other:?}"),
        }
    }
    assert!(hashes.windows(2).all(|two| two[0] == two[1]), "{hashes:?}");
    devnet.chain().mine().unwrap();
    devnet.chain().mine().unwrap();
    assert_eq!(made(&devnet, 1).await, [1]);
    // Once it is mined, the same call is another wish.
    owner.submit(payment(0)).await.unwrap();
    devnet.chain().mine().unwrap();
    assert_eq!(made(&devnet, 1).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_want_the_same_at_a_time_both_get_it() {
    let devnet = instant().await;
    let owner = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let (one, other) = tokio::join!(owner.send(payment(0)), owner.send(payment(0)));
    assert_ne!(one.unwrap().hash, other.unwrap().hash);
    assert_eq!(made(&devnet, 1).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_sent_once_is_not_sent_again_when_it_is_mined_nor_by_the_next_life() {
    let devnet = instant().await;
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::at(folder.path().join("outbox.json"));
    let mut mined = Vec::new();
    for _ in 0..2 {
        let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
        let life = resume(&devnet, chain, outbox.clone()).await;
        for _ in 0..2 {
            mined.push(life.send_once(payment(0)).await.unwrap());
        }
    }
    assert!(mined.windows(2).all(|two| two[0] == two[1]), "{mined:?}");
    assert_eq!(made(&devnet, 1).await, [1]);
}

/// The price of what is bought may move between two tries.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_sent_once_is_not_paid_for_again_at_another_price() {
    let devnet = instant().await;
    let owner = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let first = owner.send_once(payment(0)).await.unwrap();
    let dearer = owner.send_once(payment(1)).await.unwrap();
    assert_eq!(first, dearer);
    assert_eq!(made(&devnet, 2).await, [1, 0]);
    // What may be sent again is another wish with another value.
    owner.send(payment(1)).await.unwrap();
    assert_eq!(made(&devnet, 2).await, [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_down_is_never_sent() {
    let devnet = instant().await;
    let folder = tempfile::tempdir().unwrap();
    let box_folder = folder.path().join("box");
    std::fs::create_dir(&box_folder).unwrap();
    let outbox = Outbox::at(box_folder.join("outbox.json"));
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let owner = resume(&devnet, chain, outbox).await;
    owner.send(payment(0)).await.unwrap();
    std::fs::remove_dir_all(&box_folder).unwrap();
    let refused = owner.send(payment(1)).await;
    assert!(matches!(refused, Err(SendError::Outbox(_))), "{refused:?}");
    std::fs::create_dir(&box_folder).unwrap();
    // Long enough for several looks.
    tokio::time::sleep(patience().interval * 40).await;
    assert_eq!(made(&devnet, 2).await, [1, 0]);
    owner.send(payment(1)).await.unwrap();
    assert_eq!(made(&devnet, 2).await, [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_life_signed_is_offered_again_and_found() {
    let devnet = by_hand().await;
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::at(folder.path().join("outbox.json"));
    let live = || async {
        let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
        resume(&devnet, chain, outbox.clone()).await
    };
    let snapshot = steer(&devnet, "evm_snapshot", json!([])).await;
    let earlier = live().await;
    let hash = earlier.submit(payment(0)).await.unwrap();
    drop(earlier);
    // The pool forgets it while nobody is there.
    steer(&devnet, "evm_revert", json!([snapshot])).await;
    let later = live().await;
    later.submit(payment(1)).await.unwrap();
    devnet.chain().mine().unwrap();
    assert!(matches!(later.fate(hash).await.unwrap(), Fate::Mined(_)));
    assert_eq!(made(&devnet, 2).await, [1, 1]);
}

/// Waits until the node would put so many transactions of the payer into its next block.
async fn wait_until_offered(devnet: &Devnet, transactions: u64) {
    let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
    let payer = devnet.accounts()[1].address;
    for _ in 0..1000 {
        let offered = alloy::providers::Provider::get_transaction_count(chain.provider(), payer).pending();
        if offered.await.unwrap() == transactions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not everything was offered again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_earlier_life_wanted_is_gone_on_with_if_a_node_has_it_and_dropped_if_none_has() {
    let devnet = by_hand().await;
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::at(folder.path().join("outbox.json")).dropping([1, 2, 3, 4]);
    let live = || async {
        let chain = Chain::connect(&devnet.rpc_url(), CHAIN_ID).await.unwrap();
        resume(&devnet, chain, outbox.clone()).await
    };
    let passing = |number| Call {
        data: vec![1, 2, 3, 4].into(),
        ..payment(number)
    };
    let earlier = live().await;
    earlier.submit(passing(0)).await.unwrap();
    let snapshot = steer(&devnet, "evm_snapshot", json!([])).await;
    earlier.submit(passing(1)).await.unwrap();
    earlier.submit(payment(2)).await.unwrap();
    drop(earlier);
    steer(&devnet, "evm_revert", json!([snapshot])).await;
    let later = live().await;
    later.submit(payment(3)).await.unwrap();
    wait_until_offered(&devnet, 3).await;
    // Long enough for what should not be offered.
    tokio::time::sleep(patience().interval * 40).await;
    devnet.chain().mine().unwrap();
    assert_eq!(made(&devnet, 4).await, [1, 0, 1, 1]);
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
    for _ in 0..3000 {
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
