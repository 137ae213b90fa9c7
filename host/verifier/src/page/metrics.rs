//! What Prometheus reads: text format 0.0.4, names with units, a gauge whose value is unknown left out.

use super::health;
use super::runbook;
use super::situation::Situation;
use crate::board::{Histogram, RUN_BOUNDS, is_in_flight};
use crate::notice::{EnclaveSeen, EndpointSeen};
use crate::status::StatusRow;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};

/// The content type of [`exposition`].
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Families of samples, one after another.
#[derive(Default)]
struct Exposition(String);

/// What kind of number a family has.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Exposition {
    /// A family; left out with all of its text where it has no sample.
    fn family<V: Display>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, V)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        self.head(name, kind, help);
        for (labels, value) in samples {
            self.sample(name, &labels, value);
        }
    }

    /// A family of one sample without labels.
    fn single(&mut self, name: &str, kind: Kind, help: &str, value: Option<impl Display>) {
        self.family(name, kind, help, value.map(|value| (Vec::new(), value)));
    }

    fn head(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&'static str, String)], value: impl Display) {
        self.0.push_str(name);
        let mut open = '{';
        for (label, text) in labels {
            let _ = write!(self.0, "{open}{label}=\"{}\"", escaped(text));
            open = ',';
        }
        if open == ',' {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}

/// A label's value, as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn truth(value: bool) -> u8 {
    u8::from(value)
}

/// Everything, at one moment.
pub(super) fn exposition(situation: &Situation<'_>) -> String {
    let mut out = Exposition::default();
    program(situation, &mut out);
    proposals(situation, &mut out);
    failures(situation, &mut out);
    surroundings(situation, &mut out);
    endpoints(situation, &mut out);
    keys(situation, &mut out);
    out.0
}

fn program(situation: &Situation<'_>, out: &mut Exposition) {
    use Kind::{Counter, Gauge};
    let live = situation.live;
    let build = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    out.family("orv_build_info", Gauge, "The program; always 1.", [(build, 1)]);
    let begun = live.begun.as_secs();
    out.single(
        "orv_start_timestamp_seconds",
        Gauge,
        "When the program began, in Unix time.",
        Some(begun),
    );
    let heard = live.heard.map(|at| at.as_secs());
    let help = "When the daemon's loop last told anything, in Unix time.";
    out.single("orv_loop_heard_timestamp_seconds", Gauge, help, heard);
    let reloaded = live.reloaded.map(|at| at.as_secs());
    let help = "When the configuration was last read again and taken up, in Unix time.";
    out.single("orv_configuration_reloaded_timestamp_seconds", Gauge, help, reloaded);
    out.single("orv_rounds_total", Counter, "Rounds of the loop.", Some(live.rounds));
    let ready = truth(health::obstacles(situation).is_empty());
    out.single(
        "orv_ready",
        Gauge,
        "1 while a proposal would be taken now.",
        Some(ready),
    );
    let help = "1 while the journal can be read.";
    out.single(
        "orv_journal_readable",
        Gauge,
        help,
        Some(truth(situation.rows.is_some())),
    );
}

fn proposals(situation: &Situation<'_>, out: &mut Exposition) {
    use Kind::{Counter, Gauge};
    let live = situation.live;
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    for row in situation.known() {
        *states.entry(row.state.to_string()).or_default() += 1;
    }
    let by_state = |(state, count)| (vec![("state", state)], count);
    out.family(
        "orv_proposals",
        Gauge,
        "Proposals in the journal.",
        states.into_iter().map(by_state),
    );
    let help = "When the proposal that is longest in this state came there, in Unix time.";
    out.family(
        "orv_oldest_in_flight_timestamp_seconds",
        Gauge,
        help,
        oldest(situation.known()),
    );
    let changes = live.changes.clone().into_iter().map(by_state);
    out.family(
        "orv_changes_total",
        Counter,
        "Changes of a proposal's state, by the new one.",
        changes,
    );
    let verdicts = live
        .verdicts()
        .map(|(verdict, count)| (vec![("verdict", verdict.to_owned())], count));
    out.family(
        "orv_verdicts_total",
        Counter,
        "Statements that ended on chain.",
        verdicts,
    );
    let running = live.flights.values().filter(|flight| flight.run.is_some()).count();
    out.single("orv_runs_in_progress", Gauge, "Jobs inside enclaves.", Some(running));
    histogram(
        "orv_run_seconds",
        "How long a run took that ended with a statement.",
        &live.runs,
        out,
    );
}

