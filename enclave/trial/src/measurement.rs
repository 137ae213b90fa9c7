//! Measures code on this machine, in the containers and by the metric rules of the verifier.
//!
//! A creator measures the snapshot for the baseline, a miner the candidate before staking. Each trial has a seed of its
//! own: a metric that is the same under all of them does not depend on the seed either.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Caps, Inputs, Pace, PrepareError, TrialError, Workshop};
use orv_protocol::judgement::{Arm, Speed, TrialOutcome, VoidCause};
use orv_protocol::metric::Decimal;
use orv_protocol::score::{Bips, Rounding, Score, ScoreOutOfRange, threshold};
use orv_receipt::{Observation, rule::Documents};
use orv_runner::Runner;
use serde::Serialize;
use serde_json::{Value, json};

/// Several trials of one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Whose tree.
    pub arm: Arm,
    /// The median trial's metric; of an even number of trials the lower median's.
    pub metric: Decimal,
    /// That metric's score.
    pub score: Score,
    /// Whether all trials agree.
    pub steadiness: Steadiness,
    /// Every trial, in order.
    pub trials: Vec<Trial>,
}

/// Whether a metric is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steadiness {
    /// Every trial gave one metric, and there was more than one trial.
    Exact,
    /// There was only one trial.
    Unknown,
    /// Every trial gave one metric, and one beside a competing load gave another: a time in steps that hide what it
    /// takes, judged by the timed rule (docs/decisions/0010).
    Coarse,
    /// Trials differ: the project is judged by the timed rule.
    Varies {
        /// The worst score.
        least: Score,
        /// The best score.
        greatest: Score,
    },
}

impl Steadiness {
    fn of(scores: &[Score]) -> Self {
        match (scores.iter().min(), scores.iter().max()) {
            (Some(least), Some(greatest)) if least != greatest => Self::Varies {
                least: *least,
                greatest: *greatest,
            },
            _ if scores.len() > 1 => Self::Exact,
            _ => Self::Unknown,
        }
    }

    /// The word for it: `exact`, `unknown` or `varies`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Unknown => "unknown",
            Self::Coarse => "coarse",
            Self::Varies { .. } => "varies",
        }
    }
}

/// One trial that gave a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What it was seeded with.
    pub seed: [u8; 32],
    /// Its metric.
    pub metric: Decimal,
    /// That metric's score.
    pub score: Score,
    /// What the runner saw.
    pub observation: Observation,
}

/// Where and by what trials run.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The container runtime.
    pub runner: &'a Runner,
    /// The most that a trial may use; a project narrows it.
    pub caps: Caps,
    /// An empty directory that belongs to the measurement.
    pub directory: &'a Path,
}

impl<'a> Bench<'a> {
    /// Lays out what the trials need.
    ///
    /// # Errors
    /// [`MeasureError::NotRoot`], [`MeasureError::Disk`] and [`MeasureError::Prepare`].
    pub(crate) fn workshop(&self, inputs: &Inputs<'a, '_>) -> Result<Workshop<'a>, MeasureError> {
        require_root()?;
        let directory = self.directory.join("workshop");
        fs::create_dir(&directory).map_err(|source| MeasureError::Disk {
            path: directory.clone(),
            source,
        })?;
        let unhurried = || Pace::UNHURRIED;
        Ok(Workshop::prepare(
            inputs,
            self.runner,
            self.caps,
            &directory,
            unhurried,
        )?)
    }
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Containers with limits need the rights of root.
    #[error("containers need root: this process has user id {0}")]
    NotRoot(u32),
    /// No seed was given, so no trial would run.
    #[error("no trial was asked for")]
    NoTrials,
    /// The directory cannot be used.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Trials cannot begin.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// This machine could not run a trial.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// A trial gave no metric that counts.
    #[error("trial {trial} gave no metric: {cause:?}; last output: {log:?}")]
    Void {
        /// Which trial, from 1.
        trial: usize,
        /// Why it does not count.
        cause: VoidCause,
        /// The end of its output.
        log: String,
    },
    /// A metric is too large for a score.
    #[error(transparent)]
    OutOfRange(#[from] ScoreOutOfRange),
}

