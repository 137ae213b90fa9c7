//! What the chain said yesterday it may not say today: what rested on it is done again.

use crate::fake::Script;
use crate::network::{Network, only, put_back};
use crate::stop_at::hand_back_at;
use orv_chain::ProposalStatus;
use orv_chain::primitives::B256;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{CloseCause, Event, Settlement, State};
use orv_verifier::{Daemon, Notice, Observer, Silent};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

on_both_chains!(
    a_settlement_that_a_reorganisation_takes_back_is_settled_again,
    a_statement_whose_ticket_was_left_is_carried_out_all_the_same,
    a_ticket_that_was_left_before_its_end_is_run_again,
    what_one_wrong_answer_closed_is_opened_again,
    a_number_whose_other_submission_is_decided_is_closed,
);

/// Counts rounds, and keeps in which of them something was taken back.
#[derive(Default)]
struct TakenBack(AtomicU32, Mutex<Vec<u32>>);

impl Observer for TakenBack {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Observed(_) => drop(self.0.fetch_add(1, Ordering::Relaxed)),
            Notice::Changing { event, .. } if *event == Event::TakeBack => {
                self.1.lock().unwrap().push(self.0.load(Ordering::Relaxed));
            }
            _ => {}
        }
    }
}

/// An endpoint that lags has it again at the second look.
async fn a_settlement_that_a_reorganisation_takes_back_is_settled_again(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    let judged = hand_back_at(State::Judged, network.config()).await;
    assert_eq!(only(&judged).state, State::Judged);
    let snapshot = network.running.steer("evm_snapshot", json!([])).await.unwrap();
    assert_eq!(only(&network.once().await).state, State::Settled(Settlement::Approved));
    network.running.steer("evm_revert", json!([snapshot])).await.unwrap();
    assert_eq!(network.status(id).await, ProposalStatus::Submitted);
    // With what was signed, the very same transaction would be offered again.
    for entry in std::fs::read_dir(network.config().data_directory).unwrap() {
        let path = entry.unwrap().path();
        if path.display().to_string().contains("outbox-") {
            std::fs::remove_file(path).unwrap();
        }
    }

    let looks = Arc::new(TakenBack::default());
    let again = Daemon::once(network.config(), Arc::clone(&looks) as Arc<dyn Observer>).await;
    assert_eq!(again.unwrap().failures, Vec::new());
    assert_eq!(*looks.1.lock().unwrap(), [3]);
    assert_eq!(network.status(id).await, ProposalStatus::Approved);
    assert_eq!(network.times(id, State::Settled(Settlement::Approved)).await, 2);
    assert_eq!(network.times(id, State::Running).await, 1);
}

/// Left on one endpoint's wrong word, or because of somebody else's settlement that a reorganisation took back.
async fn a_statement_whose_ticket_was_left_is_carried_out_all_the_same(kind: PeerKind) {
    for left in ["waiting:ticket-lost", "closed:decided-elsewhere", "seen"] {
        let network = Network::start(kind).await;
        network.enclave(Script::Improvement);
        let id = network.submit().await;
        hand_back_at(State::Judged, network.config()).await;
        put_back(&network, left).await;
        let summary = network.once().await;
        assert_eq!(summary.failures, Vec::new(), "{left}");
        assert_eq!(only(&summary).state, State::Settled(Settlement::Approved), "{left}");
        assert_eq!(network.status(id).await, ProposalStatus::Approved);
    }
}

/// A reorganisation took back what had closed the proposal; a ticket that was lost to the enclave's own word stays lost.
async fn a_ticket_that_was_left_before_its_end_is_run_again(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Silence);
    let id = network.submit().await;
    let running = |times: usize| {
        let network = &network;
        async move {
            hand_back_at(State::Running, network.config()).await;
            assert_eq!(network.times(id, State::Running).await, times);
        }
    };
    running(1).await;
    put_back(&network, "waiting:ticket-lost").await;
    running(1).await;
    put_back(&network, "seen").await;
    running(2).await;
}

/// A head with a time in the future, and an endpoint that does not have the submission yet.
async fn what_one_wrong_answer_closed_is_opened_again(kind: PeerKind) {
    for closed in ["closed:too-late", "closed:withdrawn"] {
        let network = Network::start(kind).await;
        network.enclave(Script::MissingBytes);
        network.submit().await;
        let mut config = network.config();
        config.projects.deny = vec![network.project];
        Daemon::once(config, Arc::new(Silent)).await.unwrap();
        put_back(&network, closed).await;
        let summary = network.once().await;
        assert_eq!(summary.failures, Vec::new(), "{closed}");
        assert_eq!(only(&summary).state, State::Inconclusive, "{closed}");
    }
}

/// A reorganisation gave the number to a submission that somebody else has settled before this operator looked.
async fn a_number_whose_other_submission_is_decided_is_closed(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    network.once().await;
    put_back(&network, "seen").await;
    let pool = network.tables().await;
    let other = "UPDATE proposals SET ticket = NULL, bundle_root = NULL, code_hash = ?";
    let other = sqlx::query(other).bind(B256::repeat_byte(0x77).to_string());
    other.execute(&pool).await.unwrap();
    let summary = network.once().await;
    assert_eq!(summary.failures, Vec::new());
    assert_eq!(only(&summary).state, State::Closed(CloseCause::DecidedElsewhere));
    assert_eq!(network.status(id).await, ProposalStatus::Approved);
}
