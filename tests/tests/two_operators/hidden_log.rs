//! An endpoint that hides what others have stated: the gateway keeps a statement's hash only, so whoever is to settle
//! with it finds it by its log.

use crate::fake::Script;
use crate::operator::{APPROVED, HELD, Operator};
use crate::stage::Stage;
use orv_chain::{ProposalStatus, TicketState};
use orv_devnet::hostile::{HostileNode, Plan, RpcFault};

/// A way to the chain that tells no log, or an honest one.
async fn way(stage: &Stage, chance: u16) -> HostileNode {
    let plan = Plan::new(1).with(RpcFault::OmitLog, chance);
    HostileNode::start(&stage.network.rpc_url(), plan).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_endpoint_hides_from_the_second_operator_the_first_one_settles() {
    let stage = Stage::start(2).await;
    let first = Operator::new(&stage, 0, Script::Timed("900"));
    let mut second = Operator::new(&stage, 1, Script::Timed("900"));
    let hides = way(&stage, 1000).await;
    second.more = format!("rpc = {:?}\n", hides.url());
    let id = stage.submit().await;
    first.once().await;
    second.once().await;
    assert_eq!(second.state(id).await, HELD, "it saw nobody who agrees");
    assert_eq!(stage.tickets(id).await, [TicketState::Held; 2]);
    assert_eq!(stage.status(id).await, ProposalStatus::Submitted);

    first.once().await;
    second.once().await;
    assert_eq!([first.state(id).await, second.state(id).await], [APPROVED; 2]);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(id).await, 1);
    assert!(!hides.told().is_empty());
}

/// The second one's own log, from the first one, while the second one is away: it waits for as long as the log is hidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_statement_is_waited_for_and_settled_once_it_is_shown() {
    let stage = Stage::start(2).await;
    let mut first = Operator::new(&stage, 0, Script::Timed("900"));
    let mut second = Operator::new(&stage, 1, Script::Timed("900"));
    let ways = [way(&stage, 1000).await, way(&stage, 1000).await];
    first.more = format!("rpc = {:?}\n", ways[0].url());
    second.more = format!("rpc = {:?}\n", ways[1].url());
    let id = stage.submit().await;
    for operator in [&first, &second, &first, &second, &first] {
        operator.once().await;
    }
    assert_eq!([first.state(id).await, second.state(id).await], [HELD; 2]);

    ways[0].set(Plan::new(1));
    first.once().await;
    assert_eq!(first.state(id).await, APPROVED);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    // Its endpoint still hides the settlement's log; the ticket's state tells enough.
    second.once().await;
    assert_eq!(second.state(id).await, APPROVED);
    assert_eq!(stage.settlements(id).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_of_three_that_hides_the_log_delays_nothing() {
    let stage = Stage::start(2).await;
    let first = Operator::new(&stage, 0, Script::Timed("900"));
    let mut second = Operator::new(&stage, 1, Script::Timed("900"));
    let ways = [way(&stage, 0).await, way(&stage, 1000).await, way(&stage, 0).await];
    let urls: Vec<_> = ways.iter().map(HostileNode::url).collect();
    second.more = format!("rpc = {urls:?}\nrpc_quorum = 2\n");
    let id = stage.submit().await;
    first.once().await;
    second.once().await;
    assert_eq!(second.state(id).await, APPROVED);
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
}

/// Each of two living daemons sees the other's statement in the same moment, and may send the settlement.
#[tokio::test(flavor = "multi_thread")]
async fn what_both_find_at_once_is_settled_once() {
    let stage = Stage::start(2).await;
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Timed("900")));
    let ways = [way(&stage, 1000).await, way(&stage, 1000).await];
    for (operator, way) in operators.iter_mut().zip(&ways) {
        operator.more = format!("rpc = {:?}\n", way.url());
    }
    let id = stage.submit().await;
    let _daemons = operators.each_ref().map(Operator::run);
    for operator in &operators {
        operator.comes_to(id, HELD).await;
    }
    for way in &ways {
        way.set(Plan::new(1));
    }
    for operator in &operators {
        operator.comes_to(id, APPROVED).await;
    }
    assert_eq!(stage.tickets(id).await, [TicketState::Settled; 2]);
    assert_eq!(stage.settlements(id).await, 1);
}
