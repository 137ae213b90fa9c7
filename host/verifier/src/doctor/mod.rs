//! Whether this machine, its enclaves and everything it talks to are such that the daemon can work: one line for each
//! look, with a stable code and how to mend what is wrong.
//!
//! Looks run side by side, each with a limit of time. Where one thing fails, what depends on it is skipped and says so:
//! a dead endpoint is one failure and not ten. Nothing is written but a file in the data directory that is removed at
//! once, nothing is sent to the chain, and a running daemon is not disturbed: its enclaves are only connected to.
//!
//! ```no_run
//! # async fn example() -> Result<(), orv_verifier::VerifierError> {
//! use orv_verifier::doctor::{Examination, Host, Outcome};
//! use orv_verifier::settings::{Environment, load_to_examine};
//! use std::path::Path;
//!
//! let file = Path::new("/etc/orv/verifier.toml");
//! let config = load_to_examine(file, &Environment::of_process())?;
//! let examination = Examination::of(config, Host::this()).with_file(file);
//! for line in examination.run().await {
//!     if line.outcome == Outcome::Fail {
//!         println!("{} {}: {}", line.code, line.found, line.fix.unwrap_or_default());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod attesters;
mod chain;
mod clock;
mod collateral;
mod contracts;
mod enclave;
mod files;
mod journal;
mod key;
mod limit;
mod line;
mod machine;
mod measurement;
mod storage;

pub use self::line::{Check, Line, Outcome};

use self::chain::Reached;
use self::enclave::Introduced;
use self::files::Opened;
use self::journal::Kept;
use crate::configuration::VerifierConfig;
use crate::enclave::{Binding, EnclaveAddress};
use limit::{blocking, within};
use orv_chain::primitives::Address;
use orv_chain::{Deployment, EnclaveContracts};
use orv_receipt::Domain;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long one look may take, unless told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Most bytes of a kernel's file that are read.
const MAX_TEXT: u64 = 1 << 20;

/// The machine that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Folder in front of `/proc`, `/sys`, `/dev` and `/etc`.
    pub root: PathBuf,
    /// What the machine's clock says, in seconds of Unix time.
    pub clock: u64,
}

impl Host {
    /// This machine, now.
    pub fn this() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            root: PathBuf::from("/"),
            clock: since_epoch.unwrap_or_default().as_secs(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file's text; empty where there is none.
    fn text(&self, name: &str) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.path(name)).and_then(|file| file.take(MAX_TEXT).read_to_end(&mut bytes));
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

/// An examination of an operator's machine.
#[derive(Debug, Clone)]
pub struct Examination {
    config: VerifierConfig,
    file: Option<PathBuf>,
    host: Host,
    patience: Duration,
}

impl Examination {
    /// Of what a configuration names, on a machine.
    pub fn of(config: VerifierConfig, host: Host) -> Self {
        Self {
            config,
            file: None,
            host,
            patience: PATIENCE,
        }
    }

    /// The same, with a look at the configuration's own file.
    #[must_use]
    pub fn with_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The same, with another limit for each look.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Looks at everything, side by side. The lines come in the order of [`Check::ALL`].
    pub async fn run(&self) -> Vec<Line> {
        let (mut lines, mut found) = match self.config.deployment() {
            Ok(deployment) => self.everything(deployment).await,
            Err(error) => {
                let line = Line::fail(Check::Deployment, error.to_string(), error.advice());
                let (here, wallet, reachable) = tokio::join!(
                    self.at_home(None),
                    files::wallet(&self.config, self.patience),
                    enclave::reachable(addresses(&self.config), self.patience),
                );
                ([vec![line, wallet.line], reachable.lines].concat(), here)
            }
        };
        lines.append(&mut found);
        for check in Check::ALL {
            if !lines.iter().any(|line| line.check == *check) {
                lines.push(Line::skipped(*check, "cannot be looked at while what it needs fails"));
            }
        }
        lines.sort_by_key(|line| line.check);
        lines
    }

    async fn everything(&self, deployment: Deployment) -> (Vec<Line>, Vec<Line>) {
        let named = match deployment.enclave {
            Some(_) => Line::pass(
                Check::Deployment,
                format!("{}, chain {}", deployment.network.name, deployment.network.chain_id),
            ),
            None => Line::fail(
                Check::Deployment,
                "it names no verifier gateway",
                "use a deployment file that names the four contracts of the verifier",
            ),
        };
        let storage = within(self.patience, Check::Storage, storage::lines(&self.config, &deployment));
        let gateway = deployment.enclave.map(|contracts| contracts.verifier_gateway);
        let (here, storage, there) = tokio::join!(self.at_home(gateway), storage, self.abroad(&deployment));
        let lines = std::iter::once(named).chain(storage).chain(there).collect();
        (lines, here)
    }

