//! One operator of a batch: a folder, an enclave, a daemon, and what the daemon said last.

use crate::daemon::{self, Order};
use crate::host as enclave_host;
use crate::network::{ATTESTER, OPERATORS, key};
use crate::node::{Node, log};
use crate::process::{self, Heard, Process, program};
use crate::tally::Moment;
use orv_verifier::{Daemon, StatusRow, VerifierConfig};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::Sender;

/// Where a journal is kept.
#[derive(Debug, Clone)]
pub enum JournalPlace {
    /// In the daemon's own folder.
    File,
    /// In a database that several may share.
    Postgres(String),
}

/// How many attempts an operator makes at a proposal.
#[derive(Debug, Clone, Copy)]
pub enum Attempts {
    One,
    /// As many as the gateway allows.
    All,
}

/// How many enclaves an operator has: with two, a later proposal of a project may be judged before an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enclaves {
    One,
    Two,
}

/// Which program the daemon is.
#[derive(Debug, Clone)]
pub enum Flavour {
    /// This test program, which kills itself by an order.
    Killing(Order),
    /// `orv verifier run`.
    Shipped,
}

/// What an operator's daemon said or did.
#[derive(Debug)]
pub struct Told {
    /// Which operator's.
    pub operator: usize,
    /// Which of its daemons, counted from 1.
    pub life: u64,
    pub heard: Heard,
}

/// A daemon's end that nobody here brought about.
pub struct Ended {
    pub status: ExitStatus,
    /// Its last words.
    pub last: String,
    /// What was under way.
    pub moment: Moment,
}

/// `verifier.toml`, with an enclave in each of these places.
fn configuration(
    number: usize,
    folder: &Path,
    node: &Node,
    journal: &JournalPlace,
    attempts: Attempts,
    places: &[PathBuf],
) -> String {
    let attempts = match attempts {
        Attempts::One => 1,
        Attempts::All => 3,
    };
    let journal = match journal {
        JournalPlace::File => String::new(),
        JournalPlace::Postgres(url) => format!("journal = {url:?}\n"),
    };
    let addresses = places.iter().map(|place| {
        let socket = process::socket(place);
        format!("[[enclaves]]\naddress = \"unix:{}\"\n", socket.display())
    });
    let addresses: String = addresses.collect();
    format!(
        "deployment = {:?}\ndata_directory = {:?}\npoll_seconds = 1\nattempts = {attempts}\n\
         run_seconds = 60\n{journal}\n[pause]\nretry_seconds = 1\nfailed_enclave = 1000\nfailed_settlements = 1000\n\n\
         [wallet]\nunsafe_raw_key = \"{}\"\n\n\
         [admission.local]\ntrust = \"simulator\"\nattester_keys = [\"{}\"]\n\
         measurements = [{{ id = \"{}\", name = \"this build\" }}]\n\n\
         {addresses}",
        node.deployment,
        folder.join("data"),
        key(OPERATORS[number]),
        key(ATTESTER),
        enclave_host::measurement(),
    )
}

/// An operator.
pub struct Operator {
    pub number: usize,
    pub folder: PathBuf,
    pub shipped: bool,
    life: u64,
    /// The folder of each, and its process while it lives.
    enclaves: Vec<(PathBuf, Option<Process>)>,
    daemon: Option<Process>,
    states: BTreeMap<String, String>,
    last: String,
}

impl Operator {
    /// Writes its configuration.
    pub fn new(
        number: usize,
        folder: PathBuf,
        node: &Node,
        journal: &JournalPlace,
        attempts: Attempts,
        enclaves: Enclaves,
    ) -> Self {
        let mut places = vec![folder.clone()];
        places.extend((enclaves == Enclaves::Two).then(|| folder.join("second")));
        for place in &places {
            std::fs::create_dir_all(place).unwrap();
        }
        let text = configuration(number, &folder, node, journal, attempts, &places);
        let operator = Self {
            number,
            folder,
            shipped: false,
            life: 0,
            enclaves: places.into_iter().map(|place| (place, None)).collect(),
            daemon: None,
            states: BTreeMap::new(),
            last: String::new(),
        };
        std::fs::write(operator.configuration(), text).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(operator.configuration(), private).unwrap();
        operator
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.join("verifier.toml")
    }

