//! `orv attester`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use orv_attester::{AttesterConfig, AttesterNotice, AttesterObserver};
use serde_json::json;

use super::interrupted;
use crate::{
    failure::Failure,
    output::{Answer, Output, visible},
};

#[derive(Debug, Subcommand)]
pub enum AttesterCommand {
    /// Sign for enclave keys whose evidence convinces, and revoke admitted ones whose does not
    #[command(after_help = "Example:\n  orv attester run attester.toml")]
    Run(AttesterArguments),
}

#[derive(Debug, Args)]
pub struct AttesterArguments {
    /// The attester's own settings: deployment, policy, trust, key, watch
    #[arg(env = "ORV_ATTESTER_CONFIG", value_name = "FILE")]
    configuration: PathBuf,
}

pub async fn run(command: AttesterCommand, output: &Output) -> Result<Answer, Failure> {
    let AttesterCommand::Run(arguments) = command;
    let stop = interrupted()?;
    let configuration = AttesterConfig::load(&arguments.configuration)?;
    orv_attester::run(configuration, stop, Arc::new(Told(output.clone()))).await?;
    Ok(Answer::new(
        "orv.attester.end/1",
        json!({ "ended": "interrupted" }),
        "ended",
    ))
}

/// Tells a person what the service does. Words of others are made harmless first.
struct Told(Output);

impl AttesterObserver for Told {
    fn notice(&self, notice: &AttesterNotice) {
        let told = match notice {
            AttesterNotice::Listening {
                address,
                attester,
                policy,
            } => format!(
                "attester {attester} listens on {address} with policy {}",
                hexadecimal(policy)
            ),
            AttesterNotice::Signed {
                key,
                operator,
                expires_at,
            } => format!("signed for key {key} of {operator} until {expires_at}"),
            AttesterNotice::Refused {
                operator,
                code,
                message,
            } => format!("refused a candidate of {operator}: {code}: {message}"),
            AttesterNotice::Sound { key } => format!("key {key} is admitted with evidence that carries it"),
            AttesterNotice::Doubted { key, reason } => format!("key {key} is admitted without: {reason}"),
            AttesterNotice::Revoked { key } => format!("key {key} is revoked"),
            AttesterNotice::LookFailed { code, message } => format!("{code}: {message}; trying again"),
        };
        self.0.note(&visible(&told));
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
