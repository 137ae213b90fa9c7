//! `orv verifier status`.

use clap::Args;
use orv_verifier::journal::{JournalError, State};
use orv_verifier::{Daemon, StatusRow, VerifierError};
use serde_json::{Value, json};

use super::table::{age, aligned};
use super::{VerifierArguments, now};
use crate::{failure::Failure, output::Answer, output::visible};

#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    verifier: VerifierArguments,
    /// Only proposals of this project; may be given several times
    #[arg(long, value_name = "ID")]
    project: Vec<u64>,
    /// Only proposals in this state: `waiting`, or exactly `waiting:low-balance`
    #[arg(long, value_name = "STATE", value_parser = StateChoice::parse)]
    state: Vec<StateChoice>,
}

pub(super) async fn run(arguments: &StatusArguments) -> Result<Answer, Failure> {
    let now = now();
    let (rows, text) = match Daemon::status(&arguments.verifier.load()?).await {
        // Before the first start there are none, and somebody may look in the wrong place.
        Err(VerifierError::Journal(absent @ JournalError::NotYet(_))) => {
            (Vec::new(), format!("no proposals: {absent}\n{}", absent.advice()))
        }
        rows => {
            let mut rows = rows?;
            rows.retain(|row| arguments.wants(row));
            let text = listed(&rows, now);
            (rows, text)
        }
    };
    let proposals: Vec<Value> = rows.iter().map(|row| document(row, now)).collect();
    Ok(Answer::new(
        "orv.verifier.status/2",
        json!({ "proposals": proposals }),
        text,
    ))
}

impl StatusArguments {
    fn wants(&self, row: &StatusRow) -> bool {
        let of_project = self.project.is_empty() || self.project.iter().any(|id| id.to_string() == row.project);
        of_project && (self.state.is_empty() || self.state.iter().any(|wanted| wanted.has(row.state)))
    }
}

/// One state, or all of one kind, by the name that the journal has for it.
#[derive(Debug, Clone)]
struct StateChoice(String);

impl StateChoice {
    fn parse(text: &str) -> Result<Self, String> {
        let choice = Self(text.to_owned());
        if State::all().any(|state| choice.has(state)) {
            return Ok(choice);
        }
        let mut kinds: Vec<String> = State::all().map(kind).collect();
        kinds.dedup();
        Err(format!(
            "there is no state of that name; there are {}",
            kinds.join(", ")
        ))
    }

    fn has(&self, state: State) -> bool {
        self.0 == state.to_string() || self.0 == kind(state)
    }
}

/// A state's name without its cause.
fn kind(state: State) -> String {
    let name = state.to_string();
    name.split(':').next().unwrap_or_default().to_owned()
}

/// A row, with what the table adds.
fn document(row: &StatusRow, now: u64) -> Value {
    let mut document = json!(row);
    if let Value::Object(fields) = &mut document {
        let words = row.state.words();
        fields.insert("state_in_words".to_owned(), json!(words.state));
        fields.insert("next".to_owned(), json!(row.next()));
        fields.insert("age_seconds".to_owned(), json!(now.saturating_sub(row.changed_at)));
    }
    document
}

/// One line for each proposal, for people.
pub(super) fn listed(rows: &[StatusRow], now: u64) -> String {
    let count = match rows.len() {
        0 => return "no proposals".to_owned(),
        1 => "1 proposal".to_owned(),
        count => format!("{count} proposals"),
    };
    let titles = [
        "proposal", "project", "state", "for", "verdict", "reason", "receipt", "next",
    ];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        let words = row.state.words();
        let receipt = row.receipt.as_deref().and_then(|path| path.file_name());
        vec![
            row.proposal.clone(),
            row.project.clone(),
            words.state.to_owned(),
            age(now.saturating_sub(row.changed_at)),
            row.verdict.unwrap_or("-").to_owned(),
            visible(row.reason.as_deref().unwrap_or("-")),
            receipt.map_or_else(|| "-".to_owned(), |name| visible(&name.to_string_lossy())),
            row.next().into_owned(),
        ]
    }));
    format!("{}\n{count}", aligned(&lines))
}
