//! One trial of one arm, and what is put on record of it.

use crate::conditions::Watch;
use crate::container;
use crate::workshop::Workshop;
use orv_protocol::judgement::{Arm, Speed};
use orv_protocol::metric::TAIL_BYTES;
use orv_receipt::{Breach, Conditions, Ending, Left, Observation, ProcessReport};
use orv_runner::{Container, Exit, RelayLimits, Report, RunnerError, Side, SplitReport, Violation};
use std::io;

/// Bytes of each output that are kept for people.
const LOG: usize = 4096;

/// Most requests of one split trial.
const MOST_REQUESTS: u64 = 1_000_000;

/// Most bytes on the metric channel: one decimal of sixty digits and a line end fit many times.
const MOST_METRIC: usize = 256;

/// How much more wall time a hindered trial has: its processor is shared with a load that is as hungry.
const HINDERED_TIME: u32 = 3;

/// Why a trial gave no observation: this machine's fault, never the candidate's.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The rule asks for an arm whose code the job does not have.
    #[error("no tree was prepared for {0:?}")]
    NoTree(Arm),
    /// The machine could not be watched, or the load beside a hindered trial not be started.
    #[error("conditions of a trial: {0}")]
    Conditions(#[from] io::Error),
    /// The runner failed.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

impl Workshop<'_> {
    /// Runs one trial of an arm at full speed, in fresh containers on a fresh tree.
    ///
    /// # Errors
    /// [`TrialError`]. What the code under test does, however bad, is an observation and not an error.
    pub fn run(&self, arm: Arm, seed: &[u8; 32]) -> Result<Observation, TrialError> {
        self.run_at(Speed::Full, arm, seed)
    }

    /// Runs one trial of an arm, at full speed or beside a competing load on the candidate's processor, where it may
    /// take [three times](HINDERED_TIME) as long.
    ///
    /// # Errors
    /// [`TrialError`], as [`Self::run`].
    pub fn run_at(&self, speed: Speed, arm: Arm, seed: &[u8; 32]) -> Result<Observation, TrialError> {
        let watch = Watch::begin(self.processors.candidate(), speed)?;
        let observation = self.observe(speed, arm, seed);
        let conditions = watch.end()?;
        Ok(Observation {
            conditions,
            ..observation?
        })
    }

    fn observe(&self, speed: Speed, arm: Arm, seed: &[u8; 32]) -> Result<Observation, TrialError> {
        let times = match speed {
            Speed::Full => 1,
            Speed::Hindered => HINDERED_TIME,
        };
        let unhurried = |mut container: Container| {
            container.limits.wall *= times;
            container
        };
        let work = self.work_of(arm).ok_or(TrialError::NoTree(arm))?.clone();
        match &self.documents.project.split {
            Some(commands) => {
                let judge = unhurried(container::judge(self, &commands.judge, seed));
                let candidate = unhurried(container::candidate(self, work, &commands.candidate));
                let limits = RelayLimits {
                    line_bytes: RelayLimits::LINE_BYTES,
                    window: self.caps.trial_time * times,
                    requests: MOST_REQUESTS,
                    metric_bytes: MOST_METRIC,
                };
                Ok(split_observation(self.runner.run_split(&judge, &candidate, &limits)?))
            }
            None => {
                let container = unhurried(container::shared(self, work, self.seed_variable_of(arm)));
                Ok(shared_observation(self.runner.run(&container)?))
            }
        }
    }
}

fn split_observation(report: SplitReport) -> Observation {
    Observation {
        measured: process_report(&report.judge),
        candidate: Some(process_report(&report.candidate)),
        metric: report.metric,
        violation: report.violation.map(breach),
        windows: report.windows,
        window_nanoseconds: nanoseconds(report.window_time),
        conditions: Conditions::default(),
    }
}

fn breach(violation: Violation) -> Breach {
    match violation {
        Violation::EarlyAnswer => Breach::EarlyAnswer,
        Violation::LineTooLong(Side::Candidate) => Breach::CandidateLine,
        Violation::LineTooLong(Side::Judge) => Breach::JudgeLine,
        Violation::WindowLimit => Breach::WindowLimit,
        Violation::MetricTooLong => Breach::Metric,
        Violation::TooManyRequests => Breach::Requests,
        Violation::NotFrozen => Breach::NotFrozen,
    }
}

