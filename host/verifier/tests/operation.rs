//! What an operator relies on: enclaves side by side, one daemon for each folder and each proposal, an orderly end,
//! settlements that stay, keys that are renewed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod fake;
mod network;

use fake::{Script, listen_as};
use network::{Network, create_project, forget_receipts, only, put_back};
use orv_chain::primitives::B256;
use orv_chain::wallet::WalletSource;
use orv_chain::{Proposal, ProposalId, ProposalStatus};
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{Claim, CloseCause, DaemonId, Duty, Event, Journal, Settlement, State, WaitCause};
use orv_verifier::{
    AdmissionSource, Controls, Daemon, EnclaveSettings, Notice, Observer, Orders, Phase, Silent, VerifierConfig,
    VerifierError,
};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

on_both_chains!(
    a_settlement_that_a_reorganisation_takes_back_is_settled_again,
    a_statement_whose_ticket_was_left_is_carried_out_all_the_same,
    a_ticket_that_was_left_before_its_end_is_run_again,
    an_open_ticket_is_left_to_the_enclave_that_has_its_key,
    a_kept_statement_is_carried_on_whoever_has_the_key,
    a_proposal_that_another_daemon_works_on_is_left_alone,
    what_is_only_prepared_is_free_for_other_daemons,
    a_statement_that_cannot_be_paid_for_is_free_for_other_daemons,
    a_hanging_enclave_keeps_no_other_one_from_working,
    the_first_stop_lets_a_run_finish_and_the_second_hands_it_back,
    a_key_that_is_used_up_is_renewed_by_the_operators_command,
    a_key_is_not_renewed_while_a_ticket_needs_it,
    a_second_daemon_in_the_same_folder_is_refused,
    a_review_is_written_once_for_each_attempt,
    a_full_disk_begins_nothing_and_says_so,
    the_cache_gives_way_before_the_disk_is_full,
    the_cache_keeps_no_more_than_its_setting,
    a_rehearsal_says_what_would_be_done_and_sends_nothing,
    a_proposal_past_its_deadline_is_expired_for_its_miner,
    a_crash_while_a_proposal_is_closed_loses_no_duty,
    what_one_wrong_answer_closed_is_opened_again,
    a_number_whose_other_submission_is_decided_is_closed,
    what_is_withdrawn_is_the_account_s_that_opened_the_ticket,
    what_was_submitted_before_the_first_block_is_found_by_number,
    no_more_proposals_are_begun_than_a_run_may,
    an_attempt_without_a_ticket_leaves_the_limit_as_it_is,
    a_storage_network_that_is_away_for_a_while_uses_up_no_ticket,
);

/// Asks the daemon to stop when a proposal comes into a state, and keeps what it was told.
struct StopAt {
    state: State,
    controls: Controls,
    stop: fn(&Controls),
    told: Mutex<Vec<&'static str>>,
}

impl StopAt {
    fn new(state: State, stop: fn(&Controls)) -> Arc<Self> {
        Arc::new(Self {
            state,
            controls: Controls::new(),
            stop,
            told: Mutex::default(),
        })
    }

    fn orders(self: &Arc<Self>, config: VerifierConfig) -> Orders {
        Orders {
            config,
            file: None,
            controls: self.controls.clone(),
            observer: Arc::clone(self) as Arc<dyn Observer>,
        }
    }
}

impl Observer for StopAt {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Changed { state, .. } if *state == self.state => (self.stop)(&self.controls),
            Notice::Failed { code, .. } => self.told.lock().unwrap().push(code),
            _ => {}
        }
    }
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

async fn status_on_chain(network: &Network, id: ProposalId) -> ProposalStatus {
    let chain = network.deployment.connect().await.unwrap();
    let read = Proposal::read(&chain, &network.deployment.openresearch, id).await;
    read.unwrap().status
}

