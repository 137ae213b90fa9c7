//! What is owed to others, and what others owe.

use crate::fake::Script;
use crate::network::{Network, only, tables};
use orv_chain::ProposalStatus;
use orv_chain::wallet::WalletSource;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{CloseCause, DaemonId, Duty, Event, Settlement, State};
use orv_verifier::{Daemon, Notice, Observer, Silent};
use std::sync::Arc;

on_both_chains!(
    a_proposal_past_its_deadline_is_expired_for_its_miner,
    a_crash_while_a_proposal_is_closed_loses_no_duty,
    what_is_withdrawn_is_the_account_s_that_opened_the_ticket,
);

async fn a_proposal_past_its_deadline_is_expired_for_its_miner(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    network.pass(7 * 86_400 + 600).await;
    let closed = network.once().await;
    assert_eq!(only(&closed).state, State::Closed(CloseCause::TooLate));
    assert_eq!(network.once().await.failures, Vec::new());
    assert_eq!(network.status(id).await, ProposalStatus::Expired);
}

/// Ends its task where a crash would, before a proposal is closed.
struct CrashAtClose;

impl Observer for CrashAtClose {
    fn notice(&self, notice: &Notice) {
        if let Notice::Changing { event, .. } = notice {
            assert!(!matches!(event, Event::Close(_)), "a crash");
        }
    }
}

async fn a_crash_while_a_proposal_is_closed_loses_no_duty(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    network.pass(7 * 86_400 - 600).await;
    Daemon::once(network.config(), Arc::new(CrashAtClose))
        .await
        .unwrap_err();
    let journal = network.journal(DaemonId::READER).await;
    assert_eq!(journal.get(id).await.unwrap().state, State::Seen);
    let due = journal.due(u64::MAX >> 1).await.unwrap();
    assert!(due.iter().any(|due| due.duty == Duty::Expire(id)), "{due:?}");
}

/// They have accounts of their own, and the second one happens to see the settlement stay.
async fn what_is_withdrawn_is_the_account_s_that_opened_the_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let mut first = network.config();
    first.duties.withdraw_from = None;
    let settled = Daemon::once(first, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&settled).state, State::Settled(Settlement::Approved));
    let mut other = network.config();
    let key = network.running.accounts()[4].key;
    other.wallet = WalletSource::UnsafeRawKey(key.to_string());
    other.data_directory = network.directory.path().join("other");
    std::fs::create_dir(&other.data_directory).unwrap();
    let journal = network.tables().await;
    let copy = other.data_directory.join("journal.sqlite").display().to_string();
    sqlx::query("VACUUM INTO ?").bind(copy).execute(&journal).await.unwrap();
    journal.close().await;
    other.confirmations = 0;
    let data = other.data_directory.clone();
    let seen = Daemon::once(other, Arc::new(Silent)).await.unwrap();
    assert_eq!(seen.failures, Vec::new());
    let owed: Vec<String> = sqlx::query_scalar("SELECT operator FROM duties WHERE kind = 'withdraw'")
        .fetch_all(&tables(&data).await)
        .await
        .unwrap();
    assert_eq!(owed, [network.running.accounts()[2].address.to_string()]);
}
