//! `orv verifier backup`.

use std::path::PathBuf;

use clap::Args;
use orv_verifier::VerifierError;
use serde_json::json;

use super::VerifierArguments;
use crate::{failure::Failure, output::Answer};

#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The copy; must not be there yet
    #[arg(value_name = "BACKUP")]
    copy: PathBuf,
    #[command(flatten)]
    verifier: VerifierArguments,
}

pub(super) async fn run(arguments: &BackupArguments) -> Result<Answer, Failure> {
    let journal = arguments.verifier.journal().await?;
    journal.backup(&arguments.copy).await.map_err(VerifierError::from)?;
    let shown = arguments.copy.display().to_string();
    let bytes = std::fs::metadata(&arguments.copy).map_err(|error| Failure::file(&arguments.copy, &error))?;
    Ok(Answer::new(
        "orv.verifier.backup/1",
        json!({ "file": shown, "bytes": bytes.len() }),
        format!("{shown}: {} bytes", bytes.len()),
    ))
}
