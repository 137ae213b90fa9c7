//! `orv verifier`.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use orv_verifier::{Daemon, Notice, Observer, StatusRow, Summary, VerifierConfig};
use serde_json::json;

use super::interrupted;
use crate::{
    failure::Failure,
    output::{Answer, Output, visible},
};

#[derive(Debug, Subcommand)]
pub enum VerifierCommand {
    /// Judge and settle proposals until interrupted
    #[command(after_help = "Example:\n  orv verifier run verifier.toml")]
    Run(VerifierArguments),
    /// Judge and settle what can be decided now, then end
    #[command(after_help = "Example:\n  orv verifier once verifier.toml --json")]
    Once(VerifierArguments),
    /// Show the journal; neither enclave nor chain is asked
    #[command(after_help = "Example:\n  orv verifier status verifier.toml")]
    Status(VerifierArguments),
}

#[derive(Debug, Args)]
pub struct VerifierArguments {
    /// The verifier's own settings: deployment, enclave, data_directory, wallet, admission
    #[arg(env = "ORV_VERIFIER_CONFIG", value_name = "FILE")]
    configuration: PathBuf,
}

impl VerifierArguments {
    fn load(&self) -> Result<VerifierConfig, Failure> {
        Ok(VerifierConfig::load(&self.configuration)?)
    }
}

pub async fn run(command: VerifierCommand, output: &Output) -> Result<Answer, Failure> {
    let observer = Arc::new(Told(output.clone()));
    match command {
        VerifierCommand::Run(arguments) => {
            let stop = interrupted()?;
            Ok(summarised(Daemon::run(arguments.load()?, stop, observer).await?))
        }
        VerifierCommand::Once(arguments) => Ok(summarised(Daemon::once(arguments.load()?, observer).await?)),
        VerifierCommand::Status(arguments) => {
            let rows = Daemon::status(&arguments.load()?).await?;
            let text = table(&rows);
            Ok(Answer::new("orv.verifier.status/1", json!({ "proposals": rows }), text))
        }
    }
}

fn summarised(summary: Summary) -> Answer {
    let mut text = table(&summary.outcomes);
    for failure in &summary.failures {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}: {}", failure.code, failure.message);
    }
    Answer::new(
        "orv.verifier.summary/1",
        json!({ "proposals": summary.outcomes, "failures": summary.failures }),
        text,
    )
}

fn table(rows: &[StatusRow]) -> String {
    let mut text = format!("{} proposals\n", rows.len());
    for row in rows {
        let verdict = row.verdict.unwrap_or("-");
        let _ = writeln!(
            text,
            "{:>6}  {:14}  {verdict:12}  {}",
            row.proposal,
            row.state.to_string(),
            row.cause
        );
    }
    text
}

/// Tells a person what the daemon does; progress inside a job only when asked for.
struct Told(Output);

impl Observer for Told {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::KeyLive(key) => self.0.note(&format!("enclave key {key} is live")),
            Notice::Changing { .. } | Notice::Observed(_) => {}
            Notice::Changed { proposal, state, cause } => {
                self.0
                    .note(&visible(&format!("proposal {proposal}: {state} ({cause})")));
            }
            Notice::Progress {
                proposal,
                stage,
                done,
                total,
            } => {
                tracing::info!(%proposal, ?stage, done, total, "job");
            }
            Notice::Failed {
                proposal,
                code,
                message,
                advice,
            } => {
                let about = proposal.map_or_else(String::new, |proposal| format!("proposal {proposal}: "));
                self.0.note(&visible(&format!("{about}{code}: {message}; {advice}")));
            }
        }
    }
}
