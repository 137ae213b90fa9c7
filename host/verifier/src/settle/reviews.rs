//! `reviews.jsonl` in upstream's shape (openresearch.md 6.5): one line for each ended attempt, for upstream's tools.

use crate::error::VerifierError;
use crate::journal::{Record, Settlement, State};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Appends the line of an attempt that has ended; other states have none. Blocks for one write.
///
/// # Errors
/// [`VerifierError::ReceiptFile`] with the file's path.
pub(crate) fn append(directory: &Path, record: &Record, code_hash: &str, at: u64) -> Result<(), VerifierError> {
    let Some(line) = line(record, code_hash, at) else {
        return Ok(());
    };
    let path = directory.join("reviews.jsonl");
    let failed = |source| VerifierError::ReceiptFile {
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    file.write_all(line.as_bytes()).map_err(failed)
}

/// Upstream has no value for an inconclusive verdict; `skipped` is the one of its four that settles nothing.
fn line(record: &Record, code_hash: &str, at: u64) -> Option<String> {
    let statement = record.statement.as_ref()?;
    let result = match record.state {
        State::Settled(Settlement::Approved) => "approved",
        State::Settled(Settlement::Rejected) => "rejected",
        State::Inconclusive | State::SetAside => "skipped",
        _ => return None,
    };
    let ticket = record.ticket?;
    let tag = hex::encode(ticket.id.get(..4).unwrap_or_default());
    let row = json!({
        "schemaVersion": "1",
        "review_id": format!("p{}-{tag}", record.proposal),
        "utc_timestamp": utc(at),
        "proposal_id": number(&record.proposal.to_string()),
        "project_id": number(&record.project.to_string()),
        "result": result,
        "reason_code": statement.reason.replace('-', "_"),
        "stdout_log_path": statement.receipt.to_string_lossy(),
        "error": "",
        "code_hash": code_hash,
        "claimed_aggregate_score": record.claimed_score.to_string(),
        "verified_aggregate_score": statement.score.to_string(),
        "transaction_hashes": record.transaction.iter().map(|mined| mined.hash.to_string()).collect::<Vec<_>>(),
    });
    Some(format!("{row}\n"))
}

/// Ids are JSON numbers in upstream's schema.
fn number(decimal: &str) -> serde_json::Value {
    decimal
        .parse::<u64>()
        .map_or_else(|_| json!(decimal), |number| json!(number))
}

/// `YYYY-MM-DDTHH:MM:SSZ`; civil date from days since 1970-01-01 in the proleptic Gregorian calendar.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years counted from March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_735_689_600), "2025-01-01T00:00:00Z");
        assert_eq!(utc(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
