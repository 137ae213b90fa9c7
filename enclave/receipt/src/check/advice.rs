//! The advice on record is about the candidate on record: its gates follow from the lists of files, its red flags are
//! upstream's and name files that the candidate changed. Whether a text has one, only the candidate's bytes can show.

use std::collections::BTreeSet;

use orv_protocol::advice::{self, Gate, MOST_FINDINGS, RED_FLAGS};

use super::surface::stand_in_of;
use super::{Check, fail, pass};
use crate::advice::{AdviceRecord, FindingRecord};
use crate::bundle::{Bundle, Role};
use crate::rule::Documents;

const NAME: &str = "advice";

/// Advice is recorded whenever a tree was laid out, and only then.
pub(super) fn advice(bundle: &Bundle) -> Check {
    match (&bundle.advice, &bundle.image) {
        (None, None) => pass(NAME, "the job ended before a tree was laid out"),
        (Some(_), None) => fail(NAME, "there is advice on a tree that was not laid out"),
        (None, Some(_)) => fail(NAME, "no advice is recorded"),
        (Some(record), Some(_)) => match holds(bundle, record) {
            Ok(()) => pass(
                NAME,
                format!("{} findings, which decide nothing", record.findings.len()),
            ),
            Err(detail) => fail(NAME, detail),
        },
    }
}

fn holds(bundle: &Bundle, record: &AdviceRecord) -> Result<(), String> {
    let documents =
        Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).map_err(|error| error.to_string())?;
    let (snapshot, candidate) = (
        stand_in_of(bundle, Role::Snapshot)?,
        stand_in_of(bundle, Role::Candidate)?,
    );
    if record.findings.len() > MOST_FINDINGS || (record.left_out > 0 && record.findings.len() < MOST_FINDINGS) {
        return Err(format!(
            "{} findings and {} left out; {MOST_FINDINGS} are kept",
            record.findings.len(),
            record.left_out
        ));
    }
    let in_order = record.findings.is_sorted_by(|left, right| rank(left) < rank(right));
    if !in_order {
        return Err("the findings are doubled or not in order".to_owned());
    }
    let expected: Vec<FindingRecord> = advice::of_paths(&documents.protocol, &snapshot, &candidate)
        .iter()
        .map(FindingRecord::from)
        .collect();
    let gates: Vec<&FindingRecord> = record
        .findings
        .iter()
        .filter(|finding| finding.gate != Gate::RedFlag as u8)
        .collect();
    let prefix = expected.iter().take(gates.len()).eq(gates.iter().copied());
    if !prefix || (record.left_out == 0 && gates.len() != expected.len()) {
        return Err("the gates do not follow from the archives".to_owned());
    }
    let changed: BTreeSet<&str> = advice::changed(&snapshot, &candidate)
        .map(|(path, _)| path.as_str())
        .collect();
    record
        .findings
        .iter()
        .filter(|finding| finding.gate == Gate::RedFlag as u8)
        .find(|finding| !changed.contains(finding.path.as_str()) || place(finding).is_none())
        .map_or(Ok(()), |finding| {
            Err(format!(
                "{} is no red flag of upstream's in a changed file",
                finding.path
            ))
        })
}

/// Place of a red flag in upstream's list.
fn place(finding: &FindingRecord) -> Option<usize> {
    let pattern = finding.pattern.as_deref()?;
    RED_FLAGS.iter().position(|flag| *flag == pattern)
}

/// By path, for one path the gate first, then red flags in their list's order.
fn rank(finding: &FindingRecord) -> (&str, bool, Option<usize>) {
    (
        finding.path.as_str(),
        finding.gate == Gate::RedFlag as u8,
        place(finding),
    )
}
