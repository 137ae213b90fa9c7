//! The whole daemon on the embedded network and on anvil, with an enclave that follows a script.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;
mod network;

use fake::{Script, measurement};
use network::{Network, forget_receipts, free_address, only, put_back};
use orv_attester::{AttesterConfig, AttesterNotice, AttesterObserver};
use orv_chain::bindings::VerifierGateway;
use orv_chain::primitives::B256;
use orv_chain::{Proposal, ProposalStatus};
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_receipt::Receipt;
use orv_receipt::check::{CheckResult, check};
use orv_verifier::journal::{CloseCause, DaemonId, KeyRecord, Settlement, State, WaitCause};
use orv_verifier::{AdmissionSource, Daemon, Notice, Observer, Orders, RemoteAttesters, Silent, VerifierConfig};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

on_both_chains!(
    a_proposal_whose_bytes_nobody_has_is_recorded_inconclusive_with_a_receipt,
    an_improvement_is_approved_and_a_failure_to_improve_rejected_in_one_transaction_each,
    after_a_restart_the_admitted_key_works_on_and_proposals_wait_for_nobody,
    a_statement_for_another_proposal_sends_nothing_to_the_chain,
    without_an_enclave_no_ticket_is_opened,
    while_the_storage_network_is_silent_no_ticket_is_opened,
    a_lost_ticket_is_not_taken_up_again,
    a_ticket_that_the_endpoint_does_not_know_is_not_given_up,
    a_receipt_is_written_as_soon_as_the_disk_takes_it,
    a_crash_after_the_receipt_goes_on_from_the_receipt,
    a_stopped_daemon_ends_and_has_done_its_work,
    a_crash_between_sending_and_writing_is_mended_by_reading_the_chain,
    a_crash_before_the_verdict_closes_what_the_chain_has_decided,
    an_earlier_undecided_proposal_is_waited_for,
    a_denied_project_is_left_alone,
    a_proposal_whose_time_has_passed_is_closed_without_a_ticket,
    a_key_that_would_expire_under_a_run_opens_no_ticket,
    attesters_elsewhere_admit_the_key_or_say_why_not,
    a_key_whose_admission_fails_for_long_is_introduced_anew,
    a_known_key_is_introduced_with_the_evidence_that_the_chain_took,
);

async fn a_proposal_whose_bytes_nobody_has_is_recorded_inconclusive_with_a_receipt(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let proposal = network.submit().await;
    let summary = network.once().await;
    assert_eq!(summary.failures, Vec::new());
    let row = only(&summary);
    assert_eq!(
        (row.proposal.clone(), row.state),
        (proposal.to_string(), State::Inconclusive)
    );
    assert_eq!(
        (row.verdict, row.reason.as_deref()),
        (Some("inconclusive"), Some("missing-bytes"))
    );
    assert!(row.transaction.is_some() && row.gas_used.is_some());

    let path: PathBuf = row.receipt.clone().unwrap();
    let receipt = Receipt::decode(&std::fs::read(path).unwrap()).unwrap();
    assert!(check(&receipt).iter().all(|check| check.result == CheckResult::Pass));
    let chain = network.deployment.connect().await.unwrap();
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let recorded = VerifierGateway::isInconclusiveCall { proposalId: proposal.0 };
    assert!(chain.call(gateway, &recorded).await.unwrap());
    let reviews = std::fs::read_to_string(network.directory.path().join("data/reviews.jsonl")).unwrap();
    assert_eq!(reviews.lines().count(), 1);

    let again = network.once().await;
    assert!(again.outcomes.is_empty() && again.failures.is_empty(), "{again:?}");
}

/// Where an attester listens, once it does.
struct Listening(tokio::sync::mpsc::UnboundedSender<String>);

impl AttesterObserver for Listening {
    fn notice(&self, notice: &AttesterNotice) {
        if let AttesterNotice::Listening { address, .. } = notice {
            let _ = self.0.send(format!("http://{address}"));
        }
    }
}