/// Runs one trial for each seed, and where all agree one more beside a competing load, as the rule proves exactness. Blocks for as long as the trials take; call it on a thread that may.
///
/// # Errors
/// [`MeasureError`]; one trial without a metric ends the measurement.
pub fn measure(
    inputs: &Inputs<'_, '_>,
    arm: Arm,
    seeds: &[[u8; 32]],
    bench: &Bench<'_>,
) -> Result<Measurement, MeasureError> {
    let workshop = bench.workshop(inputs)?;
    let mut trials = Vec::with_capacity(seeds.len());
    for seed in seeds {
        let observation = workshop.run(arm, seed)?;
        trials.push(trial(inputs.documents, *seed, observation, trials.len() + 1)?);
    }
    let number = trials.len() + 1;
    let mut measurement = summary(arm, trials).ok_or(MeasureError::NoTrials)?;
    if let (Steadiness::Exact, Some(seed)) = (measurement.steadiness, seeds.first()) {
        let observation = workshop.run_at(Speed::Hindered, arm, seed)?;
        if trial(inputs.documents, *seed, observation, number)?.metric != measurement.metric {
            measurement.steadiness = Steadiness::Coarse;
        }
    }
    Ok(measurement)
}

fn require_root() -> Result<(), MeasureError> {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        Ok(())
    } else {
        Err(MeasureError::NotRoot(user.as_raw()))
    }
}

fn trial(
    documents: &Documents,
    seed: [u8; 32],
    observation: Observation,
    number: usize,
) -> Result<Trial, MeasureError> {
    let (protocol, project) = (&documents.protocol, &documents.project);
    let metric = match observation.outcome(documents) {
        TrialOutcome::Metric(metric) | TrialOutcome::Disturbed(metric) => metric,
        TrialOutcome::Void(cause) => {
            return Err(MeasureError::Void {
                trial: number,
                cause,
                log: log_of(&observation),
            });
        }
    };
    let direction = protocol.measurement.primary_metric.direction;
    let rule = project.score;
    let score = Score::from_metric(&metric, rule.scale, rule.sign, direction, Rounding::TowardMinusInfinity)?;
    Ok(Trial {
        seed,
        metric,
        score,
        observation,
    })
}

fn summary(arm: Arm, trials: Vec<Trial>) -> Option<Measurement> {
    let mut order: Vec<&Trial> = trials.iter().collect();
    order.sort_by_key(|trial| trial.score);
    let median = order.get(order.len().checked_sub(1)? / 2)?;
    let (metric, score) = (median.metric, median.score);
    let scores: Vec<Score> = trials.iter().map(|trial| trial.score).collect();
    Some(Measurement {
        arm,
        metric,
        score,
        steadiness: Steadiness::of(&scores),
        trials,
    })
}