async fn open_ticket(network: &Network, id: ProposalId) -> B256 {
    let chain = network.deployment.connect().await.unwrap();
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let call = orv_chain::bindings::VerifierGateway::openTicketOfCall { proposalId: id.0 };
    chain.call(gateway, &call).await.unwrap()
}

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
    let stop = StopAt::new(State::Judged, Controls::hand_back);
    let judged = Daemon::once_with(stop.orders(network.config())).await.unwrap();
    assert_eq!(only(&judged).state, State::Judged);
    let snapshot = network.running.steer("evm_snapshot", json!([])).await.unwrap();
    assert_eq!(only(&network.once().await).state, State::Settled(Settlement::Approved));
    network.running.steer("evm_revert", json!([snapshot])).await.unwrap();
    assert_eq!(status_on_chain(&network, id).await, ProposalStatus::Submitted);
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
    assert_eq!(status_on_chain(&network, id).await, ProposalStatus::Approved);
    assert_eq!(network.times(id, State::Settled(Settlement::Approved)).await, 2);
    assert_eq!(network.times(id, State::Running).await, 1);
}

/// Left on one endpoint's wrong word, or because of somebody else's settlement that a reorganisation took back.
async fn a_statement_whose_ticket_was_left_is_carried_out_all_the_same(kind: PeerKind) {
    for left in ["waiting:ticket-lost", "closed:decided-elsewhere", "seen"] {
        let network = Network::start(kind).await;
        network.enclave(Script::Improvement);
        let id = network.submit().await;
        let stop = StopAt::new(State::Judged, Controls::hand_back);
        Daemon::once_with(stop.orders(network.config())).await.unwrap();
        put_back(&network, left).await;
        let summary = network.once().await;
        assert_eq!(summary.failures, Vec::new(), "{left}");
        assert_eq!(only(&summary).state, State::Settled(Settlement::Approved), "{left}");
        assert_eq!(status_on_chain(&network, id).await, ProposalStatus::Approved);
    }
}

/// A reorganisation took back what had closed the proposal; a ticket that was lost to the enclave's own word stays lost.
async fn a_ticket_that_was_left_before_its_end_is_run_again(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Silence);
    let id = network.submit().await;
    let running = |times: usize| {
        let (network, stop) = (&network, StopAt::new(State::Running, Controls::hand_back));
        async move {
            Daemon::once_with(stop.orders(network.config())).await.unwrap();
            assert_eq!(network.times(id, State::Running).await, times);
        }
    };
    running(1).await;
    put_back(&network, "waiting:ticket-lost").await;
    running(1).await;
    put_back(&network, "seen").await;
    running(2).await;
}

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
    let stop = StopAt::new(State::Running, Controls::hand_back);
    Daemon::once_with(stop.orders(network.config())).await.unwrap();
    let config = with_another_enclave(&network);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert!(
        summary.outcomes.is_empty() && summary.failures.is_empty(),
        "{summary:?}"
    );
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let journal = Journal::open(&network.config().journal_place(), gateway, DaemonId::READER).await;
    let record = journal.unwrap().get(id).await.unwrap();
    assert_eq!((record.state, record.claim), (State::TicketOpen, None));
}

async fn a_kept_statement_is_carried_on_whoever_has_the_key(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let stop = StopAt::new(State::Judged, Controls::hand_back);
    Daemon::once_with(stop.orders(network.config())).await.unwrap();
    put_back(&network, "ticket-open").await;
    let config = with_another_enclave(&network);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Settled(Settlement::Approved));
}

