//! Trials as they are shown: `orv.trial/1`.

use std::fmt::Write;

use orv_content::Sha256;
use orv_protocol::advice::{Advice, Finding, Gate};
use orv_protocol::judgement::TrialOutcome;
use orv_protocol::metric::Decimal;
use orv_protocol::sampling::{Plan, Spread};
use orv_receipt::figures::secondary_of;
use orv_receipt::rule::{Documents, arm_of, decide};
use orv_receipt::{Bundle, DifferenceRecord, FindingRecord, ImageRecord, Observation, ProcessReport, detail};
use orv_trial::agreement::Disagreement;
use orv_trial::rehearsal::{Rehearsal, Sample};
use serde_json::{Map, Value, json};

use crate::output::{Answer, visible};

/// The document's schema.
const SCHEMA: &str = "orv.trial/1";

/// Most lines of a trial's output that are shown.
const LAST_LINES: usize = 10;

/// Trials of one arm; the plan's warm-ups are shown and not counted.
pub fn rehearsed(
    rehearsal: &Rehearsal,
    plan: &Plan,
    documents: &Documents,
    missing: &[String],
    advice: &Advice,
) -> Answer {
    let Rehearsal {
        samples, seed_variable, ..
    } = rehearsal;
    let differences: Vec<DifferenceRecord> = rehearsal.differences.iter().map(DifferenceRecord::from).collect();
    let mut fields = head(
        documents,
        &rehearsal.tree,
        Some(&rehearsal.image),
        &differences,
        missing,
    );
    let counted = counted(samples, plan);
    let warm_ups = samples.len() - counted.len();
    let rows = samples
        .iter()
        .enumerate()
        .map(|(index, sample)| row(sample, index < warm_ups, documents));
    let seed = seed_variable.as_ref();
    let seed = seed.map(|seed| json!({ "name": seed.name, "value": seed.value }));
    fields.extend([
        ("trials".to_owned(), rows.collect::<Vec<_>>().into()),
        ("sampling".to_owned(), sampling(samples, plan, documents)),
        ("steadiness".to_owned(), steadiness(counted).into()),
        ("seed_variable".to_owned(), json!(seed)),
        ("advice".to_owned(), advised(advice)),
        ("decision".to_owned(), Value::Null),
        ("disagreements".to_owned(), Value::Null),
    ]);
    let mut text = String::new();
    for sample in samples {
        line(&mut text, sample, documents);
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}, {} files undone", steadiness(counted), differences.len());
    for finding in &advice.findings {
        let _ = writeln!(text, "advice: {}: {}", finding.path, finding.gate.explain());
    }
    Answer::new(SCHEMA, Value::Object(fields), text)
}

/// The job of a receipt, run again.
pub fn run_again(again: &Bundle, disagreements: &[Disagreement], documents: &Documents) -> Answer {
    let mut fields = head(
        documents,
        &again.candidate_tree,
        again.image.as_ref(),
        &again.differences,
        &again.missing_protections,
    );
    let samples: Vec<Sample> = again
        .trials
        .iter()
        .filter_map(|trial| {
            let arm = arm_of(trial.arm)?;
            Some(Sample::of(arm, again.seed.0, trial.observation.clone(), documents))
        })
        .collect();
    let rows: Vec<Value> = samples.iter().map(|sample| row(sample, false, documents)).collect();
    let differing = disagreements
        .iter()
        .map(|one| json!({ "field": one.field, "recorded": one.recorded, "here": one.here }));
    let differing: Vec<Value> = differing.collect();
    fields.extend([
        ("trials".to_owned(), json!(rows)),
        ("sampling".to_owned(), Value::Null),
        ("steadiness".to_owned(), Value::Null),
        ("seed_variable".to_owned(), Value::Null),
        ("advice".to_owned(), recorded_advice(again)),
        ("decision".to_owned(), decision(again)),
        ("disagreements".to_owned(), json!(differing)),
    ]);
    let mut text = String::new();
    for sample in &samples {
        line(&mut text, sample, documents);
    }
    if disagreements.is_empty() {
        text.push_str("every input of the verdict is the one on record\n");
    }
    for one in disagreements {
        let _ = writeln!(text, "{}: {} on record, {} here", one.field, one.recorded, one.here);
    }
    Answer::new(SCHEMA, Value::Object(fields), text)
}