/// The attester of this suite as a service of its own.
fn attester_at(network: &Network, listen: &str) -> AttesterConfig {
    let local = network.config();
    let AdmissionSource::Local(signer) = &local.admission else {
        panic!("the attester of this suite is local");
    };
    let policy = network.directory.path().join("policy.toml");
    let listed = format!("[[measurements]]\nname = \"scripted\"\nid = \"{}\"\n", measurement());
    std::fs::write(&policy, listed).unwrap();
    let text = format!(
        "deployment = {:?}\npolicy = {policy:?}\ntrust = \"simulator\"\nlisten = {listen:?}\n\
         [key]\nunsafe_raw_key = \"{}\"\n",
        local.deployment, signer.attester_keys[0],
    );
    AttesterConfig::parse(&text).unwrap()
}

/// Passes on what fails and which states are reached.
struct Heard(tokio::sync::mpsc::UnboundedSender<String>);

impl Observer for Heard {
    fn notice(&self, notice: &Notice) {
        let _ = match notice {
            Notice::Changed { state, .. } => self.0.send(state.to_string()),
            Notice::Failed { code, .. } => self.0.send((*code).to_owned()),
            _ => Ok(()),
        };
    }
}

/// The registry takes a challenge for 256 blocks; the attester is away for longer than that.
async fn a_key_whose_admission_fails_for_long_is_introduced_anew(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let address = free_address().to_string();
    let mut config = network.config();
    config.pause.failed_enclave = 0;
    config.admission = AdmissionSource::Remote(RemoteAttesters {
        attesters: vec![format!("http://{address}")],
    });
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let orders = Orders::new(config, Arc::new(Heard(told)));
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while heard.recv().await.unwrap() != "ORV-V-056" {}
    for _ in 0..260 {
        network.running.steer("evm_mine", json!([])).await.unwrap();
    }
    let (told, _listening) = tokio::sync::mpsc::unbounded_channel();
    let attester = attester_at(&network, &address);
    let serving = tokio::spawn(orv_attester::run(
        attester,
        std::future::pending(),
        Arc::new(Listening(told)),
    ));
    while heard.recv().await.unwrap() != State::Inconclusive.to_string() {}
    controls.stop();
    assert_eq!(only(&working.await.unwrap().unwrap()).state, State::Inconclusive);
    serving.abort();
}

/// As if the key had been registered again, and then the first admission had been mined after all.
async fn a_known_key_is_introduced_with_the_evidence_that_the_chain_took(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    network.once().await;
    let config = network.config();
    let daemon = DaemonId::kept_in(&config.data_directory).unwrap();
    let journal = network.journal(daemon).await;
    let admitted = journal.keys().await.unwrap().remove(0);
    let chain = network.deployment.connect().await.unwrap();
    let later = KeyRecord {
        challenge_block: chain.head().await.unwrap().reference,
        envelope: vec![1],
        ..admitted.clone()
    };
    let enclave = config.enclaves()[0].address.to_string();
    journal.keep_key(&later, &enclave, 9).await.unwrap();
    assert_eq!(journal.evidence_of(admitted.address).await.unwrap(), [later, admitted]);
    network.submit().await;
    let summary = network.once().await;
    assert_eq!(summary.failures, Vec::new());
    assert_eq!(only(&summary).state, State::Inconclusive);
}

async fn attesters_elsewhere_admit_the_key_or_say_why_not(kind: PeerKind) {
    let network = Network::start(kind).await;
    let local = network.config();
    let (told, mut listening) = tokio::sync::mpsc::unbounded_channel();
    let attester = attester_at(&network, "127.0.0.1:0");
    let serving = tokio::spawn(orv_attester::run(
        attester,
        std::future::pending(),
        Arc::new(Listening(told)),
    ));
    let address = listening.recv().await.unwrap();

    let asking = |attesters: Vec<String>| VerifierConfig {
        admission: AdmissionSource::Remote(RemoteAttesters { attesters }),
        ..local.clone()
    };
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let nobody = Daemon::once(asking(vec!["http://127.0.0.1:9".to_owned()]), Arc::new(Silent)).await;
    let failures = nobody.unwrap().failures;
    assert!(
        failures.iter().any(|failure| failure.code == "ORV-V-056"),
        "{failures:?}"
    );
    let summary = Daemon::once(asking(vec![address]), Arc::new(Silent)).await.unwrap();
    assert_eq!(summary.failures, Vec::new());
    assert_eq!(only(&summary).state, State::Inconclusive);
    serving.abort();
}

