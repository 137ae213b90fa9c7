//! What a verdict pays is drawn once, and goes to the account that earned it.

use crate::fake::Script;
use crate::operator::{CONFIRMATIONS, Operator, comes_about};
use crate::postgres::Server;
use crate::process::Process;
use crate::stage::{FEE_BIPS, STAKE, Stage};
use alloy::providers::Provider;
use alloy_primitives::{Address, B256, U256};
use orv_chain::bindings::VerifierGateway::Withdrawn;
use orv_chain::{ProjectId, ProposalStatus};
use orv_devnet::hostile::{HostileNode, Plan};
use orv_verifier::journal::Duty;

/// What a verdict pays after one rejection: a share of half the stake.
fn fee() -> U256 {
    U256::from(STAKE / 2 * u64::from(FEE_BIPS) / 10_000)
}

/// More blocks than there are: nothing stays, and nothing is drawn.
const NEVER: u64 = 1_000_000;

/// A rejection that fills the project's pot, and an approval that draws on it, by operators who take turns. Nothing is
/// drawn yet.
async fn earn(stage: &Stage, project: ProjectId, operators: &mut [Operator], no: Script, yes: Script) {
    for (script, status) in [(no, ProposalStatus::Rejected), (yes, ProposalStatus::Approved)] {
        let id = stage.submit_to(project).await;
        for operator in operators.iter_mut() {
            operator.boot(script);
            operator.confirmations = NEVER;
            operator.once().await;
            operator.confirmations = CONFIRMATIONS;
        }
        assert_eq!(stage.status(id).await, status);
    }
}

/// Draws of the fees, with whoever sent them.
async fn drawn(stage: &Stage) -> Vec<(ProjectId, Address, U256, Address)> {
    let mut drawn = Vec::new();
    for told in stage.told::<Withdrawn>().await {
        let event = told.event;
        assert_eq!(event.payout, event.operator, "none has named another payout");
        let project = ProjectId(event.projectId);
        drawn.push((
            project,
            event.operator,
            event.amount,
            sender(stage, told.transaction).await,
        ));
    }
    drawn.sort();
    drawn
}

async fn sender(stage: &Stage, transaction: B256) -> Address {
    let chain = stage.chain().await;
    let receipt = chain.provider().get_transaction_receipt(transaction).await;
    receipt.unwrap().unwrap().from
}

#[tokio::test(flavor = "multi_thread")]
async fn both_operators_of_a_quorum_draw_their_share_and_nobody_elses() {
    let stage = Stage::start(2).await;
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Silence));
    let (no, yes) = (Script::Timed("1300"), Script::Timed("900"));
    earn(&stage, stage.project, &mut operators, no, yes).await;
    let share = fee() / U256::from(2);
    for operator in &operators {
        assert_eq!(stage.owed(stage.project, operator).await, share);
    }
    stage.bury().await;
    // The second one is away, and what is its own stays where it is.
    operators[0].once().await;
    operators[0].once().await;
    assert_eq!(stage.owed(stage.project, &operators[1]).await, share);
    operators[1].once().await;
    operators[1].once().await;
    let mut expected = operators
        .each_ref()
        .map(|operator| (stage.project, operator.address, share, operator.address));
    expected.sort();
    assert_eq!(drawn(&stage).await, expected);
    for operator in &operators {
        assert_eq!(stage.tokens(stage.project, operator.address).await, share);
    }
}

/// A daemon with another account shares the journal of the first one, and sees its share when that one is away.
#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_a_quorum_goes_to_whoever_stated_though_another_account_draws_it() {
    let Some(server) = Server::start() else { return };
    let stage = Stage::start(2).await;
    let mut operators = [0, 1, 2].map(|number| Operator::new(&stage, number, Script::Silence));
    let journal = format!("journal = {:?}\n", server.database());
    operators[0].more.clone_from(&journal);
    operators[2].more = journal;
    let (no, yes) = (Script::Timed("1300"), Script::Timed("900"));
    earn(&stage, stage.project, &mut operators[..2], no, yes).await;
    let [stated, _, shares] = &operators;
    shares.once().await;
    stage.bury().await;
    shares.once().await;
    shares.once().await;
    let expected = (stage.project, stated.address, fee() / U256::from(2), shares.address);
    assert_eq!(drawn(&stage).await, [expected]);
    assert_eq!(stage.tokens(stage.project, shares.address).await, U256::ZERO);
}

