//! `orv verifier show`.

use clap::Args;
use orv_chain::ProposalId;
use orv_chain::primitives::U256;
use orv_verifier::journal::{Change, Record};
use orv_verifier::{StatusRow, VerifierError};
use serde_json::{Value, json};

use super::table::{age, aligned};
use super::{VerifierArguments, now};
use crate::{amount, failure::Failure, output::Answer, output::visible};

#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The proposal
    #[arg(value_parser = amount::whole, value_name = "PROPOSAL")]
    proposal: U256,
    #[command(flatten)]
    verifier: VerifierArguments,
}

pub(super) async fn run(arguments: &ShowArguments) -> Result<Answer, Failure> {
    let id = ProposalId(arguments.proposal);
    let journal = arguments.verifier.journal().await?;
    let record = journal.get(id).await.map_err(VerifierError::from)?;
    let changes = journal.changes(id).await.map_err(VerifierError::from)?;
    let transitions: Vec<Value> = changes.iter().map(document).collect();
    let proposal = json!(StatusRow::from(&record));
    Ok(Answer::new(
        "orv.verifier.proposal/1",
        json!({ "proposal": proposal, "transitions": transitions }),
        text(&record, &changes, now()),
    ))
}

fn document(change: &Change) -> Value {
    json!({
        "at": change.at,
        "from": change.from,
        "to": change.to,
        "cause": change.cause,
    })
}

fn text(record: &Record, changes: &[Change], now: u64) -> String {
    let row = StatusRow::from(record);
    let present = record.state.words();
    let mut facts = vec![
        ("state", format!("{}: {}", present.state, record.cause)),
        ("next", present.next.to_owned()),
        ("project", row.project),
        ("claimed", row.claimed_score),
    ];
    let mut fact = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    fact("to beat", row.incumbent_score);
    fact("verdict", row.verdict.map(str::to_owned));
    fact("reason", row.reason);
    fact("score", row.score);
    fact(
        "interval",
        row.interval.map(|[lower, upper]| format!("[{lower}, {upper}]")),
    );
    fact(
        "ticket",
        record
            .ticket
            .map(|ticket| format!("{}, attempt {}", ticket.id, ticket.attempt)),
    );
    fact("receipt", row.receipt.map(|path| path.display().to_string()));
    fact("bundle", row.bundle_root);
    fact("transaction", row.transaction);
    let facts: Vec<Vec<String>> = facts
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), visible(&value)])
        .collect();
    let way: Vec<Vec<String>> = changes
        .iter()
        .map(|change| {
            let ago = age(now.saturating_sub(change.at));
            vec![format!("{ago} ago"), change.to.to_string(), visible(&change.cause)]
        })
        .collect();
    format!("proposal {}\n{}\n\n{}", record.proposal, aligned(&facts), aligned(&way))
}