async fn an_improvement_is_approved_and_a_failure_to_improve_rejected_in_one_transaction_each(kind: PeerKind) {
    let cases = [
        (
            Script::Improvement,
            State::Settled(Settlement::Approved),
            ProposalStatus::Approved,
            "improved",
        ),
        (
            Script::NoImprovement,
            State::Settled(Settlement::Rejected),
            ProposalStatus::Rejected,
            "no-improvement",
        ),
    ];
    for (script, state, status, reason) in cases {
        let network = Network::start(kind).await;
        network.enclave(script);
        let id = network.submit().await;
        let summary = network.once().await;
        assert_eq!(summary.failures, Vec::new());
        let row = only(&summary);
        assert_eq!((row.state, row.reason.as_deref()), (state, Some(reason)));
        let chain = network.deployment.connect().await.unwrap();
        let proposal = Proposal::read(&chain, &network.deployment.openresearch, id)
            .await
            .unwrap();
        assert_eq!(proposal.status, status);
        assert_eq!(Some(proposal.metrics_hash.to_string()), row.bundle_root);
    }
}

async fn after_a_restart_the_admitted_key_works_on_and_proposals_wait_for_nobody(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    network.once().await;
    network.submit().await;
    network.submit().await;
    let summary = network.once().await;
    assert_eq!(summary.failures, Vec::new());
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Inconclusive, State::Inconclusive]);
    assert_eq!(Daemon::status(&network.config()).await.unwrap().len(), 3);
}

async fn a_statement_for_another_proposal_sends_nothing_to_the_chain(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Proposal);
    let proposal = network.submit().await;
    let summary = network.once().await;
    assert_eq!(only(&summary).state, State::Waiting(WaitCause::TicketLost));
    assert_eq!(only(&summary).receipt, None);
    assert_ne!(network.open_ticket(proposal).await, B256::ZERO, "the ticket is unused");
}

async fn without_an_enclave_no_ticket_is_opened(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.submit().await;
    let summary = network.once().await;
    assert_eq!(
        summary.failures.iter().map(|failure| failure.code).collect::<Vec<_>>(),
        ["ORV-V-030"]
    );
    assert_eq!(only(&summary).state, State::Seen);
}

/// The key is live before, so that only the candidate's bytes are missing.
async fn while_the_storage_network_is_silent_no_ticket_is_opened(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    network.once().await;
    network.submit().await;
    let mut config = network.config();
    config.storage_indexer = Some("http://127.0.0.1:9".to_owned());
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(
        summary.failures.iter().map(|failure| failure.code).collect::<Vec<_>>(),
        ["ORV-V-020"]
    );
    assert_eq!(only(&summary).state, State::Seen);
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

async fn a_lost_ticket_is_not_taken_up_again(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Proposal);
    let proposal = network.submit().await;
    let mut config = network.config();
    config.attempts = 3;
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Waiting(WaitCause::TicketLost));
    assert_eq!(network.times(proposal, State::TicketOpen).await, 1);
}

/// One endpoint of several may be a block behind the one that took the transaction.
async fn a_ticket_that_the_endpoint_does_not_know_is_not_given_up(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let snapshot = network.running.steer("evm_snapshot", json!([])).await.unwrap();
    network.once().await;
    network.running.steer("evm_revert", json!([snapshot])).await.unwrap();
    for state in ["ticket-open", "judged"] {
        put_back(&network, state).await;
        let behind = network.once().await;
        assert!(behind.outcomes.is_empty() && behind.failures.is_empty(), "{behind:?}");
    }
}