/// The end of what candidate and judge printed. They wrote it, so it is never trusted.
fn log_of(observation: &Observation) -> String {
    let candidate = observation.candidate.iter().flat_map(|report| &report.log);
    let bytes: Vec<u8> = candidate.chain(&observation.measured.log).copied().collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Measurement {
    /// The score that an exact measurement falls short of; `None` where it reaches it, or where the metric varies: times
    /// measured here cannot be compared with those that made the incumbent's score (DESIGN 5.5).
    pub fn short_of(&self, incumbent: Score, margin: Bips) -> Option<Score> {
        let exact = self.steadiness == Steadiness::Exact;
        threshold(incumbent, margin).filter(|threshold| exact && self.score < *threshold)
    }

    /// The measurement as a document, `orv.measurement/1`: what a baseline's or proposal's log hash names.
    pub fn log(&self) -> Vec<u8> {
        let document = json!({
            "schema": "orv.measurement/1",
            "arm": format!("{:?}", self.arm).to_ascii_lowercase(),
            "metric": self.metric.to_string(),
            "score": self.score.to_string(),
            "steadiness": self.steadiness.name(),
            "trials": self.trials.iter().map(Trial::log).collect::<Vec<_>>(),
        });
        let mut text = document.to_string().into_bytes();
        text.push(b'\n');
        text
    }
}

/// One process of a trial, for the log.
#[derive(Serialize)]
struct ProcessLog {
    wall_nanoseconds: u64,
    cpu_nanoseconds: u64,
    peak_memory: u64,
}

impl Trial {
    fn log(&self) -> Value {
        let process = |report: &orv_receipt::ProcessReport| ProcessLog {
            wall_nanoseconds: report.wall_nanoseconds,
            cpu_nanoseconds: report.cpu_nanoseconds,
            peak_memory: report.peak_memory,
        };
        let observation = &self.observation;
        json!({
            "seed": alloy_primitives::hex::encode(self.seed),
            "metric": self.metric.to_string(),
            "score": self.score.to_string(),
            "measured": process(&observation.measured),
            "candidate": observation.candidate.as_ref().map(process),
            "windows": observation.windows,
            "window_nanoseconds": observation.window_nanoseconds,
            "output": log_of(observation),
        })
    }
}

#[cfg(test)]
mod tests {
    use orv_receipt::{Ending, ProcessReport};

    use super::*;

    fn trial(score: i64) -> Trial {
        let measured = ProcessReport {
            ending: Ending::Exited,
            number: 0,
            wall_nanoseconds: 5,
            cpu_nanoseconds: 4,
            peak_memory: 3,
            memory_kills: 0,
            process_limit_hits: 0,
            log: b"said\x1b[31m \xff".to_vec(),
            work_left: None,
            temporary_left: None,
        };
        let metric = format!("{}", -score).parse().unwrap();
        let observation = Observation {
            measured,
            candidate: None,
            metric: vec![],
            violation: None,
            windows: 0,
            window_nanoseconds: 0,
            conditions: orv_receipt::Conditions::default(),
        };
        Trial {
            seed: [7; 32],
            metric,
            score: Score::from(score),
            observation,
        }
    }

    fn of(scores: &[i64]) -> Measurement {
        summary(Arm::Snapshot, scores.iter().copied().map(trial).collect()).unwrap()
    }

    #[test]
    fn equal_trials_are_exact_and_one_trial_proves_nothing() {
        assert_eq!(of(&[-1117, -1117]).steadiness, Steadiness::Exact);
        assert_eq!(of(&[-1117]).steadiness, Steadiness::Unknown);
        assert_eq!(summary(Arm::Snapshot, vec![]), None);
    }

    #[test]
    fn of_trials_that_differ_the_lower_median_counts() {
        let odd = of(&[-3, -9, -5]);
        assert_eq!(odd.score, Score::from(-5));
        assert_eq!(
            odd.steadiness,
            Steadiness::Varies {
                least: Score::from(-9),
                greatest: Score::from(-3)
            }
        );
        assert_eq!(of(&[-3, -9, -5, -4]).score, Score::from(-5));
    }

    #[test]
    fn only_an_exact_measurement_can_fall_short() {
        let (incumbent, margin) = (Score::from(-1000), Bips(100));
        assert_eq!(of(&[-991, -991]).short_of(incumbent, margin), Some(Score::from(-990)));
        assert_eq!(of(&[-990, -990]).short_of(incumbent, margin), None);
        assert_eq!(of(&[-2000, -2001]).short_of(incumbent, margin), None);
    }

    #[test]
    fn the_log_is_one_line_of_json_whatever_was_printed() {
        let text = String::from_utf8(of(&[-2, -2]).log()).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains('\x1b'), "control characters are escaped: {text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["schema"], "orv.measurement/1");
        assert_eq!(document["trials"].as_array().unwrap().len(), 2);
    }
}