/// Of every state between ticket and settlement, the oldest.
fn oldest(rows: &[StatusRow]) -> Vec<(Vec<(&'static str, String)>, u64)> {
    let mut oldest: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        if is_in_flight(row.state) {
            let at = oldest.entry(row.state.to_string()).or_insert(row.changed_at);
            *at = row.changed_at.min(*at);
        }
    }
    oldest
        .into_iter()
        .map(|(state, at)| (vec![("state", state)], at))
        .collect()
}

fn histogram(name: &str, help: &str, histogram: &Histogram, out: &mut Exposition) {
    out.head(name, Kind::Histogram, help);
    let bucket = format!("{name}_bucket");
    for (bound, within) in RUN_BOUNDS.iter().zip(histogram.within) {
        out.sample(&bucket, &[("le", bound.to_string())], within);
    }
    out.sample(&bucket, &[("le", "+Inf".to_owned())], histogram.count);
    out.sample(&format!("{name}_sum"), &[], histogram.sum.as_secs_f64());
    out.sample(&format!("{name}_count"), &[], histogram.count);
}

/// Every code of the runbook is there from the start: a counter that appears with its first failure has, for
/// Prometheus, never increased.
fn failures(situation: &Situation<'_>, out: &mut Exposition) {
    let failures = &situation.live.failures;
    let with_zeros = |counts: &BTreeMap<&'static str, u64>| {
        let mut all: BTreeMap<&str, u64> = runbook::codes().map(|code| (code, 0)).collect();
        all.extend(counts.iter().map(|(code, count)| (*code, *count)));
        let samples = all
            .into_iter()
            .map(|(code, count)| (vec![("code", code.to_owned())], count));
        samples.collect::<Vec<_>>()
    };
    let help = "Steps that failed and are tried again, by error code.";
    out.family(
        "orv_step_failures_total",
        Kind::Counter,
        help,
        with_zeros(&failures.steps),
    );
    let help = "Failures that kept a statement from the chain, by error code.";
    out.family(
        "orv_settlement_failures_total",
        Kind::Counter,
        help,
        with_zeros(&failures.settlements),
    );
}

fn surroundings(situation: &Situation<'_>, out: &mut Exposition) {
    use Kind::Gauge;
    let Some(seen) = situation.surroundings() else { return };
    let head = seen.head.map(|head| head.number);
    out.single("orv_chain_head_block", Gauge, "The newest block.", head);
    let age = situation.head_age().map(|age| age.as_secs());
    out.single("orv_chain_head_age_seconds", Gauge, "How old the newest block is.", age);
    let help = "The first block that has not been searched for proposals.";
    out.single("orv_intake_cursor_block", Gauge, help, seen.cursor);
    out.single(
        "orv_account_balance_wei",
        Gauge,
        "The operator's account.",
        seen.balance,
    );
    let help = "Below this nothing is begun.";
    let least = situation.operation.least_balance;
    out.single("orv_account_least_balance_wei", Gauge, help, Some(least));
    let help = "1 while the ledger lists the gateway.";
    out.single("orv_gateway_listed", Gauge, help, seen.listed.map(truth));
    let help = "Room in the data directory.";
    out.single("orv_data_directory_free_bytes", Gauge, help, seen.disk_free);
    let help = "1 while no new attempt is begun.";
    out.single("orv_paused", Gauge, help, Some(truth(seen.paused.is_some())));
}

