//! `reviews.jsonl` in upstream's shape (openresearch.md 6.5): one line for each ended attempt, for upstream's tools.

use crate::error::VerifierError;
use crate::journal::{Record, Settlement, State};
use orv_evidence::UnixTime;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// The file, and which attempts it has already: each is written once, also over crashes.
#[derive(Debug)]
pub(crate) struct Reviews {
    path: PathBuf,
    file: File,
    written: BTreeSet<String>,
    /// Where its whole lines end, if an append failed behind them.
    torn_at: Option<u64>,
}

impl Reviews {
    /// Opens the file of a data directory. A line that a crash left half written is taken away. Blocks.
    ///
    /// # Errors
    /// [`VerifierError::ReceiptFile`] with the file's path.
    pub(crate) fn open(directory: &Path) -> Result<Self, VerifierError> {
        let path = directory.join("reviews.jsonl");
        let opened = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)
            .and_then(|file| Ok((ids_in(&file)?, file)));
        match opened {
            Ok((written, file)) => Ok(Self {
                path,
                file,
                written,
                torn_at: None,
            }),
            Err(source) => Err(VerifierError::ReceiptFile { path, source }),
        }
    }

    /// Appends the line of an attempt that has ended, unless the file has it; other states have none. What an append
    /// left that failed is taken away, at once or before the next one. Blocks for one write.
    ///
    /// # Errors
    /// [`VerifierError::ReceiptFile`] with the file's path.
    pub(crate) fn append(&mut self, record: &Record, at: u64) -> Result<(), VerifierError> {
        let Some((id, line)) = line(record, at).filter(|(id, _)| !self.written.contains(id)) else {
            return Ok(());
        };
        let written = self.mend().and_then(|()| self.write(&line));
        written.map_err(|source| VerifierError::ReceiptFile {
            path: self.path.clone(),
            source,
        })?;
        self.written.insert(id);
        Ok(())
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.torn_at = Some(self.file.metadata()?.len());
        let written = self.file.write_all(line.as_bytes());
        match written.and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.torn_at = None;
                Ok(())
            }
            Err(error) => {
                // Whoever reads the file finds whole lines; where that fails, too, the next append tries it again.
                if let Err(error) = self.mend() {
                    tracing::warn!(path = %self.path.display(), %error, "half a line is left for now");
                }
                Err(error)
            }
        }
    }

    /// Cuts the file to its whole lines, where an append failed.
    fn mend(&mut self) -> io::Result<()> {
        if let Some(end) = self.torn_at {
            self.file.set_len(end)?;
            self.torn_at = None;
        }
        Ok(())
    }
}

/// The review ids of a file's whole lines; the file ends behind the last of them.
fn ids_in(file: &File) -> io::Result<BTreeSet<String>> {
    let (mut ids, mut end) = (BTreeSet::new(), 0_u64);
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.last() != Some(&b'\n') {
            break;
        }
        end = end.saturating_add(line.len() as u64);
        let row: Option<Value> = serde_json::from_slice(&line).ok();
        let id = row.as_ref().and_then(|row| row.get("review_id")?.as_str());
        ids.extend(id.map(str::to_owned));
        line.clear();
    }
    file.set_len(end)?;
    Ok(ids)
}

/// Upstream has no value for an inconclusive verdict; `skipped` is the one of its four that settles nothing.
fn line(record: &Record, at: u64) -> Option<(String, String)> {
    let statement = record.statement.as_ref()?;
    let result = match record.state {
        State::Settled(Settlement::Approved) => "approved",
        State::Settled(Settlement::Rejected) => "rejected",
        State::Inconclusive | State::SetAside => "skipped",
        _ => return None,
    };
    let ticket = record.ticket?;
    let tag = hex::encode(ticket.id.get(..4).unwrap_or_default());
    let id = format!("p{}-{tag}", record.proposal);
    let mut row = json!({
        "schemaVersion": "1",
        "review_id": id,
        "utc_timestamp": UnixTime::from_seconds(at).to_string(),
        "proposal_id": number(&record.proposal.to_string()),
        "project_id": number(&record.project.to_string()),
        "result": result,
        "reason_code": statement.reason.replace('-', "_"),
        "stdout_log_path": statement.receipt.to_string_lossy(),
        "error": "",
        "claimed_aggregate_score": record.claimed_score.to_string(),
        "verified_aggregate_score": statement.score.to_string(),
        "transaction_hashes": record.transaction.iter().map(|mined| mined.hash.to_string()).collect::<Vec<_>>(),
    });
    if let (Some(row), Some(submission)) = (row.as_object_mut(), record.submission) {
        row.insert("code_hash".to_owned(), json!(submission.code_hash.to_string()));
    }
    Some((id, format!("{row}\n")))
}

