//! Enclaves side by side, each with a key of its own.

use crate::fake::{Script, listen_as};
use crate::network::{Network, create_project, only, put_back};
use crate::stop_at::{StopAt, hand_back_at};
use orv_chain::ProposalId;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{DaemonId, Settlement, State};
use orv_verifier::{Controls, Daemon, EnclaveSettings, Notice, Observer, Orders, Silent, VerifierConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

on_both_chains!(
    an_open_ticket_is_left_to_the_enclave_that_has_its_key,
    a_kept_statement_is_carried_on_whoever_has_the_key,
    a_hanging_enclave_keeps_no_other_one_from_working,
);

/// The operator's configuration with another enclave, which has another key.
fn with_another_enclave(network: &Network) -> VerifierConfig {
    let socket = network.directory.path().join("other.sock");
    listen_as(&socket, Script::Improvement, || 2);
    let mut config = network.config();
    config.enclave = Some(format!("unix:{}", socket.display()).parse().unwrap());
    config
}

async fn an_open_ticket_is_left_to_the_enclave_that_has_its_key(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Silence);
    let id = network.submit().await;
    hand_back_at(State::Running, network.config()).await;
    let config = with_another_enclave(&network);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert!(
        summary.outcomes.is_empty() && summary.failures.is_empty(),
        "{summary:?}"
    );
    let journal = network.journal(DaemonId::READER).await;
    let record = journal.get(id).await.unwrap();
    assert_eq!((record.state, record.claim), (State::TicketOpen, None));
}

async fn a_kept_statement_is_carried_on_whoever_has_the_key(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    hand_back_at(State::Judged, network.config()).await;
    put_back(&network, "ticket-open").await;
    let config = with_another_enclave(&network);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Settled(Settlement::Approved));
}

/// Tells another observer everything, and whether a run has begun.
struct Running {
    seen: AtomicBool,
    other: Arc<StopAt>,
}

impl Running {
    fn before(other: Arc<StopAt>) -> Self {
        let seen = AtomicBool::new(false);
        Self { seen, other }
    }
}

impl Observer for Running {
    fn notice(&self, notice: &Notice) {
        if matches!(
            notice,
            Notice::Changed {
                state: State::Running,
                ..
            }
        ) {
            self.seen.store(true, Ordering::Relaxed);
        }
        self.other.notice(notice);
    }
}

/// Two enclaves: the one that is asked first says nothing after the job. The other one does not say who it is before.
async fn a_hanging_enclave_keeps_no_other_one_from_working(kind: PeerKind) {
    let network = Network::start(kind).await;
    let mut config = network.config();
    let at = |name: &str| network.directory.path().join(name);
    config.enclave = None;
    let stop = StopAt::new(State::Inconclusive, Controls::hand_back);
    let runs = Arc::new(Running::before(Arc::clone(&stop)));
    for (number, script) in [(1, Script::Silence), (2, Script::MissingBytes)] {
        let socket = at(&format!("enclave-{number}.sock"));
        let runs = Arc::clone(&runs);
        listen_as(&socket, script, move || {
            while number == 2 && !runs.seen.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
            number
        });
        config.enclave_list.push(EnclaveSettings {
            address: format!("unix:{}", socket.display()).parse().unwrap(),
            restart: Vec::new(),
        });
    }
    let second = create_project(&network.running, &network.deployment).await;
    let hangs = network.submit().await;
    let works = network.submit_to(second).await;
    let observer = runs as Arc<dyn Observer>;
    let orders = Orders {
        observer,
        ..stop.orders(config)
    };
    let summary = Daemon::work(orders).await.unwrap();
    let state = |id: ProposalId| {
        summary
            .outcomes
            .iter()
            .find(|row| row.proposal == id.to_string())
            .unwrap()
            .state
    };
    let mut states = [state(hangs), state(works)];
    states.sort_by_key(|state| *state == State::Inconclusive);
    let hanging = [State::TicketOpen, State::Running];
    assert!(hanging.contains(&states[0]), "{states:?}");
    assert_eq!(states[1], State::Inconclusive);
}