/// What both have.
fn head(
    documents: &Documents,
    tree: &Sha256,
    image: Option<&ImageRecord>,
    differences: &[DifferenceRecord],
    missing: &[String],
) -> Map<String, Value> {
    let primary = &documents.protocol.measurement.primary_metric;
    let undone = differences
        .iter()
        .map(|difference| json!({ "path": difference.path, "kind": kind_of(difference.kind) }));
    let fields = json!({
        "channel": format!("{:?}", documents.project.channel()).to_ascii_lowercase(),
        "metric_name": primary.name,
        "direction": format!("{:?}", primary.direction).to_ascii_lowercase(),
        "metric_source": kebab(&format!("{:?}", documents.project.metric.source)),
        "tree": tree.to_string(),
        "image": image.map(|image| format!("sha256:{}", Sha256::of(&image.manifest).to_string().trim_start_matches("0x"))),
        "undone": undone.collect::<Vec<_>>(),
        "missing_protections": missing,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn kind_of(kind: u8) -> &'static str {
    match kind {
        1 => "changed",
        2 => "deleted",
        3 => "added",
        _ => "other-kind",
    }
}

fn row(sample: &Sample, warm_up: bool, documents: &Documents) -> Value {
    let Observation {
        measured,
        candidate,
        violation,
        windows,
        window_nanoseconds,
        ..
    } = &sample.observation;
    let (metric, void) = outcome(&sample.outcome);
    json!({
        "arm": format!("{:?}", sample.arm).to_ascii_lowercase(),
        "warm_up": warm_up,
        "seed": format!("0x{}", hexadecimal(&sample.seed)),
        "metric": metric,
        "void": void,
        "score": sample.score.map(|score| score.to_string()),
        "secondary": secondary(&sample.observation, documents).map(Secondary::document).collect::<Vec<_>>(),
        "process": process(measured),
        "candidate": candidate.as_ref().map(process),
        "violation": violation.map(|violation| kebab(&format!("{violation:?}"))),
        "windows": windows,
        "window_nanoseconds": window_nanoseconds,
    })
}

/// One of the protocol's secondary metrics in one trial.
struct Secondary<'a> {
    name: &'a str,
    metric: Result<Decimal, String>,
}

/// Those of a trial, in the protocol's order. They decide nothing.
fn secondary<'a>(observation: &'a Observation, documents: &'a Documents) -> impl Iterator<Item = Secondary<'a>> {
    let metrics = documents.protocol.measurement.secondary_metrics.as_deref();
    let channel = documents.project.channel();
    metrics.unwrap_or_default().iter().map(move |metric| Secondary {
        name: &metric.name,
        metric: match secondary_of(metric, observation, channel) {
            Some(read) => read.map_err(|error| error.to_string()),
            None => Err("the protocol does not say how to find it".to_owned()),
        },
    })
}

impl Secondary<'_> {
    fn document(self) -> Value {
        json!({
            "name": self.name,
            "metric": self.metric.as_ref().ok().map(Decimal::to_string),
            "none": self.metric.err(),
        })
    }
}

/// The metric's text, or why there is none.
fn outcome(outcome: &TrialOutcome) -> (Option<String>, Option<String>) {
    match outcome {
        TrialOutcome::Void(cause) => (None, Some(kebab(&format!("{cause:?}")))),
        other => (other.metric().map(|metric| metric.to_string()), None),
    }
}

fn process(report: &ProcessReport) -> Value {
    json!({
        "ending": kebab(&format!("{:?}", report.ending)),
        "number": report.number,
        "wall_nanoseconds": report.wall_nanoseconds,
        "cpu_nanoseconds": report.cpu_nanoseconds,
        "peak_memory": report.peak_memory,
        "output": String::from_utf8_lossy(&report.log),
    })
}

/// What upstream makes of the trials, where the protocol samples and every trial gave a metric.
fn sampling(samples: &[Sample], plan: &Plan, documents: &Documents) -> Value {
    let metrics: Option<Vec<Decimal>> = samples.iter().map(|sample| sample.outcome.metric()).collect();
    let figure = metrics.as_ref().and_then(|metrics| plan.figure(metrics));
    let (Some(metrics), Some(figure), Some(_)) = (metrics, figure, &documents.protocol.measurement.sampling) else {
        return Value::Null;
    };
    let counted: Vec<f64> = counted(&metrics, plan)
        .iter()
        .filter_map(|metric| metric.to_string().parse().ok())
        .collect();
    json!({
        "aggregator": format!("{:?}", plan.aggregator).to_ascii_lowercase(),
        "aggregate": figure.aggregate.to_string(),
        "count": figure.measured,
        "representative": figure.representative,
        "cv": coefficient_of_variation(&counted),
        "too_noisy": figure.spread == Spread::TooNoisy,
    })
}

