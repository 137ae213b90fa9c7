//! What the journal knows, as rows for printing.

use crate::error::VerifierError;
use crate::journal::{Journal, Record, State};
use orv_chain::primitives::Address;
use orv_evidence::UnixTime;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// One proposal. Ids and scores are decimal strings, since they exceed JSON's numbers; scores are in scaled units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusRow {
    /// The proposal.
    pub proposal: String,
    /// Its project.
    pub project: String,
    /// Where it is.
    pub state: State,
    /// Why it is there.
    pub cause: String,
    /// Which of the gateway's attempts the last ticket was.
    pub attempt: Option<u8>,
    /// What the miner claims.
    pub claimed_score: String,
    /// The score to beat, as the ticket named it.
    pub incumbent_score: Option<String>,
    /// What the enclave measured.
    pub score: Option<String>,
    /// Lower and upper end of its interval.
    pub interval: Option<[String; 2]>,
    /// `approve`, `reject` or `inconclusive`.
    pub verdict: Option<&'static str>,
    /// The reason's code.
    pub reason: Option<String>,
    /// Gas of the transaction that brought it to the chain.
    pub gas_used: Option<u64>,
    /// That transaction.
    pub transaction: Option<String>,
    /// The receipt file.
    pub receipt: Option<PathBuf>,
    /// 0G root of the bundle.
    pub bundle_root: Option<String>,
    /// When the state last changed, in seconds of Unix time.
    pub changed_at: u64,
    /// When its open ticket lapses, in seconds of block time, where no enclave has the ticket's key any more: until then
    /// nothing happens. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapses_at: Option<u64>,
}

impl From<&Record> for StatusRow {
    fn from(record: &Record) -> Self {
        let statement = record.statement.as_ref();
        Self {
            proposal: record.proposal.to_string(),
            project: record.project.to_string(),
            state: record.state,
            cause: record.cause.clone(),
            attempt: record.ticket.map(|ticket| ticket.attempt),
            claimed_score: record.claimed_score.to_string(),
            incumbent_score: record.ticket.map(|ticket| ticket.incumbent_score.to_string()),
            score: statement.map(|statement| statement.score.to_string()),
            interval: statement.map(|statement| [statement.lower.to_string(), statement.upper.to_string()]),
            verdict: statement.and_then(|statement| verdict(statement.verdict)),
            reason: statement.map(|statement| statement.reason.clone()),
            gas_used: record.transaction.map(|transaction| transaction.gas_used),
            transaction: record.transaction.map(|transaction| transaction.hash.to_string()),
            receipt: statement.map(|statement| statement.receipt.clone()),
            bundle_root: statement.map(|statement| statement.bundle_root.to_string()),
            changed_at: record.changed_at,
            lapses_at: None,
        }
    }
}

impl StatusRow {
    /// What happens next, or what its operator can do, as a sentence.
    pub fn next(&self) -> Cow<'static, str> {
        self.waits_for_lapse()
            .map_or(Cow::Borrowed(self.state.words().next), Cow::Owned)
    }

    /// What it waits for instead of an enclave, as a sentence, where its ticket's key is gone.
    pub fn waits_for_lapse(&self) -> Option<String> {
        let at = self.lapses_at?;
        Some(format!(
            "No enclave has its key any more: its ticket lapses at {}, and a new attempt follows if one is left.",
            UnixTime::from_seconds(at)
        ))
    }
}

/// When the open ticket of a record lapses, if its key is not among the present ones.
pub(crate) fn lapses_at(record: &Record, present: &BTreeSet<Address>) -> Option<u64> {
    let ticket = record.ticket.filter(|_| record.state == State::TicketOpen)?;
    (!present.contains(&ticket.key)).then_some(ticket.closes_at)
}

/// Every proposal in the journal, by project and id.
///
/// # Errors
/// A damaged journal.
pub async fn status(journal: &Journal) -> Result<Vec<StatusRow>, VerifierError> {
    let records = journal.all().await?;
    let present = match records.iter().any(|record| record.state == State::TicketOpen) {
        true => journal.present_keys().await?,
        false => BTreeSet::new(),
    };
    let row = |record| StatusRow {
        lapses_at: lapses_at(record, &present),
        ..StatusRow::from(record)
    };
    Ok(records.iter().map(row).collect())
}

fn verdict(number: u8) -> Option<&'static str> {
    match number {
        1 => Some("approve"),
        2 => Some("reject"),
        3 => Some("inconclusive"),
        _ => None,
    }
}