/// Both live daemons see both fees, and either may carry either: each goes to its own account, once.
#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_on_one_journal_are_each_paid_once_whoever_carries_it() {
    let Some(server) = Server::start() else { return };
    let stage = Stage::start(1).await;
    let projects = [stage.project, stage.create_project().await];
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Silence));
    let journal = server.database();
    for (operator, project) in operators.iter_mut().zip(projects) {
        operator.more = format!("journal = {journal:?}\nprojects = {{ allow = [\"{project}\"] }}\n");
        let one = std::slice::from_mut(operator);
        earn(&stage, project, one, Script::NoImprovement, Script::Improvement).await;
    }
    for (operator, project) in operators.iter().zip(projects) {
        assert_eq!(stage.owed(project, operator).await, fee());
    }
    stage.bury().await;
    let _daemons: [Process; 2] = operators.each_ref().map(Operator::run);
    for (operator, project) in operators.iter().zip(projects) {
        assert!(comes_about(async || is_drawn(&stage, project, operator).await).await);
    }
    assert!(comes_about(async || is_discharged(&operators[0]).await).await);
    let paid: Vec<_> = drawn(&stage).await;
    let paid: Vec<_> = paid
        .iter()
        .map(|(project, operator, amount, _)| (*project, *operator, *amount))
        .collect();
    let expected = [0, 1].map(|number| (projects[number], operators[number].address, fee()));
    assert_eq!(paid, expected);
}

/// The one that wants larger sums looks first; what is too little for it is not for the other.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_little_for_one_daemon_of_a_journal_the_other_draws() {
    let Some(server) = Server::start() else { return };
    let stage = Stage::start(1).await;
    let mut operators = [0, 1].map(|number| Operator::new(&stage, number, Script::Silence));
    let journal = format!("journal = {:?}\n", server.database());
    for operator in &mut operators {
        operator.more.clone_from(&journal);
    }
    let (no, yes) = (Script::NoImprovement, Script::Improvement);
    earn(&stage, stage.project, &mut operators[..1], no, yes).await;
    stage.bury().await;
    operators[1].more = format!("{journal}duties = {{ withdraw_from = {} }}\n", 2 * STAKE);
    let [modest, demanding] = &operators;
    demanding.once().await;
    demanding.once().await;
    assert!(!is_drawn(&stage, stage.project, modest).await);
    stage.pass(600).await;
    modest.once().await;
    let expected = (stage.project, modest.address, fee(), modest.address);
    assert_eq!(drawn(&stage).await, [expected]);
}

/// The chain has the transaction, and its daemon is killed before it can know: its endpoint shows no receipt.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_sending_and_writing_draws_nothing_twice() {
    let stage = Stage::start(1).await;
    let mut operators = [Operator::new(&stage, 0, Script::Silence)];
    earn(
        &stage,
        stage.project,
        &mut operators,
        Script::NoImprovement,
        Script::Improvement,
    )
    .await;
    stage.bury().await;
    let [mut operator] = operators;
    let way = HostileNode::start(&stage.network.rpc_url(), Plan::new(1))
        .await
        .unwrap();
    operator.more = format!("rpc = {:?}\n", way.url());
    way.set(Plan::new(1).hiding(stage.deployment.enclave.unwrap().verifier_gateway));
    let mut daemon = operator.run();
    assert!(comes_about(async || is_drawn(&stage, stage.project, &operator).await).await);
    daemon.kill();
    assert!(
        !is_discharged(&operator).await,
        "the journal does not know that it is drawn"
    );

    way.set(Plan::new(1));
    let again = operator.run();
    stage.pass(600).await;
    assert!(comes_about(async || is_discharged(&operator).await).await);
    drop(again);
    let expected = (stage.project, operator.address, fee(), operator.address);
    assert_eq!(drawn(&stage).await, [expected]);
}

async fn is_drawn(stage: &Stage, project: ProjectId, operator: &Operator) -> bool {
    stage.owed(project, operator).await == U256::ZERO
}

/// Whether a journal says that everything is drawn.
async fn is_discharged(operator: &Operator) -> bool {
    let due = operator.journal().await.due(u64::MAX >> 1).await.unwrap();
    !due.iter().any(|due| matches!(due.duty, Duty::Withdraw { .. }))
}