/// Each configured endpoint of the chain.
fn endpoints(situation: &Situation<'_>, out: &mut Exposition) {
    use Kind::Gauge;
    let endpoints = situation.endpoints();
    let label = |seen: &EndpointSeen| vec![("endpoint", seen.endpoint.clone())];
    let well = endpoints.iter().map(|seen| (label(seen), truth(seen.code.is_none())));
    let help = "1 while nothing is known to be wrong with the endpoint of the chain.";
    out.family("orv_rpc_endpoint_ok", Gauge, help, well);
    let faults = endpoints.iter().filter_map(|seen| {
        let labels = [label(seen), vec![("code", seen.code?.to_owned())]].concat();
        Some((labels, 1))
    });
    let help = "What is wrong with the endpoint, by error code; always 1.";
    out.family("orv_rpc_endpoint_fault", Gauge, help, faults);
    let behind = endpoints.iter().filter_map(|seen| Some((label(seen), seen.behind?)));
    let help = "Blocks that the endpoint is behind the head that a quorum has.";
    out.family("orv_rpc_endpoint_behind_blocks", Gauge, help, behind);
}

fn keys(situation: &Situation<'_>, out: &mut Exposition) {
    use Kind::Gauge;
    let enclaves = situation.enclaves();
    let label = |enclave: &EnclaveSeen| vec![("enclave", enclave.address.clone())];
    let answering = enclaves
        .iter()
        .map(|enclave| (label(enclave), truth(enclave.key.is_some())));
    out.family(
        "orv_enclave_answers",
        Gauge,
        "1 while the enclave has introduced itself.",
        answering,
    );
    let live = enclaves
        .iter()
        .map(|enclave| (label(enclave), truth(situation.is_live(enclave))));
    out.family("orv_key_live", Gauge, "1 while the enclave's key can sign.", live);
    let revoked = enclaves.iter().map(|enclave| (label(enclave), truth(enclave.revoked)));
    let help = "1 while the enclave's key is one that somebody has revoked.";
    out.family("orv_key_revoked", Gauge, help, revoked);
    let expiry = enclaves
        .iter()
        .filter_map(|enclave| Some((label(enclave), enclave.expires_at?)));
    let help = "When the admission of the enclave's key ends, in Unix time.";
    out.family("orv_key_expiry_timestamp_seconds", Gauge, help, expiry);
    let left = enclaves
        .iter()
        .filter_map(|enclave| Some((label(enclave), enclave.verdicts_left?)));
    out.family(
        "orv_key_verdicts_left",
        Gauge,
        "Verdicts that the enclave's key has left.",
        left,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::samples;

    #[test]
    fn the_metrics_of_a_busy_daemon_are_these() {
        let text = samples::busy(exposition);
        let zeros = |line: &&str| !(line.contains("_failures_total{") && line.ends_with(" 0"));
        let shown: Vec<_> = text.lines().filter(zeros).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn what_is_unknown_is_absent() {
        let text = samples::fresh(exposition);
        for name in [
            "orv_chain_head_block",
            "orv_account_balance_wei",
            "orv_paused",
            "orv_key_live",
            "orv_proposals{",
        ] {
            assert!(!text.contains(name), "{name}");
        }
        assert!(text.contains("orv_ready 0\n") && text.contains("orv_build_info{version="));
    }

    #[test]
    fn every_code_of_the_runbook_is_there_before_it_is_met() {
        let text = samples::fresh(exposition);
        assert!(runbook::codes().count() > 40);
        for code in runbook::codes() {
            assert!(
                text.contains(&format!("orv_step_failures_total{{code=\"{code}\"}} 0\n")),
                "{code}"
            );
        }
    }

    #[test]
    fn a_label_cannot_end_its_line() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