    /// Starts each enclave that does not run; tells how those ended that were not killed.
    pub fn start_enclaves(&mut self) -> Vec<ExitStatus> {
        self.enclaves
            .iter_mut()
            .filter_map(|(place, enclave)| {
                let ended = enclave.as_mut().and_then(Process::ended);
                if ended.is_some() {
                    *enclave = None;
                }
                if enclave.is_none() {
                    let _ = std::fs::remove_file(process::socket(place));
                    let started = Process::ready(&mut process::enclave(place), &log(place, "enclave"));
                    *enclave = started.map(|(process, _)| process);
                }
                ended
            })
            .collect()
    }

    pub fn kill_enclaves(&mut self) {
        for (_, enclave) in &mut self.enclaves {
            *enclave = None;
        }
    }

    /// Starts another daemon.
    pub fn start_daemon(&mut self, flavour: &Flavour, told: &Sender<Told>) {
        self.life += 1;
        let (operator, life) = (self.number, self.life);
        self.shipped = matches!(flavour, Flavour::Shipped);
        let mut command = match flavour {
            Flavour::Killing(order) => daemon::command(&self.configuration(), order),
            Flavour::Shipped => {
                // What it tells a person is on standard error; here both come on one pipe.
                let mut command = Command::new("sh");
                let orv = program("orv");
                let line = "exec \"$0\" verifier run \"$1\" --json 2>&1";
                command.args(["-c", line]).arg(orv).arg(self.configuration());
                command
            }
        };
        let told = told.clone();
        let tell = move |heard| Told { operator, life, heard };
        self.daemon = Some(Process::told(&mut command, &log(&self.folder, "daemon"), told, tell));
        self.last.clear();
    }

    /// SIGKILL at any time; nothing where none runs.
    pub fn kill_daemon(&mut self) {
        self.daemon = None;
        self.states.retain(|_, state| !is_busy(state));
    }

    /// How the daemon ended whose end was heard. Nothing where it was killed from here.
    pub fn daemon_ended(&mut self, life: u64) -> Option<Ended> {
        if life != self.life {
            return None;
        }
        let moment = self.moment();
        let status = self.daemon.take()?.wait();
        // Another daemon may take these up now.
        self.states.retain(|_, state| !is_busy(state));
        let last = std::mem::take(&mut self.last);
        Some(Ended { status, last, moment })
    }

    /// Takes a line of the daemon in.
    pub fn hear(&mut self, line: &str) {
        if self.shipped {
            self.keep(line);
        }
        let state = line.strip_prefix("state ").and_then(|rest| rest.split_once(' '));
        if let Some((proposal, state)) = state {
            self.states.insert(proposal.to_owned(), state.to_owned());
        }
        line.clone_into(&mut self.last);
    }

    /// Keeps what the shipped daemon says, for a look at what went wrong.
    fn keep(&self, line: &str) {
        let log = log(&self.folder, "shipped");
        let mut file = File::options().create(true).append(true).open(log).unwrap();
        writeln!(file, "{line}").unwrap();
    }

    /// Whether a run or a transaction is under way, as far as its daemon has told.
    pub fn moment(&self) -> Moment {
        // A ticket's transaction is in a block before the journal has it.
        let unwritten =
            self.last.contains("before") && ["OpenTicket", "Finish"].iter().any(|event| self.last.contains(event));
        if unwritten || self.states.values().any(|state| is_busy(state)) {
            Moment::InFlight
        } else {
            Moment::Between
        }
    }

    /// Whether its daemon, which lives, works on a proposal.
    pub fn works_on(&self, proposal: &str) -> bool {
        self.daemon.is_some() && self.states.get(proposal).is_some_and(|state| is_busy(state))
    }

    /// What its journal says, whoever wrote it.
    pub async fn journal(&self) -> Vec<StatusRow> {
        let config = VerifierConfig::load(&self.configuration()).unwrap();
        Daemon::status(&config).await.unwrap_or_default()
    }

    /// Process ids of daemon and first enclave.
    pub fn ids(&self) -> [Option<u32>; 2] {
        let enclave = self.enclaves.first().and_then(|(_, enclave)| enclave.as_ref());
        [self.daemon.as_ref(), enclave].map(|process| process.map(Process::id))
    }
}

/// Whether a run or a transaction is under way in a state.
fn is_busy(state: &str) -> bool {
    matches!(state, "running" | "settling")
}
