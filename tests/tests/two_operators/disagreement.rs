//! Operators who disagree, and those who come too late: nothing is settled by one, and nothing twice.

use crate::fake::Script;
use crate::operator::{APPROVED, HELD, KEY_LIFE, Operator};
use crate::stage::{EXPIRY_WINDOW, STAKE, Stage, TICKET_LIFE};
use alloy_primitives::U256;
use orv_chain::{ProposalStatus, TicketState};
use orv_verifier::journal::{CloseCause, State};

const DECIDED: State = State::Closed(CloseCause::DecidedElsewhere);

const YES: Script = Script::Timed("900");
const NO: Script = Script::Timed("1300");

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_disagree_settle_nothing_and_come_to_rest() {
    let stage = Stage::start(2).await;
    let operators = [Operator::new(&stage, 0, YES), Operator::new(&stage, 1, NO)];
    let id = stage.submit().await;
    for operator in [0, 1, 0, 1] {
        operators[operator].once().await;
    }
    assert_eq!(stage.tickets(id).await, [TicketState::Held; 2]);
    assert_eq!(stage.status(id).await, ProposalStatus::Submitted);
    assert_eq!(
        stage.staked(stage.project).await,
        U256::from(STAKE),
        "nobody is slashed"
    );
    for operator in &operators {
        assert_eq!(operator.state(id).await, HELD);
        operator.receipt(id).await;
    }

    // They look at it for as long as it is undecided, and then once more.
    stage.bury().await;
    operators[0].once().await;
    stage.pass(EXPIRY_WINDOW).await;
    operators[0].once().await;
    assert_eq!(stage.status(id).await, ProposalStatus::Expired);
    let miner = stage.tokens(stage.project, stage.miner().address).await;
    assert_eq!(miner, U256::from(STAKE / 2), "the verifiers' half comes back");
    for operator in &operators {
        operator.once().await;
        assert!(operator.state(id).await.is_final());
        assert_eq!(stage.owed(stage.project, operator).await, U256::ZERO);
    }
    assert_eq!(stage.settlements(id).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_operator_decides_between_two() {
    let stage = Stage::start(2).await;
    let yes = Operator::new(&stage, 0, YES);
    let no = Operator::new(&stage, 1, NO);
    let other = Operator::new(&stage, 2, YES);
    let id = stage.submit().await;
    for operator in [&no, &yes, &other, &no, &yes] {
        operator.once().await;
    }
    let settled = TicketState::Settled;
    assert_eq!(stage.tickets(id).await, [TicketState::Held, settled, settled]);
    let states = [yes.state(id).await, other.state(id).await, no.state(id).await];
    assert_eq!(states, [APPROVED, APPROVED, DECIDED]);
    assert_eq!(stage.settlements(id).await, 1);
    // What it stated stays its own, on disk and on chain.
    assert_eq!(no.receipt(id).await.run.verdict, 2);
}

/// It had its statement ready when its ticket lapsed, and two others settled meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_third_statement_after_the_settlement_changes_nothing() {
    let stage = Stage::start(2).await;
    let operators = [0, 1].map(|number| Operator::new(&stage, number, YES));
    let late = Operator::new(&stage, 2, NO);
    let id = stage.submit().await;
    operators[0].once().await;
    late.until(State::Judged).await;
    assert_eq!(late.state(id).await, State::Judged);
    stage.pass(TICKET_LIFE).await;
    operators[1].once().await;
    let settled = TicketState::Settled;
    assert_eq!(stage.tickets(id).await, [settled, TicketState::Lapsed, settled]);

    for operator in [&late, &operators[0], &late] {
        operator.once().await;
    }
    assert_eq!(
        [late.state(id).await, operators[0].state(id).await],
        [DECIDED, APPROVED]
    );
    assert_eq!(stage.status(id).await, ProposalStatus::Approved);
    assert_eq!(stage.settlements(id).await, 1);
    assert_eq!(late.receipt(id).await.run.verdict, 2);
}

/// The gateway lets a held statement lapse when its key has ended and its operator opens another ticket.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_statement_whose_key_has_ended_makes_room_for_another_attempt() {
    let stage = Stage::start(2).await;
    let mut first = Operator::new(&stage, 0, YES);
    first.more = "attempts = 2\n".to_owned();
    let second = Operator::new(&stage, 1, YES);
    let id = stage.submit().await;
    first.once().await;
    stage.pass(KEY_LIFE).await;
    second.once().await;
    assert_eq!(
        second.state(id).await,
        HELD,
        "a statement of an ended key agrees with nobody"
    );

    first.boot(YES);
    first.once().await;
    second.once().await;
    let settled = TicketState::Settled;
    assert_eq!(stage.tickets(id).await, [TicketState::Lapsed, settled, settled]);
    assert_eq!([first.state(id).await, second.state(id).await], [APPROVED; 2]);
    assert_eq!(stage.settlements(id).await, 1);
}