    /// Everything that needs neither chain nor storage.
    async fn at_home(&self, gateway: Option<Address>) -> Vec<Line> {
        let (patience, config, host) = (self.patience, self.config.clone(), self.host.clone());
        let enclaves = addresses(&config);
        let machine = blocking(patience, Check::Memory, move || machine::lines(&host, &enclaves));
        let (config, file) = (self.config.clone(), self.file.clone());
        let modes = blocking(patience, Check::FileModes, move || {
            files::modes(&config, file.as_deref())
        });
        let (config, host) = (self.config.clone(), self.host.clone());
        let directory = blocking(patience, Check::DataDirectory, move || files::directory(&config, &host));
        let (config, clock) = (self.config.clone(), self.host.clock);
        let collateral = blocking(patience, Check::Collateral, move || collateral::lines(&config, clock));
        let journal = within(patience, Check::Journal, async {
            journal::lines(&self.config, gateway).await
        });
        let (machine, modes, directory, collateral, journal) =
            tokio::join!(machine, modes, directory, collateral, journal);
        [machine, modes, directory, collateral, journal].concat()
    }

    /// What needs the chain, the account and the enclaves, each with what it needs of the others.
    async fn abroad(&self, deployment: &Deployment) -> Vec<Line> {
        let (patience, config) = (self.patience, &self.config);
        let (chain, wallet, reachable) = tokio::join!(
            chain::reach(config, deployment, patience),
            files::wallet(config, patience),
            enclave::reachable(addresses(config), patience),
        );
        let mut lines = chain.lines;
        lines.push(wallet.line.clone());
        lines.extend(reachable.lines);
        let Some(reached) = chain.reached else {
            return lines;
        };
        lines.extend(clock::lines(&reached, self.host.clock, config.pause.stale_head_seconds));
        let Some(contracts) = deployment.enclave else {
            return lines;
        };
        let there = within(patience, Check::Contracts, contracts::lines(&reached, deployment)).await;
        let complete = there
            .iter()
            .any(|line| line.check == Check::Contracts && line.outcome == Outcome::Pass);
        lines.extend(there);
        if complete {
            lines.extend(
                self.with_contracts(&reached, contracts, &wallet, reachable.addresses)
                    .await,
            );
        }
        lines
    }

    /// What needs the contracts. An enclave's key is bound by its first introduction: to the right ones, or not at all.
    async fn with_contracts(
        &self,
        reached: &Reached,
        contracts: EnclaveContracts,
        wallet: &Opened,
        enclaves: Vec<EnclaveAddress>,
    ) -> Vec<Line> {
        let (patience, config) = (self.patience, &self.config);
        let attesters = attesters::lines(config, reached, contracts);
        let attesters = within(patience, Check::Attesters, attesters);
        let money = contracts::balance(reached, config, wallet.account);
        let money = within(patience, Check::Balance, money);
        let keys = async {
            match wallet.account {
                Some(account) => {
                    let binding = binding(reached, contracts, account);
                    self.keys(reached, contracts, binding, enclaves).await
                }
                None => Vec::new(),
            }
        };
        let (attesters, money, keys) = tokio::join!(attesters, money, keys);
        [attesters, money, keys].concat()
    }

    /// The enclaves that could be reached: who they are, and what the chain says of their keys.
    async fn keys(
        &self,
        reached: &Reached,
        contracts: EnclaveContracts,
        binding: Binding,
        enclaves: Vec<EnclaveAddress>,
    ) -> Vec<Line> {
        let kept = Kept::read(&self.config, contracts.verifier_gateway).await;
        let running = files::daemon_at_work(&self.config, &self.host);
        let looks = enclaves.iter().map(|address| async {
            let known = kept.newest(address);
            let Introduced { lines: mut found, key } =
                enclave::introduce(address, binding, known, reached, running.as_ref(), self.patience).await;
            if let Some(key) = key {
                let looked = within(
                    self.patience,
                    Check::Key,
                    key::lines(&key, reached, contracts, binding.operator, &self.config),
                );
                found.extend(looked.await);
            }
            found
                .into_iter()
                .map(|line| line.about(address.to_string()))
                .collect::<Vec<_>>()
        });
        let mut lines = Vec::new();
        for look in looks {
            lines.extend(look.await);
        }
        lines
    }
}

fn addresses(config: &VerifierConfig) -> Vec<EnclaveAddress> {
    config.enclaves().into_iter().map(|enclave| enclave.address).collect()
}

fn binding(reached: &Reached, contracts: EnclaveContracts, operator: Address) -> Binding {
    Binding {
        domain: Domain {
            chain_id: reached.chain.chain_id(),
            gateway: contracts.verifier_gateway,
        },
        registry: contracts.enclave_registry,
        operator,
    }
}
