//! Approvals whose turn it is not: what is stated is not lost while an earlier proposal stands in the way.

use crate::crooked;
use crate::fake::Script;
use crate::operator::{APPROVED, HELD, Operator};
use crate::stage::{Stage, TICKET_LIFE};
use alloy::sol_types::SolCall;
use alloy_primitives::{B256, U256};
use orv_chain::TicketState;
use orv_chain::bindings::VerifierGateway::advanceCall;
use orv_verifier::journal::State;
use serde_json::{Value, json};

/// Where the daemon asks for the turn, every proposal's has come. Nothing else makes it begin one too early, but for a
/// reorganisation after it has begun.
fn everybodys_turn(method: &str, parameters: &Value) -> Option<Value> {
    let call = &parameters[0];
    let input = call["input"].as_str().or(call["data"].as_str()).unwrap_or_default();
    let asks = method == "eth_call" && input.starts_with(&format!("0x{}", hex::encode(advanceCall::SELECTOR)));
    asks.then(|| json!(B256::from(U256::from(1000))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quorum_whose_turn_it_is_not_is_held_beyond_its_tickets_time_and_settles_in_its_turn() {
    let stage = Stage::start(2).await;
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Timed("900")));
    let hasty = crooked::start(&stage.network.rpc_url(), everybodys_turn).await;
    for operator in &mut operators {
        operator.more = format!("rpc = {hasty:?}\n");
    }
    let mut third = Operator::new(&stage, 2, Script::MissingBytes);
    let earlier = stage.submit().await;
    let later = stage.submit().await;
    third.until(State::Judged).await;
    assert_eq!(stage.tickets(earlier).await, [TicketState::Open]);
    for operator in &operators {
        operator.once().await;
        assert_eq!(operator.state(later).await, HELD);
    }
    stage.pass(TICKET_LIFE).await;
    assert_eq!(stage.tickets(later).await, [TicketState::Held; 2]);
    assert_eq!(stage.settlements(later).await, 0);

    third.more = "attempts = 2\n".to_owned();
    third.until(State::Inconclusive).await;
    for operator in &operators {
        operator.once().await;
    }
    let [first, second] = &operators;
    assert_eq!([first.state(later).await, second.state(later).await], [APPROVED; 2]);
    assert_eq!(stage.tickets(later).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(later).await, 1);
}
