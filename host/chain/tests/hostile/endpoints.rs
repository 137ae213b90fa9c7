//! Whom to ask, and when to believe it.

use alloy::rpc::types::Filter;
use orv_chain::{Chain, ChainError, NodeState, primitives::U256};
use orv_devnet::{
    Devnet, DevnetOptions,
    chain::ChainOptions,
    hostile::{Plan, RpcFault},
};

use crate::support::{CHAIN_ID, RECEIVER, instant, leave_logs, owner, payment, way};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_left_out_with_its_code() {
    let devnet = instant().await;
    let chain = ChainOptions {
        chain_id: 1,
        ..ChainOptions::default()
    };
    let options = DevnetOptions {
        chain,
        ..DevnetOptions::default()
    };
    let other = Devnet::start(options).await.unwrap();
    let chain = Chain::connect_to(&[other.rpc_url(), devnet.rpc_url()], 1, CHAIN_ID)
        .await
        .unwrap();
    assert_eq!(chain.head().await.unwrap().reference.number, devnet.chain().height());
    let states: Vec<_> = chain.nodes().into_iter().map(|node| node.state).collect();
    assert_eq!(states, [NodeState::WrongChain { found: 1 }, NodeState::Serving]);
    assert_eq!(states[0].code(), Some("ORV-N-002"));
    let strict = Chain::connect_to(&[other.rpc_url(), devnet.rpc_url()], 2, CHAIN_ID)
        .await
        .unwrap();
    let refused = strict.agreed().await;
    assert!(
        matches!(refused, Err(ChainError::NoQuorum { needed: 2, .. })),
        "{refused:?}"
    );
    let alone = Chain::connect(&other.rpc_url(), CHAIN_ID).await;
    assert!(
        matches!(alone, Err(ChainError::WrongChainId { found: 1, .. })),
        "{alone:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_questions_go_to_the_next_endpoint_when_one_is_silent() {
    let devnet = instant().await;
    let silent = way(&devnet, Plan::new(1).with(RpcFault::LoseRequest, 1000)).await;
    let chain = Chain::connect_to(&[silent.url(), devnet.rpc_url()], 1, CHAIN_ID)
        .await
        .unwrap();
    for _ in 0..5 {
        chain.balance(RECEIVER).await.unwrap();
    }
    let first = &chain.nodes()[0];
    assert_eq!(first.state.code(), Some("ORV-N-001"), "{first:?}");
    assert!(
        silent.told().len() < 5,
        "it is asked last after some failures: {:?}",
        silent.told()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_nodes_own_goes_to_the_next_endpoint() {
    let devnet = instant().await;
    let refusing = way(&devnet, Plan::new(1).with(RpcFault::Refuse, 1000)).await;
    let chain = Chain::connect_to(&[refusing.url(), devnet.rpc_url()], 1, CHAIN_ID)
        .await
        .unwrap();
    assert_eq!(chain.balance(RECEIVER).await.unwrap(), U256::ZERO);
    let alone = Chain::connect(&refusing.url(), CHAIN_ID).await.unwrap();
    let refused = alone.balance(RECEIVER).await;
    assert!(matches!(refused, Err(ChainError::Refused { .. })), "{refused:?}");
}

/// Logs that one endpoint lies about.
async fn logs_of(lie: RpcFault, honest: usize) -> (Result<usize, ChainError>, usize) {
    let devnet = instant().await;
    let left = leave_logs(&devnet).await;
    let liar = way(&devnet, Plan::new(3).with(lie, 1000)).await;
    let mut urls = vec![liar.url()];
    let mut ways = Vec::new();
    for seed in 0..honest {
        let honest = way(&devnet, Plan::new(seed as u64)).await;
        urls.push(honest.url());
        ways.push(honest);
    }
    let filter = Filter::new().from_block(0).to_block(devnet.chain().height());
    let chain = Chain::connect_to(&urls, 2, CHAIN_ID).await.unwrap();
    (chain.agreed_logs(&filter).await.map(|logs| logs.len()), left)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_about_logs_is_a_disagreement_and_outvoted_by_two() {
    for lie in [RpcFault::OmitLog, RpcFault::RepeatLog, RpcFault::InventLog] {
        let (divided, _) = logs_of(lie, 1).await;
        let Err(ChainError::Disagreement { answers, .. }) = divided else {
            panic!("{lie}: {divided:?}")
        };
        assert_eq!(answers.len(), 2);
        let (agreed, true_count) = logs_of(lie, 2).await;
        assert_eq!(agreed.unwrap(), true_count, "{lie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_or_old_head_of_one_endpoint_moves_no_agreed_block_beyond_the_truth() {
    let devnet = instant().await;
    let sender = owner(&devnet, &[devnet.rpc_url()], 1).await;
    for number in 0..3 {
        sender.send(payment(number)).await.unwrap();
    }
    let height = devnet.chain().height();
    for lie in [RpcFault::AbsurdHead, RpcFault::OldHead] {
        let liar = way(&devnet, Plan::new(5).with(lie, 1000)).await;
        let honest = way(&devnet, Plan::new(6)).await;
        let three = [liar.url(), honest.url(), devnet.rpc_url()];
        let outvoted = Chain::connect_to(&three, 2, CHAIN_ID)
            .await
            .unwrap()
            .agreed()
            .await
            .unwrap();
        assert_eq!(outvoted.head().await.unwrap().reference.number, height, "{lie}");
        let two = Chain::connect_to(&three[..2], 2, CHAIN_ID)
            .await
            .unwrap()
            .agreed()
            .await
            .unwrap();
        let head = two.head().await.unwrap().reference;
        assert!(head.number <= height, "{lie}");
        assert_eq!(devnet.chain().block_hash(head.number), Some(head.hash), "{lie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_questions_of_one_agreed_view_are_answered_at_one_block() {
    let devnet = instant().await;
    let sender = owner(&devnet, &[devnet.rpc_url()], 1).await;
    let agreed = sender.chain().agreed().await.unwrap();
    let before = agreed.balance(RECEIVER).await.unwrap();
    sender.send(payment(0)).await.unwrap();
    assert_eq!(agreed.balance(RECEIVER).await.unwrap(), before);
    let later = sender.chain().agreed().await.unwrap();
    assert_eq!(later.balance(RECEIVER).await.unwrap(), before + U256::ONE);
}

#[tokio::test]
async fn a_quorum_that_cannot_be_and_an_endpoint_that_counts_twice_are_refused() {
    let one = ["http://127.0.0.1:9"];
    for quorum in [0, 2] {
        let refused = Chain::connect_to(&one, quorum, CHAIN_ID).await;
        assert!(matches!(refused, Err(ChainError::BadQuorum { .. })), "{refused:?}");
    }
    let twice = Chain::connect_to(&["http://127.0.0.1:9", "http://127.0.0.1:9/"], 2, CHAIN_ID).await;
    assert!(matches!(twice, Err(ChainError::SameEndpointTwice(_))), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_quorum_every_typed_question_is_the_quorums() {
    let devnet = instant().await;
    let sender = owner(&devnet, &[devnet.rpc_url()], 1).await;
    sender.send(payment(0)).await.unwrap();
    let liar = way(&devnet, Plan::new(5).with(RpcFault::AbsurdHead, 1000)).await;
    let honest = way(&devnet, Plan::new(6)).await;
    let three = [liar.url(), honest.url(), devnet.rpc_url()];
    let chain = Chain::connect_to(&three, 2, CHAIN_ID).await.unwrap();
    assert_eq!(chain.head().await.unwrap().reference.number, devnet.chain().height());
    assert_eq!(chain.balance(RECEIVER).await.unwrap(), U256::ONE);
    let alone = Chain::connect(&liar.url(), CHAIN_ID).await.unwrap();
    let refused = alone.head().await;
    assert!(matches!(refused, Err(ChainError::Malformed { .. })), "{refused:?}");
}