/// Ids are JSON numbers in upstream's schema.
fn number(decimal: &str) -> serde_json::Value {
    decimal
        .parse::<u64>()
        .map_or_else(|_| json!(decimal), |number| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Statement, Ticket};
    use orv_chain::primitives::{Address, B256, I256};

    fn ended(ticket: u8) -> Record {
        Record {
            runs: 1,
            ticket: Some(Ticket {
                id: B256::repeat_byte(ticket),
                key: Address::ZERO,
                attempt: 1,
                closes_at: 0,
                incumbent_code_hash: B256::ZERO,
                incumbent_score: I256::ZERO,
            }),
            statement: Some(Statement {
                verdict: 3,
                reason: "missing-bytes".to_owned(),
                score: I256::ZERO,
                lower: I256::ZERO,
                upper: I256::ZERO,
                bundle_root: B256::ZERO,
                receipt: "r/2-4-1.orv".into(),
            }),
            ..Record::bare(State::Inconclusive)
        }
    }

    #[test]
    fn each_attempt_has_one_line_also_after_a_crash_in_the_middle_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviews.jsonl");
        let mut reviews = Reviews::open(folder.path()).unwrap();
        reviews.append(&ended(1), 5).unwrap();
        reviews.append(&ended(1), 6).unwrap();
        drop(reviews);
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{{\"review_id\":\"p4-0202")).unwrap();
        let mut reviews = Reviews::open(folder.path()).unwrap();
        reviews.append(&ended(1), 7).unwrap();
        reviews.append(&ended(2), 8).unwrap();
        let lines = std::fs::read_to_string(&path).unwrap();
        let ids: Vec<_> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["review_id"].clone())
            .collect();
        assert_eq!(ids, ["p4-01010101", "p4-02020202"]);
    }

    #[test]
    fn an_attempt_under_way_has_no_line() {
        let running = Record {
            state: State::Running,
            ..ended(1)
        };
        assert_eq!(line(&running, 0), None);
    }

    /// Names the folder to the child of the next test, which is this test program once more.
    const CHILD: &str = "ORV_VERIFIER_TEST_REVIEWS";

    /// Does nothing unless it is the child, which may write no large file: then it appends until a line does not fit.
    #[test]
    fn child_of_the_full_disk_test() {
        let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else {
            return;
        };
        let mut reviews = Reviews::open(&folder).unwrap();
        let full = (1..=100).find(|ticket| reviews.append(&ended(*ticket), 5).is_err());
        assert!(
            reviews.append(&ended(full.unwrap()), 6).is_err(),
            "it is still to be written"
        );
    }

    #[test]
    fn a_line_that_did_not_fit_leaves_whole_lines_and_is_written_later() {
        let folder = tempfile::tempdir().unwrap();
        // As many blocks of 512 or 1024 bytes, as the shell has it; a write beyond them is cut short, and then refused.
        let done = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 5; exec \"$0\" --exact \"$1\""])
            .arg(std::env::current_exe().unwrap())
            .arg("settle::reviews::tests::child_of_the_full_disk_test")
            .env(CHILD, folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        let path = folder.path().join("reviews.jsonl");
        let left = std::fs::read_to_string(&path).unwrap();
        assert!(left.ends_with('\n'), "{left}");
        let next = u8::try_from(left.lines().count() + 1).unwrap();
        Reviews::open(folder.path()).unwrap().append(&ended(next), 7).unwrap();
        let lines = std::fs::read_to_string(&path).unwrap();
        assert!(
            lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
            "{lines}"
        );
        assert_eq!(lines.lines().count(), usize::from(next));
    }
}
