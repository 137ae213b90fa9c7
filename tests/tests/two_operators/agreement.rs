//! Two operators who agree: what the first one states is held, and the second one settles for both.

use crate::fake::Script;
use crate::operator::{APPROVED, HELD, Operator, REJECTED, comes_about};
use crate::stage::{STAKE, Stage, TICKET_LIFE};
use alloy_primitives::{I256, U256};
use orv_chain::{ProposalStatus, TicketState};
use orv_devnet::hostile::{HostileNode, Plan};
use orv_verifier::journal::State;
use serde_json::json;

/// What every journal tells until the statement is on its way.
const BEFORE: [&str; 4] = ["ticket-open", "running", "judged", "settling"];

#[tokio::test(flavor = "multi_thread")]
async fn the_first_statement_is_held_and_the_second_settles_for_both() {
    let stage = Stage::start(2).await;
    let first = Operator::new(&stage, 0, Script::Timed("900"));
    let second = Operator::new(&stage, 1, Script::Timed("930"));
    let id = stage.submit().await;

    first.once().await;
    assert_eq!(first.state(id).await, HELD);
    assert_eq!(stage.tickets(id).await, [TicketState::Held]);
    assert_eq!(stage.status(id).await, ProposalStatus::Submitted);

    second.once().await;
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    first.once().await;
    assert_eq!(
        first.way(id).await[..],
        [&BEFORE[..], &["waiting:held-for-quorum", "settled:approved"]].concat()
    );
    assert_eq!(second.way(id).await[..], [&BEFORE[..], &["settled:approved"]].concat());
    let (rows, reviews) = (
        [first.row(id).await, second.row(id).await],
        [first.reviews(), second.reviews()],
    );
    assert_eq!(
        rows[0].transaction, rows[1].transaction,
        "the settlement is one for both"
    );
    assert_eq!(reviews, [1, 1]);

    // The one that is worse for the claim is what counts, whoever sent it.
    let receipts = [first.receipt(id).await, second.receipt(id).await];
    let lowest = receipts.iter().min_by_key(|receipt| receipt.run.lower).unwrap();
    let proposal = stage.proposal(id).await;
    assert!(receipts[0].run.lower > lowest.run.lower && lowest.run.lower > I256::try_from(-1117).unwrap());
    assert_eq!(
        (proposal.status, proposal.verified_score, proposal.metrics_hash),
        (ProposalStatus::Approved, lowest.run.lower, lowest.run.bundle_root)
    );
    assert_eq!(stage.settlements(id).await, 1);
    assert_eq!(stage.staked(stage.project).await, U256::ZERO);
    let miner = stage.tokens(stage.project, stage.miner().address).await;
    assert_eq!(miner, U256::from(2 * STAKE), "the stake and as much again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_statement_outlives_its_tickets_time() {
    let stage = Stage::start(2).await;
    let first = Operator::new(&stage, 0, Script::Timed("1300"));
    let second = Operator::new(&stage, 1, Script::Timed("1300"));
    let id = stage.submit().await;
    first.once().await;
    stage.pass(2 * TICKET_LIFE).await;
    first.once().await;
    assert_eq!(first.state(id).await, HELD);
    second.once().await;
    first.once().await;
    assert_eq!([first.state(id).await, second.state(id).await], [REJECTED; 2]);
    assert_eq!(stage.settlements(id).await, 1);
}

/// It is away while the second one settles, and comes back twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_while_its_statement_is_held_finds_its_settlement() {
    let stage = Stage::start(2).await;
    let first = Operator::new(&stage, 0, Script::Timed("900"));
    let second = Operator::new(&stage, 1, Script::Timed("900"));
    let id = stage.submit().await;
    let mut daemon = first.run();
    first.comes_to(id, HELD).await;
    daemon.kill();
    // Alone it finds what it left, and nothing to do.
    first.once().await;
    assert_eq!(stage.tickets(id).await, [TicketState::Held]);
    second.once().await;
    assert_eq!(first.state(id).await, HELD, "nobody has told it");

    let _daemon = first.run();
    first.comes_to(id, APPROVED).await;
    assert_eq!(second.state(id).await, APPROVED);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(id).await, 1);
    assert_eq!(first.receipt(id).await.run.verdict, 1);
}

/// Each is killed when the chain has what it sent and its endpoint shows no receipt.
#[tokio::test(flavor = "multi_thread")]
async fn daemons_that_are_killed_while_they_send_find_what_they_sent() {
    let stage = Stage::start(2).await;
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Timed("900")));
    let way = HostileNode::start(&stage.network.rpc_url(), Plan::new(1))
        .await
        .unwrap();
    let gateway = stage.deployment.enclave.unwrap().verifier_gateway;
    let id = stage.submit().await;
    for (place, state) in [HELD, APPROVED].into_iter().enumerate() {
        let operator = &mut operators[place];
        operator.more = format!("rpc = {:?}\n", way.url());
        operator.until(State::Judged).await;
        way.set(Plan::new(1).hiding(gateway));
        let mut daemon = operator.run();
        let is_used = async || !matches!(stage.tickets(id).await[place], TicketState::Open);
        assert!(comes_about(is_used).await);
        daemon.kill();
        way.set(Plan::new(1));
        assert_eq!(operator.state(id).await, State::Settling);
        operator.once().await;
        assert_eq!(operator.state(id).await, state);
    }
    operators[0].once().await;
    assert_eq!(operators[0].state(id).await, APPROVED);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(id).await, 1);
}

/// Nobody says who comes first; whoever does waits for the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_living_daemons_settle_what_neither_could_alone() {
    let stage = Stage::start(2).await;
    let operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Timed("1300")));
    let _daemons = operators.each_ref().map(Operator::run);
    for _ in 0..2 {
        let id = stage.submit().await;
        for operator in &operators {
            operator.comes_to(id, REJECTED).await;
        }
        assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
        assert_eq!(stage.settlements(id).await, 1);
    }
}

/// The second one's statement is as it was before it settled, the first one's is held still.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_a_reorganisation_takes_back_is_settled_again_for_both() {
    let stage = Stage::start(2).await;
    let operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Timed("900")));
    let [first, second] = &operators;
    let id = stage.submit().await;
    first.once().await;
    second.until(State::Judged).await;
    let snapshot = stage.network.steer("evm_snapshot", json!([])).await.unwrap();
    second.once().await;
    first.once().await;
    stage.network.steer("evm_revert", json!([snapshot])).await.unwrap();
    assert_eq!(stage.tickets(id).await, [TicketState::Held, TicketState::Open]);

    first.once().await;
    assert_eq!(first.state(id).await, HELD, "its own record is on chain still");
    second.once().await;
    first.once().await;
    assert_eq!([first.state(id).await, second.state(id).await], [APPROVED; 2]);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(id).await, 1);
}