/// Standard deviation of the sample over its mean's magnitude (openresearch.md 4.4), for people: what is compared with
/// the protocol's bound is exact. 0 of one trial, nothing where the mean is 0.
fn coefficient_of_variation(metrics: &[f64]) -> Option<f64> {
    let count = metrics.len() as f64;
    let mean = metrics.iter().sum::<f64>() / count;
    let squares: f64 = metrics.iter().map(|metric| (metric - mean).powi(2)).sum();
    let deviation = if metrics.len() > 1 {
        (squares / (count - 1.0)).sqrt()
    } else {
        0.0
    };
    Some(deviation / mean.abs()).filter(|cv| cv.is_finite())
}

/// What is not a warm-up.
fn counted<'a, T>(trials: &'a [T], plan: &Plan) -> &'a [T] {
    let warm_ups = usize::try_from(plan.warmups).unwrap_or(usize::MAX);
    trials.get(warm_ups..).unwrap_or_default()
}

/// The same of a record.
fn recorded_advice(bundle: &Bundle) -> Value {
    let Some(advice) = &bundle.advice else {
        return Value::Null;
    };
    let row = |finding: &FindingRecord| {
        let gate = Gate::from_number(finding.gate).map(|gate| kebab(&format!("{gate:?}")));
        json!({ "gate": gate, "path": finding.path, "pattern": finding.pattern })
    };
    json!({
        "findings": advice.findings.iter().map(row).collect::<Vec<_>>(),
        "left_out": advice.left_out,
        "unread": advice.unread,
    })
}

/// What upstream's own validator would have said.
pub fn advised(advice: &Advice) -> Value {
    let row = |finding: &Finding| {
        json!({
            "gate": kebab(&format!("{:?}", finding.gate)),
            "path": finding.path.as_str(),
            "pattern": finding.pattern,
        })
    };
    json!({
        "findings": advice.findings.iter().map(row).collect::<Vec<_>>(),
        "left_out": advice.left_out,
        "unread": advice.unread,
    })
}

/// `exact` where all trials agree, `varies` where they do not, `void` where one has no metric, `unknown` of one alone.
fn steadiness(samples: &[Sample]) -> &'static str {
    let metrics: Vec<_> = samples.iter().map(|sample| outcome(&sample.outcome).0).collect();
    match metrics.as_slice() {
        all if all.iter().any(Option::is_none) => "void",
        [] | [_] => "unknown",
        [first, rest @ ..] if rest.iter().all(|other| other == first) => "exact",
        _ => "varies",
    }
}

fn decision(bundle: &Bundle) -> Value {
    match decide(bundle) {
        Ok(decision) => json!({
            "verdict": format!("{:?}", decision.verdict).to_ascii_lowercase(),
            "kind": format!("{:?}", decision.kind).to_ascii_lowercase(),
            "reason": decision.reason.code(),
            "score": decision.score.to_string(),
            "lower": decision.lower.to_string(),
            "upper": decision.upper.to_string(),
        }),
        Err(_) => Value::Null,
    }
}

fn line(text: &mut String, sample: &Sample, documents: &Documents) {
    let (metric, void) = outcome(&sample.outcome);
    let is_void = void.is_some();
    let arm = format!("{:?}", sample.arm).to_ascii_lowercase();
    let told = match (metric, void) {
        (Some(metric), _) => format!("metric {metric}"),
        (None, void) => format!("no metric: {}", void.unwrap_or_default()),
    };
    let seconds = sample.observation.measured.wall_nanoseconds as f64 / 1e9;
    // Writing to a string does not fail.
    let _ = write!(text, "{arm:9}  {told}  in {seconds:.3} s");
    for Secondary { name, metric } in secondary(&sample.observation, documents) {
        let told = metric.map_or_else(|_| "-".to_owned(), |metric| metric.to_string());
        let _ = write!(text, ", {} {told}", visible(name));
    }
    text.push('\n');
    if is_void {
        last_output(text, &sample.observation);
    }
}

/// The end of what was printed in a trial without a metric: there is usually why.
fn last_output(text: &mut String, observation: &Observation) {
    let shared = observation.candidate.is_none();
    let who = if shared { "output" } else { "judge" };
    let logs = [
        (who, Some(&observation.measured)),
        ("candidate", observation.candidate.as_ref()),
    ];
    for (who, report) in logs.into_iter().filter_map(|(who, report)| Some((who, report?))) {
        let log = String::from_utf8_lossy(&report.log);
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {who}: {}", visible(&detail(line)));
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `ExitCode(3)` as `exit-code 3`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character {
            'A'..='Z' => {
                if !text.is_empty() {
                    text.push('-');
                }
                text.push(character.to_ascii_lowercase());
            }
            '(' => text.push(' '),
            ')' => {}
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_for_machines() {
        assert_eq!(
            ["ExitCode(3)", "MetricMissing", "Exited"].map(kebab),
            ["exit-code 3", "metric-missing", "exited"]
        );
    }
}
