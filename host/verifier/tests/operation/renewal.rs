//! A key that is used up is renewed, and not before.

use crate::OTHER_DAEMON;
use crate::fake::{Script, listen_as};
use crate::network::{Network, create_project, forget_receipts, only, put_back};
use crate::stop_at::hand_back_at;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{Claim, State, WaitCause};
use orv_verifier::{AdmissionSource, Daemon, EnclaveSettings, Silent, VerifierConfig};
use std::path::PathBuf;
use std::sync::Arc;

on_both_chains!(
    a_key_that_is_used_up_is_renewed_by_the_operators_command,
    a_key_is_not_renewed_while_a_ticket_needs_it,
    a_key_that_its_enclave_has_ended_costs_one_ticket,
    a_key_that_its_enclave_has_ended_and_nobody_renews_costs_one_ticket,
);

/// An enclave whose key has one verdict on chain.
fn renewed_by_command(network: &Network) -> (VerifierConfig, PathBuf) {
    let (mut config, boots) = booted_by_command(network, Script::MissingBytes);
    if let AdmissionSource::Local(attesters) = &mut config.admission {
        attesters.verdicts = 1;
    }
    (config, boots)
}

/// The command of an operator is played by a shell that gives the enclave's next boot
/// another key.
fn booted_by_command(network: &Network, script: Script) -> (VerifierConfig, PathBuf) {
    let socket = network.directory.path().join("enclave.sock");
    let boots = network.directory.path().join("boots");
    std::fs::write(&boots, "x").unwrap();
    let counted = boots.clone();
    listen_as(&socket, script, move || {
        u8::try_from(std::fs::read(&counted).unwrap().len()).unwrap()
    });
    let mut config = network.config();
    config.enclave = None;
    let command = format!("printf x >> {}", boots.display());
    config.enclave_list = vec![EnclaveSettings {
        address: format!("unix:{}", socket.display()).parse().unwrap(),
        restart: ["sh", "-c", &command].map(str::to_owned).to_vec(),
    }];
    (config, boots)
}

async fn a_key_that_is_used_up_is_renewed_by_the_operators_command(kind: PeerKind) {
    let network = Network::start(kind).await;
    let (config, boots) = renewed_by_command(&network);
    network.submit().await;
    network.submit().await;
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(summary.failures, Vec::new());
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Inconclusive, State::Inconclusive]);
    assert_eq!(std::fs::read(&boots).unwrap().len(), 2);
}

/// The first proposal's attempt was interrupted, and somebody else looks at it in the round in which the second one is to
/// begin.
async fn a_key_is_not_renewed_while_a_ticket_needs_it(kind: PeerKind) {
    let network = Network::start(kind).await;
    let (config, boots) = renewed_by_command(&network);
    let first = network.submit().await;
    hand_back_at(State::Judged, config.clone()).await;
    put_back(&network, "ticket-open").await;
    forget_receipts(&network).await;
    let second = create_project(&network.running, &network.deployment).await;
    network.submit_to(second).await;
    let other = network.journal(OTHER_DAEMON).await;
    assert_eq!(other.claim(first, 600).await.unwrap(), Claim::Taken);
    let meanwhile = Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap();
    assert_eq!(meanwhile.failures, Vec::new());
    assert_eq!(only(&meanwhile).state, State::Waiting(WaitCause::KeyNotLive));
    assert_eq!(std::fs::read(&boots).unwrap().len(), 1);
    other.release(first).await.unwrap();
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Inconclusive, State::Inconclusive]);
    assert_eq!(network.times(first, State::TicketOpen).await, 1);
    assert_eq!(std::fs::read(&boots).unwrap().len(), 2);
}

/// How many tickets a daemon has opened for each of two proposals, in no order, and how these stand.
async fn tickets_and_ends(network: &Network, config: VerifierConfig) -> Vec<(usize, State)> {
    let first = network.submit().await;
    let project = create_project(&network.running, &network.deployment).await;
    let second = network.submit_to(project).await;
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let mut found = Vec::new();
    for (proposal, row) in [first, second].into_iter().zip(&summary.outcomes) {
        found.push((network.times(proposal, State::TicketOpen).await, row.state));
    }
    found.sort_by_key(|(_, state)| state.to_string());
    found
}

/// Number of verdicts and age are bounded in the enclave, too, and the chain knows of neither.
async fn a_key_that_its_enclave_has_ended_costs_one_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    let (config, boots) = booted_by_command(&network, Script::UsedUp);
    let found = tickets_and_ends(&network, config).await;
    assert_eq!(
        found,
        [(1, State::Inconclusive), (1, State::Waiting(WaitCause::TicketLost))]
    );
    assert_eq!(std::fs::read(&boots).unwrap().len(), 2);
}

async fn a_key_that_its_enclave_has_ended_and_nobody_renews_costs_one_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    let (mut config, boots) = booted_by_command(&network, Script::UsedUp);
    config.enclave_list[0].restart.clear();
    let found = tickets_and_ends(&network, config).await;
    assert_eq!(
        found,
        [
            (0, State::Waiting(WaitCause::KeyNotLive)),
            (1, State::Waiting(WaitCause::TicketLost))
        ]
    );
    assert_eq!(std::fs::read(&boots).unwrap().len(), 1);
}