/// Both streams are read for the metric, standard output first. Streams that were cut, or that are together longer than
/// what is searched, are not read at all: what is missing might hold a second match.
fn shared_observation(report: Report) -> Observation {
    let mut measured = process_report(&report);
    let mut metric = Vec::new();
    let unsearched = report.stdout.bytes.len() + report.stderr.bytes.len() >= TAIL_BYTES;
    if report.stdout.truncated || report.stderr.truncated || unsearched {
        measured.ending = Ending::OutputLimit;
    } else {
        metric.extend_from_slice(&report.stdout.bytes);
        metric.push(b'\n');
        metric.extend_from_slice(&report.stderr.bytes);
    }
    Observation {
        measured,
        candidate: None,
        metric,
        violation: None,
        windows: 0,
        window_nanoseconds: 0,
        conditions: Conditions::default(),
    }
}

fn process_report(report: &Report) -> ProcessReport {
    let (ending, number) = match report.exit {
        Exit::Code(code) => (Ending::Exited, code),
        Exit::Signal(signal) => (Ending::Signalled, signal),
        Exit::NotStarted(error) => (Ending::NotStarted, error),
        Exit::WallLimit => (Ending::WallLimit, 0),
        Exit::CpuLimit => (Ending::CpuLimit, 0),
        Exit::MemoryLimit => (Ending::MemoryLimit, 0),
        Exit::OutputLimit => (Ending::OutputLimit, 0),
        Exit::Stopped => (Ending::Dismissed, 0),
    };
    let mut log = tail(&report.stdout.bytes).to_vec();
    log.extend_from_slice(tail(&report.stderr.bytes));
    ProcessReport {
        ending,
        number,
        wall_nanoseconds: nanoseconds(report.wall),
        cpu_nanoseconds: nanoseconds(report.cpu),
        peak_memory: report.peak_memory,
        memory_kills: report.oom_kills,
        process_limit_hits: report.pids_hit,
        log,
        work_left: left_of(report.room.work),
        temporary_left: left_of(report.room.temporary),
    }
}

/// Nothing of a place that nobody looked at.
fn left_of(left: orv_runner::Left) -> Option<Left> {
    let orv_runner::Left { bytes, files } = left;
    (bytes.is_some() || files.is_some()).then_some(Left { bytes, files })
}

fn tail(bytes: &[u8]) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(LOG)..).unwrap_or(bytes)
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orv_runner::{Captured, ControlGroups, Protections, Strength};
    use std::time::Duration;

    fn printed(stdout: Vec<u8>, stderr: Vec<u8>) -> Observation {
        let captured = |bytes| Captured {
            bytes,
            truncated: false,
        };
        shared_observation(Report {
            exit: Exit::Code(0),
            stdout: captured(stdout),
            stderr: captured(stderr),
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory: 0,
            oom_kills: 0,
            pids_hit: 0,
            room: Default::default(),
            protections: Protections {
                control_groups: ControlGroups::V2,
                isolation: Strength::Enforced,
                system_calls: Strength::Enforced,
                landlock: Strength::Enforced,
                memory: Strength::Enforced,
                processes: Strength::Enforced,
                cpu_time: Strength::Enforced,
                cpu_pinning: Strength::Enforced,
                freezing: Strength::Enforced,
            },
        })
    }

    #[test]
    fn a_metric_cannot_be_pushed_out_of_what_is_searched() {
        let mut noise = vec![b'x'; TAIL_BYTES - 32];
        noise.extend_from_slice(b"\nmetric: 1\n");
        let pushed = printed(b"metric: 9 and what stands beside it\n".to_vec(), noise);
        assert_eq!((pushed.measured.ending, pushed.metric.len()), (Ending::OutputLimit, 0));

        let both = printed(vec![b'x'; 30_000], vec![b'y'; 30_000]);
        assert_eq!((both.measured.ending, both.metric.len()), (Ending::Exited, 60_001));
    }
}
