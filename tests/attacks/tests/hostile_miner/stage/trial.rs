//! Trials, and what can be told from them.

use std::path::Path;
use std::time::Duration;

use orv_protocol::judgement::{Arm, TrialOutcome};
use orv_protocol::metric::Decimal;
use orv_receipt::rule::Documents;
use orv_receipt::{Ending, Observation};
use orv_runner::{Channel, Container, Limits, Runner, WorkTree};
use orv_trial::Workshop;

use super::PROGRAM;
use crate::attack::{Attempted, Outcome, judge};

/// The seed of a trial whose row says nothing of seeds.
const SEED: [u8; 32] = [0x5e; 32];
/// The metric of an honest candidate; less is better.
const HONEST: i64 = 1000;

/// A project that is laid out.
pub struct Scene<'a> {
    pub workshop: &'a Workshop<'a>,
    pub documents: &'a Documents,
    pub runner: &'a Runner,
    /// The workshop's directory.
    pub directory: &'a Path,
}

/// One trial and what the published rule makes of it.
pub struct Trial {
    pub observation: Observation,
    pub outcome: TrialOutcome,
}

/// The line that an attack prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Got(String),
    Held(String),
    Nothing,
}

impl Said {
    pub fn of(output: &[u8]) -> Self {
        let text = String::from_utf8_lossy(output);
        let line = |start: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(start))
                .map(str::to_owned)
        };
        line("got ")
            .map(Said::Got)
            .or_else(|| line("held: ").map(Said::Held))
            .unwrap_or(Said::Nothing)
    }
}

impl Scene<'_> {
    pub fn trial(&self) -> Result<Trial, String> {
        self.seeded_trial(&SEED)
    }

    pub fn seeded_trial(&self, seed: &[u8; 32]) -> Result<Trial, String> {
        let observation = self
            .workshop
            .run(Arm::Candidate, seed)
            .map_err(|error| format!("trial: {error}"))?;
        let outcome = observation.outcome(self.documents);
        Ok(Trial { observation, outcome })
    }

    /// The program in a container of the row's own limits, for what no trial asks for.
    pub fn container(&self, words: &str) -> Container {
        Container {
            rootfs: self.directory.join("rootfs"),
            work: WorkTree {
                lower: self.directory.join("candidate"),
                layers: vec![],
                size_limit: 4 << 20,
            },
            argv: [PROGRAM]
                .into_iter()
                .chain(words.split(' '))
                .map(str::to_owned)
                .collect(),
            env: vec![(super::MARK.to_owned(), std::process::id().to_string())],
            cwd: "/work".to_owned(),
            extra_read_only: vec![],
            limits: Limits {
                wall: Duration::from_secs(10),
                cpu: None,
                memory_bytes: 64 << 20,
                pids: 16,
                scratch_bytes: 4 << 20,
                output_bytes: 64 * 1024,
                open_files: 64,
                cpus: None,
            },
            channel: Channel::None,
        }
    }
}

impl Trial {
    /// What the attack printed, in whichever container it ran.
    pub fn said(&self) -> Said {
        let observation = &self.observation;
        let candidate = observation.candidate.iter().flat_map(|report| &report.log);
        let all = candidate.chain(&observation.metric).chain(&observation.measured.log);
        Said::of(&all.copied().collect::<Vec<u8>>())
    }

    /// An attack that says nothing must have been ended by something.
    pub fn by_its_word(&self) -> Attempted {
        match self.said() {
            Said::Got(got) => Ok(Outcome::Succeeded(got)),
            Said::Held(reason) => Ok(Outcome::Contained(reason)),
            Said::Nothing if self.metric().is_none() => Ok(Outcome::Contained(self.describe())),
            Said::Nothing => Err(format!("the attack said nothing: {}", self.describe())),
        }
    }

    pub fn metric(&self) -> Option<Decimal> {
        match self.outcome {
            TrialOutcome::Metric(metric) | TrialOutcome::Disturbed(metric) => Some(metric),
            TrialOutcome::Void(_) => None,
        }
    }

    /// Whether the process that owns the metric ended well.
    pub fn ended_well(&self) -> bool {
        let measured = &self.observation.measured;
        measured.ending == Ending::Exited && measured.number == 0
    }

    /// Whether the metric is better than an honest one.
    pub fn forged(&self) -> Attempted {
        let honest = HONEST
            .to_string()
            .parse::<Decimal>()
            .map_err(|error| error.to_string())?;
        let better = self
            .metric()
            .is_some_and(|metric| metric != honest && cost(&metric) < HONEST as f64);
        judge(better, self.describe())
    }

    /// What the attack printed, or how the trial ended where it printed nothing.
    pub fn describe_said(&self) -> String {
        match self.said() {
            Said::Got(got) => format!("got {got}"),
            Said::Held(reason) => reason,
            Said::Nothing => self.describe(),
        }
    }

    pub fn describe(&self) -> String {
        match self.outcome {
            TrialOutcome::Metric(metric) | TrialOutcome::Disturbed(metric) => format!("metric {metric}"),
            TrialOutcome::Void(cause) => format!("void: {cause:?}"),
        }
    }
}

/// Near enough to tell better from worse.
fn cost(metric: &Decimal) -> f64 {
    metric.to_string().parse().unwrap_or(f64::MAX)
}