/// Takes the directory of receipts away while the enclave works, and brings it back at the first failure.
struct Away(PathBuf, std::sync::Mutex<Vec<&'static str>>);

impl Observer for Away {
    fn notice(&self, notice: &Notice) {
        let away = self.0.with_extension("away");
        match notice {
            Notice::Changed { state, .. } if *state == State::Running => std::fs::rename(&self.0, away).unwrap(),
            Notice::Failed { code, .. } => {
                self.1.lock().unwrap().push(code);
                std::fs::rename(away, &self.0).unwrap();
            }
            _ => {}
        }
    }
}

async fn a_receipt_is_written_as_soon_as_the_disk_takes_it(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let proposal = network.submit().await;
    let receipts = network.config().data_directory.join("receipts");
    let observer = Arc::new(Away(receipts, std::sync::Mutex::default()));
    let summary = Daemon::once(network.config(), observer.clone()).await.unwrap();
    assert_eq!(only(&summary).state, State::Inconclusive);
    assert_eq!(*observer.1.lock().unwrap(), ["ORV-V-060"]);
    assert_eq!(network.times(proposal, State::Running).await, 1);
}

async fn a_stopped_daemon_ends_and_has_done_its_work(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let stop = async move { while heard.recv().await.unwrap() != State::Running.to_string() {} };
    let summary = Daemon::run(network.config(), stop, Arc::new(Heard(told)))
        .await
        .unwrap();
    assert_eq!(only(&summary).state, State::Inconclusive);
}

async fn a_crash_between_sending_and_writing_is_mended_by_reading_the_chain(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let before = network.once().await;
    for state in ["settling", "judged"] {
        put_back(&network, state).await;
        let after = network.once().await;
        assert_eq!(after.failures, Vec::new());
        assert_eq!(only(&after).state, State::Settled(Settlement::Approved));
        assert_eq!(only(&after).transaction, only(&before).transaction);
    }
}

async fn a_crash_before_the_verdict_closes_what_the_chain_has_decided(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::NoImprovement);
    network.submit().await;
    network.once().await;
    put_back(&network, "running").await;
    forget_receipts(&network).await;
    let after = network.once().await;
    assert_eq!(only(&after).state, State::Closed(CloseCause::DecidedElsewhere));
}

/// An enclave states once for each ticket: without the receipt the attempt would be lost.
async fn a_crash_after_the_receipt_goes_on_from_the_receipt(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::NoImprovement);
    network.submit().await;
    let before = network.once().await;
    put_back(&network, "running").await;
    let after = network.once().await;
    assert_eq!(only(&after).state, State::Settled(Settlement::Rejected));
    assert_eq!(only(&after).receipt, only(&before).receipt);
}

async fn an_earlier_undecided_proposal_is_waited_for(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Proposal);
    network.submit().await;
    network.submit().await;
    let summary = network.once().await;
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    let waiting = [WaitCause::TicketLost, WaitCause::EarlierUndecided].map(State::Waiting);
    assert_eq!(states, waiting);
}

async fn a_denied_project_is_left_alone(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.submit().await;
    let mut config = network.config();
    config.projects.deny = vec![network.project];
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(summary.failures, Vec::new());
    assert_eq!(only(&summary).state, State::Seen);
}

async fn a_key_that_would_expire_under_a_run_opens_no_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let mut config = network.config();
    // The simulator's certificates live three hours, and a proposal seven days.
    config.run_seconds = 4 * 3600;
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Waiting(WaitCause::KeyNotLive));
    assert_eq!(
        summary.failures.iter().map(|failure| failure.code).collect::<Vec<_>>(),
        ["ORV-V-058"]
    );
}

async fn a_proposal_whose_time_has_passed_is_closed_without_a_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let proposal = network.submit().await;
    network.pass(7 * 86_400).await;
    let row = network.once().await.outcomes.into_iter().next().unwrap();
    assert_eq!(row.state, State::Closed(CloseCause::TooLate));
    assert_eq!(network.open_ticket(proposal).await, B256::ZERO);
}
