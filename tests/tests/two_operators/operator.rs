//! One operator: an account, a folder, an enclave with a key of its own, and a daemon now and then.

use crate::fake::{Script, listen_as, measurement};
use crate::process::{Heard, Process, program};
use crate::stage::Stage;
use alloy_primitives::Address;
use orv_chain::ProposalId;
use orv_receipt::Receipt;
use orv_receipt::check::{CheckResult, check};
use orv_verifier::journal::{DaemonId, Journal, Settlement, State, WaitCause};
use orv_verifier::{Controls, Daemon, Notice, Observer, Orders, Silent, StatusRow, Summary, VerifierConfig};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Blocks above a settlement after which operators usually take it to stay.
pub const CONFIRMATIONS: u64 = 3;

pub const HELD: State = State::Waiting(WaitCause::HeldForQuorum);
pub const APPROVED: State = State::Settled(Settlement::Approved);
pub const REJECTED: State = State::Settled(Settlement::Rejected);

/// Seconds for which a key is admitted.
pub const KEY_LIFE: u64 = 3000;

/// How often it is looked at whether something came about, and the pause between.
const LOOKS: u32 = 3000;
const PAUSE: Duration = Duration::from_millis(20);

/// Numbers of keys, no two enclaves of this process having the same.
static KEYS: AtomicU8 = AtomicU8::new(1);

pub struct Operator {
    pub address: Address,
    pub folder: PathBuf,
    /// Lines of its configuration beside the usual ones.
    pub more: String,
    /// Blocks above a settlement after which it is taken to stay.
    pub confirmations: u64,
    gateway: Address,
    usual: String,
    enclave: PathBuf,
}

impl Operator {
    /// The one with this number, whose enclave follows a script.
    pub fn new(stage: &Stage, number: usize, script: Script) -> Self {
        let (account, attester) = (stage.account(number), stage.attester());
        let folder = stage.folder().join(format!("operator-{number}"));
        std::fs::create_dir(&folder).unwrap();
        let usual = format!(
            "deployment = {:?}\ndata_directory = {:?}\npoll_seconds = 1\nrun_seconds = 60\n\n\
             [pause]\nretry_seconds = 1\n\n\
             [wallet]\nunsafe_raw_key = \"{}\"\n\n\
             [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{}\"]\nlife_seconds = {KEY_LIFE}\n\
             measurements = [{{ id = \"{}\", name = \"scripted\" }}]\n",
            stage.deployment_file(),
            folder.join("data"),
            account.key,
            attester.key,
            measurement(),
        );
        let mut operator = Self {
            address: account.address,
            folder,
            more: String::new(),
            confirmations: CONFIRMATIONS,
            gateway: stage.deployment.enclave.unwrap().verifier_gateway,
            usual,
            enclave: PathBuf::new(),
        };
        operator.boot(script);
        operator
    }

    /// Has another enclave, with another key.
    pub fn boot(&mut self, script: Script) {
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        self.enclave = self.folder.join(format!("enclave-{key}.sock"));
        listen_as(&self.enclave, script, move || key);
    }

    pub fn config(&self) -> VerifierConfig {
        VerifierConfig::parse(&self.text()).unwrap()
    }

    fn text(&self) -> String {
        let (enclave, more) = (self.enclave.display(), &self.more);
        let confirmations = self.confirmations;
        format!(
            "enclave = \"unix:{enclave}\"\nconfirmations = {confirmations}\n{more}{}",
            self.usual
        )
    }

    /// A daemon that does everything that can be done now. Nothing fails meanwhile.
    pub async fn once(&self) {
        let summary = Daemon::once(self.config(), Arc::new(Silent)).await.unwrap();
        assert_eq!(summary.failures, Vec::new());
    }

    /// One that is stopped when a proposal comes into a state.
    pub async fn until(&self, state: State) -> Summary {
        let controls = Controls::new();
        let orders = Orders {
            controls: controls.clone(),
            ..Orders::new(self.config(), Arc::new(StopAt { state, controls }))
        };
        Daemon::once_with(orders).await.unwrap()
    }

    /// `orv verifier run`, a process of its own. Dropping it kills it.
    pub fn run(&self) -> Process {
        let configuration = self.folder.join("verifier.toml");
        std::fs::write(&configuration, self.text()).unwrap();
        // It has a key in it, which the daemon wants to be its own.
        std::fs::set_permissions(&configuration, Permissions::from_mode(0o600)).unwrap();
        let mut command = Command::new(program("orv"));
        command.args(["verifier", "run"]).arg(&configuration);
        // Nobody listens: its journal and the chain are what is looked at.
        let (told, _) = channel::<Heard>();
        Process::told(&mut command, &self.log(), told, |heard| heard)
    }

    /// What its journal says of a proposal.
    pub async fn row(&self, proposal: ProposalId) -> StatusRow {
        let rows = Daemon::status(&self.config()).await.unwrap().into_iter();
        let mut of = rows.filter(|row| row.proposal == proposal.to_string());
        of.next().unwrap()
    }

    pub async fn state(&self, proposal: ProposalId) -> State {
        self.row(proposal).await.state
    }

    /// Waits until a daemon that runs beside has brought a proposal into a state.
    pub async fn comes_to(&self, proposal: ProposalId, state: State) {
        if !comes_about(async || self.knows(proposal, state).await).await {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let rows = Daemon::status(&self.config()).await;
            panic!("{proposal} does not become {state}: {rows:?}\n{log}");
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.join("daemon.log")
    }

    async fn knows(&self, proposal: ProposalId, state: State) -> bool {
        // Before its first round there is no journal.
        let rows = Daemon::status(&self.config()).await.unwrap_or_default();
        rows.iter()
            .any(|row| row.proposal == proposal.to_string() && row.state == state)
    }

    /// The states that a proposal went through, as its journal tells them.
    pub async fn way(&self, proposal: ProposalId) -> Vec<String> {
        let changes = self.journal().await.changes(proposal).await.unwrap();
        changes.iter().map(|change| change.to.to_string()).collect()
    }

    pub async fn journal(&self) -> Journal {
        let place = self.config().journal_place();
        Journal::open(&place, self.gateway, DaemonId::READER).await.unwrap()
    }

    /// The receipt of a proposal's last statement. It holds.
    pub async fn receipt(&self, proposal: ProposalId) -> Receipt {
        let path = self.row(proposal).await.receipt.unwrap();
        let receipt = Receipt::decode(&std::fs::read(path).unwrap()).unwrap();
        assert!(check(&receipt).iter().all(|check| check.result == CheckResult::Pass));
        receipt
    }

    /// Lines for upstream's tools.
    pub fn reviews(&self) -> usize {
        let reviews = std::fs::read_to_string(self.folder.join("data/reviews.jsonl"));
        reviews.unwrap_or_default().lines().count()
    }
}

/// Waits for what a daemon beside brings about. Answers whether it did: a hang is a failure.
pub async fn comes_about(holds: impl AsyncFn() -> bool) -> bool {
    for _ in 0..LOOKS {
        if holds().await {
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    false
}

struct StopAt {
    state: State,
    controls: Controls,
}

impl Observer for StopAt {
    fn notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Changed { state, .. } if *state == self.state) {
            self.controls.hand_back();
        }
    }
}
