//! `orv verifier`.

mod backup;
mod repeats;
mod show;
mod status;
mod table;
mod told;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use orv_chain::Deployment;
use orv_verifier::journal::Journal;
use orv_verifier::settings::{Environment, load};
use orv_verifier::{Controls, Daemon, Intention, Orders, Summary, VerifierConfig, VerifierError};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::{status::listed, table::aligned, told::Told};
use crate::{
    code::{Code, Exit},
    failure::Failure,
    output::{Answer, Output, visible},
};

#[derive(Debug, Subcommand)]
pub enum VerifierCommand {
    /// Judge and settle proposals until interrupted
    #[command(after_help = RUN_HELP)]
    Run(WorkArguments),
    /// Judge and settle what can be decided now, then end
    #[command(after_help = ONCE_HELP)]
    Once(WorkArguments),
    /// Show what the journal has of each proposal; neither enclave nor chain is asked
    #[command(after_help = STATUS_HELP)]
    Status(status::StatusArguments),
    /// Show everything that happened to one proposal, with time and cause
    #[command(after_help = "Example:\n  orv verifier show 17 verifier.toml")]
    Show(show::ShowArguments),
    /// Copy the journal into a new file while the daemon works
    #[command(after_help = BACKUP_HELP)]
    Backup(backup::BackupArguments),
}

const RUN_HELP: &str = "\
Looks at the chain every poll_seconds, opens a ticket for each proposal that can be settled, has the enclave judge it, \
and brings the statement to the chain.

Signals: the first SIGTERM or SIGINT ends intake and gives what is in flight shutdown_seconds; the second hands it \
back at once. SIGHUP, or a changed file, has the configuration read again.

Before the first run: `orv config check --verifier FILE`, then `orv doctor --verifier FILE`.

Examples:
  orv verifier run verifier.toml
  orv verifier run verifier.toml --dry-run
  ORV_VERIFIER_POLL_SECONDS=3 orv verifier run verifier.toml";

const ONCE_HELP: &str = "\
Exits with 6 when steps failed in its last round: they are told, and stand under `failures` with --json. Nothing is lost \
by that, the next call tries them again.

Examples:
  orv verifier once verifier.toml --json
  orv verifier once verifier.toml --dry-run";

const STATUS_HELP: &str = "\
Scores are in scaled units. What each state means and what to do about it: docs/operator.md.

Examples:
  orv verifier status verifier.toml
  orv verifier status verifier.toml --project 3 --state waiting
  orv verifier status verifier.toml --state settled:rejected --json";

const BACKUP_HELP: &str = "\
The copy is whole as of one moment and opens as a journal. A journal in PostgreSQL is copied with pg_dump instead.

To restore: end the daemon, put the copy in the place of journal.sqlite in the data directory, remove \
journal.sqlite-wal and journal.sqlite-shm, and start the daemon: it compares what it finds with the chain.

Example:
  orv verifier backup /backup/journal-$(date +%F).sqlite verifier.toml";

#[derive(Debug, Args)]
pub struct VerifierArguments {
    /// The verifier's own settings: deployment, enclave, data_directory, wallet, admission
    #[arg(env = "ORV_VERIFIER_CONFIG", value_name = "FILE")]
    configuration: PathBuf,
}

#[derive(Debug, Args)]
pub struct WorkArguments {
    #[command(flatten)]
    verifier: VerifierArguments,
    /// Say what would be done with each open proposal, and end: no ticket is opened and nothing is sent
    #[arg(long)]
    dry_run: bool,
}

impl VerifierArguments {
    fn load(&self) -> Result<VerifierConfig, Failure> {
        Ok(load(&self.configuration, &Environment::of_process())?)
    }

    /// What a daemon is started with; it reads its file again when that changes.
    fn orders(&self, output: &Output) -> Result<Orders, Failure> {
        Ok(Orders {
            config: self.load()?,
            file: Some(self.configuration.clone()),
            controls: Controls::new(),
            observer: Arc::new(Told::new(output.clone())),
        })
    }

    /// The journal, for a reader that works on nothing.
    async fn journal(&self) -> Result<Journal, Failure> {
        let config = self.load()?;
        let deployment = Deployment::load(&config.deployment).map_err(VerifierError::from)?;
        let contracts = deployment.enclave.ok_or(VerifierError::NoGateway)?;
        let opened = Journal::open_to_read(&config.journal_place(), contracts.verifier_gateway).await;
        Ok(opened.map_err(VerifierError::from)?)
    }
}

pub async fn run(command: VerifierCommand, output: &Output) -> Result<Answer, Failure> {
    match command {
        VerifierCommand::Run(arguments) | VerifierCommand::Once(arguments) if arguments.dry_run => {
            let orders = arguments.verifier.orders(output)?;
            Ok(rehearsed(&Daemon::rehearse(orders).await?))
        }
        VerifierCommand::Run(arguments) => {
            let orders = obeying(arguments.verifier.orders(output)?)?;
            Ok(summarised(&Daemon::work(orders).await?))
        }
        VerifierCommand::Once(arguments) => {
            let orders = obeying(arguments.verifier.orders(output)?)?;
            let summary = Daemon::once_with(orders).await?;
            let answer = summarised(&summary);
            Ok(if summary.failures.is_empty() {
                answer
            } else {
                answer.with_exit(Exit::StepsFailed)
            })
        }
        VerifierCommand::Status(arguments) => status::run(&arguments).await,
        VerifierCommand::Show(arguments) => show::run(&arguments).await,
        VerifierCommand::Backup(arguments) => backup::run(&arguments).await,
    }
}

/// The same orders, with this process's signals behind them.
fn obeying(orders: Orders) -> Result<Orders, Failure> {
    let signals = Signals::listen()?;
    let controls = orders.controls.clone();
    tokio::spawn(async move { signals.pass_on(&controls).await });
    Ok(orders)
}

/// What would be done, one line for each proposal.
fn rehearsed(intentions: &[Intention]) -> Answer {
    let mut rows = vec![["proposal", "project", "state", "would"].map(str::to_owned).to_vec()];
    rows.extend(intentions.iter().map(|intention| {
        vec![
            intention.proposal.clone(),
            intention.project.clone(),
            intention.state.words().state.to_owned(),
            visible(&intention.would),
        ]
    }));
    let text = match intentions {
        [] => "nothing would be done: no proposal is open".to_owned(),
        _ => aligned(&rows),
    };
    Answer::new("orv.verifier.rehearsal/1", json!({ "proposals": intentions }), text)
}

/// The signals that a daemon obeys.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::new(Code::Machine, format!("signal handler: {error}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn pass_on(mut self, controls: &Controls) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => controls.stop(),
                _ = self.terminate.recv() => controls.stop(),
                _ = self.hangup.recv() => controls.reload(),
            }
        }
    }
}

fn summarised(summary: &Summary) -> Answer {
    let mut lines = vec![match summary.outcomes.as_slice() {
        [] => "no proposal's state changed".to_owned(),
        outcomes => listed(outcomes, now()),
    }];
    let failure = |failure: &orv_verifier::Failure| {
        let about = failure
            .proposal
            .as_ref()
            .map_or_else(String::new, |id| format!("proposal {id}: "));
        format!(
            "{about}{}: {}\n  next: {}",
            failure.code, failure.message, failure.advice
        )
    };
    lines.extend(summary.failures.iter().map(failure));
    Answer::new(
        "orv.verifier.summary/1",
        json!({ "proposals": summary.outcomes, "failures": summary.failures }),
        lines.join("\n"),
    )
}

/// This machine's time, in seconds of Unix time: ages are for people.
fn now() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.unwrap_or_default().as_secs()
}