async fn a_proposal_that_another_daemon_works_on_is_left_alone(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let id = network.submit().await;
    let mut config = network.config();
    config.projects.deny = vec![network.project];
    Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let other = Journal::open(&network.config().journal_place(), gateway, DaemonId::new([7; 16])).await;
    let other = other.unwrap();
    assert_eq!(other.claim(id, 600).await.unwrap(), Claim::Taken);
    let meanwhile = network.once().await;
    assert!(
        meanwhile.outcomes.is_empty() && meanwhile.failures.is_empty(),
        "{meanwhile:?}"
    );
    other.release(id).await.unwrap();
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

async fn a_storage_network_that_is_away_for_a_while_uses_up_no_ticket(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let id = network.submit().await;
    let stop = StopAt::new(State::Judged, Controls::hand_back);
    Daemon::once_with(stop.orders(network.config())).await.unwrap();
    put_back(&network, "ticket-open").await;
    forget_receipts(&network).await;
    let mut config = network.config();
    config.storage_indexer = Some("http://127.0.0.1:9".to_owned());
    for _ in 0..3 {
        let away = Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap();
        let codes: Vec<_> = away.failures.iter().map(|failure| failure.code).collect();
        assert_eq!(codes, ["ORV-V-020"]);
        assert_eq!(
            network.times(id, State::Running).await,
            1,
            "it was not given to the enclave"
        );
    }
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

/// Counts rounds.
#[derive(Default)]
struct Rounds(AtomicU32);

impl Observer for Rounds {
    fn notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Observed(_)) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// No enclave listens, and after the first failure none is tried for a minute.
async fn what_is_only_prepared_is_free_for_other_daemons(kind: PeerKind) {
    let network = Network::start(kind).await;
    let id = network.submit().await;
    let mut config = network.config();
    config.pause.failed_enclave = 1;
    let rounds = Arc::new(Rounds::default());
    let orders = Orders::new(config, Arc::clone(&rounds) as Arc<dyn Observer>);
    let controls = orders.controls.clone();
    let working = tokio::spawn(Daemon::work(orders));
    while rounds.0.load(Ordering::Relaxed) < 4 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let other = Journal::open(&network.config().journal_place(), gateway, DaemonId::new([7; 16])).await;
    assert_eq!(other.unwrap().claim(id, 600).await.unwrap(), Claim::Taken);
    controls.stop();
    working.await.unwrap().unwrap();
}

async fn a_statement_that_cannot_be_paid_for_is_free_for_other_daemons(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    let stop = StopAt::new(State::Judged, Controls::hand_back);
    Daemon::once_with(stop.orders(network.config())).await.unwrap();
    let operator = network.running.accounts()[2].address;
    let nothing = json!([operator, "0x0"]);
    network.running.steer("anvil_setBalance", nothing).await.unwrap();
    let poor = StopAt::new(State::SetAside, Controls::stop);
    let working = tokio::spawn(Daemon::work(poor.orders(network.config())));
    while poor.told.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let other = Journal::open(&network.config().journal_place(), gateway, DaemonId::new([7; 16])).await;
    let other = other.unwrap();
    // For a moment of each round the first one tries it again.
    while other.claim(id, 600).await.unwrap() != Claim::Taken {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(other.get(id).await.unwrap().state, State::Judged);
    poor.controls.stop();
    working.await.unwrap().unwrap();
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

async fn the_first_stop_lets_a_run_finish_and_the_second_hands_it_back(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Silence);
    network.submit().await;
    let stop = StopAt::new(State::Running, Controls::stop);
    let working = tokio::spawn(Daemon::work(stop.orders(network.config())));
    while stop.controls.phase() == Phase::Work {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!working.is_finished(), "the run is given its time");
    stop.controls.stop();
    let summary = working.await.unwrap().unwrap();
    assert_eq!(only(&summary).state, State::TicketOpen);
    assert_eq!(*stop.told.lock().unwrap(), ["ORV-V-071"]);
}

/// An enclave whose key has one verdict. The command of an operator is played by a shell that gives the enclave's next boot
/// another key.
fn renewed_by_command(network: &Network) -> (VerifierConfig, PathBuf) {
    let socket = network.directory.path().join("enclave.sock");
    let boots = network.directory.path().join("boots");
    std::fs::write(&boots, "x").unwrap();
    let counted = boots.clone();
    listen_as(&socket, Script::MissingBytes, move || {
        u8::try_from(std::fs::read(&counted).unwrap().len()).unwrap()
    });
    let mut config = network.config();
    config.enclave = None;
    let command = format!("printf x >> {}", boots.display());
    config.enclave_list = vec![EnclaveSettings {
        address: format!("unix:{}", socket.display()).parse().unwrap(),
        restart: ["sh", "-c", &command].map(str::to_owned).to_vec(),
    }];
    if let AdmissionSource::Local(attesters) = &mut config.admission {
        attesters.verdicts = 1;
    }
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
    let stop = StopAt::new(State::Judged, Controls::hand_back);
    Daemon::once_with(stop.orders(config.clone())).await.unwrap();
    put_back(&network, "ticket-open").await;
    forget_receipts(&network).await;
    let second = create_project(&network.running, &network.deployment).await;
    network.submit_to(second).await;
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let other = Journal::open(&config.journal_place(), gateway, DaemonId::new([7; 16])).await;
    let other = other.unwrap();
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

async fn a_second_daemon_in_the_same_folder_is_refused(kind: PeerKind) {
    let network = Network::start(kind).await;
    let controls = Controls::new();
    let first = Orders {
        controls: controls.clone(),
        ..Orders::new(network.config(), Arc::new(Silent))
    };
    let working = tokio::spawn(Daemon::work(first));
    while !network.config().data_directory.join("daemon-id").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = Daemon::once(network.config(), Arc::new(Silent)).await.unwrap_err();
    assert!(matches!(refused, VerifierError::DataDirectoryTaken(_)), "{refused}");
    controls.stop();
    working.await.unwrap().unwrap();
}

async fn a_review_is_written_once_for_each_attempt(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::NoImprovement);
    network.submit().await;
    network.once().await;
    for state in ["settling", "judged", "settled:rejected"] {
        put_back(&network, state).await;
        network.once().await;
    }
    let reviews = std::fs::read_to_string(network.directory.path().join("data/reviews.jsonl")).unwrap();
    assert_eq!(reviews.lines().count(), 1, "{reviews}");
}

async fn a_full_disk_begins_nothing_and_says_so(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let mut config = network.config();
    config.pause.least_disk_bytes = u64::MAX;
    let told = StopAt::new(State::Running, Controls::hand_back);
    let summary = Daemon::once_with(told.orders(config)).await.unwrap();
    assert_eq!(only(&summary).state, State::Seen);
    assert_eq!(*told.told.lock().unwrap(), ["ORV-V-070"]);
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

async fn the_cache_gives_way_before_the_disk_is_full(kind: PeerKind) {
    let network = Network::start(kind).await;
    let config = network.config();
    let old = config.data_directory.join("cache").join("content");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "wanted long ago").unwrap();
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap();
    assert!(old.exists(), "there is room enough");
    let mut full = config;
    full.pause.least_disk_bytes = u64::MAX;
    Daemon::once(full, Arc::new(Silent)).await.unwrap();
    assert!(!old.exists());
}

/// What the daemon stores comes into its cache, and what was there before has to go.
async fn the_cache_keeps_no_more_than_its_setting(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let mut config = network.config();
    config.cache_bytes = 1 << 30;
    let old = config.data_directory.join("cache").join("content");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::File::create(&old).unwrap().set_len(2 << 30).unwrap();
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    assert_eq!(only(&summary).state, State::Inconclusive);
    assert!(!old.exists());
}

async fn a_rehearsal_says_what_would_be_done_and_sends_nothing(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    let first = network.submit().await;
    network.submit().await;
    let orders = Orders::new(network.config(), Arc::new(Silent));
    let intentions = Daemon::rehearse(orders).await.unwrap();
    let would: Vec<_> = intentions.iter().map(|intention| intention.would.as_str()).collect();
    assert_eq!(
        would,
        [
            "open a ticket and have the enclave judge it",
            "wait: proposal 0 comes first"
        ]
    );
    assert!(intentions.iter().all(|intention| intention.state == State::Seen));
    assert_eq!(open_ticket(&network, first).await, B256::ZERO);
}

async fn a_proposal_past_its_deadline_is_expired_for_its_miner(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    let id = network.submit().await;
    for (method, parameters) in [("evm_increaseTime", json!([7 * 86_400 + 600])), ("evm_mine", json!([]))] {
        network.running.steer(method, parameters).await.unwrap();
    }
    let closed = network.once().await;
    assert_eq!(only(&closed).state, State::Closed(CloseCause::TooLate));
    assert_eq!(network.once().await.failures, Vec::new());
    assert_eq!(status_on_chain(&network, id).await, ProposalStatus::Expired);
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
    for file in ["journal.sqlite", "journal.sqlite-wal"] {
        let from = network.config().data_directory.join(file);
        if from.exists() {
            std::fs::copy(from, other.data_directory.join(file)).unwrap();
        }
    }
    other.confirmations = 0;
    let journal = other.data_directory.join("journal.sqlite");
    let seen = Daemon::once(other, Arc::new(Silent)).await.unwrap();
    assert_eq!(seen.failures, Vec::new());
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", journal.display())).await;
    let owed: Vec<String> = sqlx::query_scalar("SELECT operator FROM duties WHERE kind = 'withdraw'")
        .fetch_all(&pool.unwrap())
        .await
        .unwrap();
    assert_eq!(owed, [network.running.accounts()[2].address.to_string()]);
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
    for (method, parameters) in [("evm_increaseTime", json!([7 * 86_400 - 600])), ("evm_mine", json!([]))] {
        network.running.steer(method, parameters).await.unwrap();
    }
    Daemon::once(network.config(), Arc::new(CrashAtClose))
        .await
        .unwrap_err();
    let gateway = network.deployment.enclave.unwrap().verifier_gateway;
    let journal = Journal::open(&network.config().journal_place(), gateway, DaemonId::READER).await;
    let journal = journal.unwrap();
    assert_eq!(journal.get(id).await.unwrap().state, State::Seen);
    let due = journal.due(u64::MAX >> 1).await.unwrap();
    assert!(due.iter().any(|due| due.duty == Duty::Expire(id)), "{due:?}");
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
    let path = network.config().data_directory.join("journal.sqlite");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await;
    let other = "UPDATE proposals SET ticket = NULL, bundle_root = NULL, code_hash = ?";
    let other = sqlx::query(other).bind(B256::repeat_byte(0x77).to_string());
    other.execute(&pool.unwrap()).await.unwrap();
    let summary = network.once().await;
    assert_eq!(summary.failures, Vec::new());
    assert_eq!(only(&summary).state, State::Closed(CloseCause::DecidedElsewhere));
    assert_eq!(status_on_chain(&network, id).await, ProposalStatus::Approved);
}

/// Fifty blocks below, where a first start reads no event any more.
async fn what_was_submitted_before_the_first_block_is_found_by_number(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    for _ in 0..50 {
        network.running.steer("evm_mine", json!([])).await.unwrap();
    }
    assert_eq!(only(&network.once().await).state, State::Inconclusive);
}

/// A round reads events of 20,000 blocks at most. Anvil would take minutes to make them.
#[tokio::test]
async fn one_call_looks_over_more_blocks_than_one_round() {
    let network = Network::start(PeerKind::Embedded).await;
    for _ in 0..3 {
        network.running.steer("anvil_mine", json!([7000])).await.unwrap();
    }
    let id = network.submit().await;
    let mut config = network.config();
    config.first_block = Some(0);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let row = only(&summary);
    assert_eq!((row.proposal.clone(), row.state), (id.to_string(), State::Seen));
}

async fn no_more_proposals_are_begun_than_a_run_may(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::MissingBytes);
    network.submit().await;
    let second = network.submit().await;
    let mut config = network.config();
    config.limits.proposals = Some(1);
    let summary = Daemon::once(config, Arc::new(Silent)).await.unwrap();
    let states: Vec<_> = summary.outcomes.iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [State::Inconclusive, State::Waiting(WaitCause::EarlierUndecided)]
    );
    assert_eq!(open_ticket(&network, second).await, B256::ZERO);
}

/// The enclave is started after the first tries; there is a second proposal for when the limit is reached.
async fn an_attempt_without_a_ticket_leaves_the_limit_as_it_is(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.submit().await;
    let second = network.submit().await;
    let mut config = network.config();
    config.limits.proposals = Some(1);
    config.pause.failed_enclave = 0;
    let told = StopAt::new(State::SetAside, Controls::stop);
    let working = tokio::spawn(Daemon::work(told.orders(config)));
    let until = async |code: &'static str| {
        while !told.told.lock().unwrap().contains(&code) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until("ORV-V-030").await;
    network.enclave(Script::MissingBytes);
    until("ORV-V-070").await;
    told.controls.stop();
    let summary = working.await.unwrap().unwrap();
    assert_eq!(summary.outcomes[0].state, State::Inconclusive, "{summary:?}");
    assert_eq!(open_ticket(&network, second).await, B256::ZERO);
}
