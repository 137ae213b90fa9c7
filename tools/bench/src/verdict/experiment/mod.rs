//! The published rule on this machine: real containers, a real relay, and a load on the candidate's processor that comes
//! and goes as it likes.

mod disturbance;
mod project;

use crate::document::{Cell, Section, Table, Unit};
use crate::stage::{Stage, StageError};
use crate::verdict::simulate::{Random, Tally};
use clap::Args;
use disturbance::Disturbance;
use orv_content::materialize::ReadError;
use orv_content::oci::OciError;
use orv_content::tree::{PathError, TreeError};
use orv_protocol::Verdict;
use orv_protocol::judgement::{Arm, Case, Judgement, Speed, Step};
use orv_protocol::score::Score;
use orv_receipt::rule::RuleError;
use orv_trial::{PrepareError, TrialError, Workshop};
use project::Work;
use std::collections::BTreeMap;
use std::io;

/// What to try.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Attempts for each gain, half of them while the machine is disturbed.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
    /// Seed of the orders and of the disturbance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Why there was no experiment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExperimentError {
    /// There is nothing to run containers on.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The image could not be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The image could not be written.
    #[error(transparent)]
    Image(#[from] OciError),
    /// A path of ours is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Our files do not make a tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Our documents are refused.
    #[error(transparent)]
    Documents(#[from] RuleError),
    /// The trees could not be laid out.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A trial could not be run.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The load could not be started.
    #[error("the disturbing load: {0}")]
    Disturbance(#[from] io::Error),
    /// A trial gave no metric.
    #[error("a trial gave no metric: {0}")]
    NoMetric(String),
}

/// Steps of the reference's loop: some tenths of a second.
const STEPS: u64 = 400_000;

/// Gains that are tried, in percent of the reference's time; the margin is five.
const GAINS: [i64; 6] = [-60, -10, 0, 10, 30, 60];

/// Trials of upstream's absolute median.
const ABSOLUTE: usize = 5;

/// Whether the machine is disturbed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Machine {
    Quiet,
    Disturbed,
}

#[derive(Debug, Default)]
struct Row {
    paired: Tally,
    absolute: Tally,
    reasons: BTreeMap<&'static str, u32>,
    trials: u64,
    /// Largest quotient of two trials of the reference's code.
    spread: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, ExperimentError> {
    let stage = Stage::new()?;
    let baseline = baseline(&stage)?;
    let mut rows: BTreeMap<(Machine, i64), Row> = BTreeMap::new();
    for attempt in 0..arguments.attempts {
        for (place, gain) in (0_u64..).zip(GAINS) {
            for machine in [Machine::Quiet, Machine::Disturbed] {
                let random = Random::of(arguments.seed, place * 2 + machine as u64, u64::from(attempt));
                let row = rows.entry((machine, gain)).or_default();
                let name = format!("attempt-{attempt}-{place}-{}", machine as u8);
                attempted(&stage, &name, baseline, gain, machine, random, row)?;
            }
        }
    }
    Ok(vec![section(&rows, arguments.attempts)])
}

/// The snapshot's score on chain: the median of five trials on the quiet machine.
fn baseline(stage: &Stage) -> Result<Score, ExperimentError> {
    let work = Work::new(stage, "baseline", STEPS, STEPS)?;
    let inputs = work.inputs();
    let workshop = work.workshop(stage, &inputs)?;
    let mut scores = Vec::new();
    for _ in 0..ABSOLUTE {
        scores.push(measure(&work, &workshop, Arm::Snapshot, Speed::Full)?.1);
    }
    Ok(middle(scores))
}

fn middle(mut scores: Vec<Score>) -> Score {
    scores.sort_unstable();
    scores.get(scores.len() / 2).copied().unwrap_or(Score::ZERO)
}

fn measure(
    work: &Work,
    workshop: &Workshop<'_>,
    arm: Arm,
    speed: Speed,
) -> Result<(orv_protocol::judgement::TrialOutcome, Score), ExperimentError> {
    let observation = workshop.run_at(speed, arm, &[7; 32])?;
    let outcome = observation.outcome(&work.documents);
    match outcome.metric().and_then(|metric| work.score(&metric)) {
        Some(score) => Ok((outcome, score)),
        None => Err(ExperimentError::NoMetric(format!("{observation:?}"))),
    }
}

/// One attempt by the rule, and what upstream's rule would have made of the candidate's first trials.
fn attempted(
    stage: &Stage,
    name: &str,
    baseline: Score,
    gain: i64,
    machine: Machine,
    mut random: Random,
    row: &mut Row,
) -> Result<(), ExperimentError> {
    let steps = STEPS * (100 - gain).unsigned_abs() / 100;
    let work = Work::new(stage, name, STEPS, steps)?;
    let inputs = work.inputs();
    let workshop = work.workshop(stage, &inputs)?;
    let case: Case = work.case(baseline, random.secret());
    let threshold = orv_protocol::score::threshold(baseline, case.margin);
    let _disturbance = match machine {
        Machine::Quiet => None,
        Machine::Disturbed => Some(Disturbance::begin(random)?),
    };
    let mut judgement = Judgement::begin(case);
    let mut times: BTreeMap<u8, Vec<Score>> = BTreeMap::new();
    let decision = loop {
        match judgement.next() {
            Step::Decided(decision) => break decision,
            Step::Run(arm) => {
                let speed = judgement.speed();
                let (outcome, score) = measure(&work, &workshop, arm, speed)?;
                if speed == Speed::Full {
                    times.entry(arm as u8).or_default().push(score);
                }
                if judgement.record(outcome).is_err() {
                    continue;
                }
            }
        }
    };
    row.paired.add(decision.verdict);
    *row.reasons.entry(decision.reason.code()).or_default() += 1;
    row.trials += judgement.records().len() as u64;
    let of = |arm: Arm| times.get(&(arm as u8)).cloned().unwrap_or_default();
    let first = middle(of(Arm::Candidate).into_iter().take(ABSOLUTE).collect());
    row.absolute.add(if Some(first) >= threshold {
        Verdict::Approve
    } else {
        Verdict::Reject
    });
    let twins = || {
        of(Arm::Snapshot)
            .into_iter()
            .chain(of(Arm::Shadow))
            .map(project::seconds)
    };
    let (least, most) = twins().fold((f64::MAX, 0.0_f64), |(least, most), time| {
        (least.min(time), most.max(time))
    });
    row.spread = row.spread.max(most / least);
    Ok(())
}

fn section(rows: &BTreeMap<(Machine, i64), Row>, attempts: u32) -> Section {
    let mut table = Table::new(&[
        "machine",
        "gain",
        "paired: approved",
        "rejected",
        "neither",
        "reasons",
        "absolute: approved",
        "rejected",
        "trials",
        "slowest to fastest run of one code",
    ]);
    let count = |count: u64| Cell::of(count as f64, Unit::Count);
    for ((machine, gain), row) in rows {
        let reasons = row.reasons.iter().map(|(code, count)| format!("{code} {count}"));
        table.rows.push(vec![
            Cell::text(match machine {
                Machine::Quiet => "left alone",
                Machine::Disturbed => "disturbed",
            }),
            Cell::text(format!("{gain:+} %")),
            count(row.paired.approved),
            count(row.paired.rejected),
            count(row.paired.inconclusive),
            Cell::text(reasons.collect::<Vec<_>>().join(", ")),
            count(row.absolute.approved),
            count(row.absolute.rejected),
            count(row.trials),
            Cell::of(row.spread, Unit::Ratio),
        ]);
    }
    Section {
        name: "verdict-experiment",
        title: "On this machine, with a load that comes and goes".to_owned(),
        method: format!(
            "Split trials through `orv_trial::Workshop`; the metric is the windows' time of a shell loop of {STEPS} steps and of so many per cent fewer. Margin 5 %, \
             {attempts} attempts for each gain, left alone and disturbed: stretches of 0.2 to 3 s of a spinning thread on the candidate's processor, of one that spins \
             for part of every 10 ms as a lower frequency would take it, and of nothing. Absolute: the median of the candidate's first five trials against the snapshot's, \
             measured at the beginning while nothing disturbed."
        ),
        table,
        targets: vec![],
        notes: vec![],
    }
}
