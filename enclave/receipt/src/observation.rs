//! What the runner saw of one trial, and what the published rule makes of it.
//!
//! The record keeps raw readings; the outcome is derived from them by the same code in the enclave and at the auditor's.

use crate::rule::Documents;
use crate::weakened::{Rule, holds};
use minicbor::{Decode, Encode};
use orv_protocol::MetricChannel;
use orv_protocol::judgement::{TrialOutcome, VoidCause};
use orv_protocol::metric;
use orv_protocol::project::MetricSource;

/// One trial as seen from outside the containers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Observation {
    /// The process that owns the metric: the judge in a split project, else the one command.
    #[n(0)]
    pub measured: ProcessReport,
    /// The candidate's own process in a split project.
    #[n(1)]
    pub candidate: Option<ProcessReport>,
    /// What was written to the metric channel (split), or to standard output and error (shared); capped.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub metric: Vec<u8>,
    /// A breach of the exchange between judge and candidate, which voids the trial.
    #[n(3)]
    pub violation: Option<Breach>,
    /// Requests that the runner relayed.
    #[n(4)]
    pub windows: u64,
    /// Time of the relay's windows by the runner's monotonic counter, in nanoseconds.
    #[n(5)]
    pub window_nanoseconds: u64,
    /// What the machine did meanwhile.
    #[n(6)]
    pub conditions: Conditions,
}

/// What the machine did to a trial, of the processor that the candidate is pinned to. All of it is known in steps of a
/// tick, a hundredth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct Conditions {
    /// Time that the hypervisor admits to have taken away, in nanoseconds.
    #[n(0)]
    pub stolen_nanoseconds: u64,
    /// Time that is missing in the processor's own accounts, in nanoseconds.
    #[n(1)]
    pub unaccounted_nanoseconds: u64,
    /// Processor time of the competing load, in nanoseconds; zero where none ran.
    #[n(2)]
    pub load_nanoseconds: u64,
}

impl Conditions {
    /// What is no theft in a trial however short: two readings of two accounts, each known to a tick.
    pub const STOLEN_AT_LEAST: u64 = 40_000_000;
    /// One in this many nanoseconds of a trial may be taken away. A gain of one part in `g` that is measured while one
    /// part in twenty is taken away still looks like one of about one part in `1.05 g`.
    pub const STOLEN_ONE_IN: u64 = 20;

    /// Whether more was taken away than a timed comparison bears, in a trial of this wall time (DESIGN 5.5).
    pub fn disturbed(&self, wall_nanoseconds: u64) -> bool {
        let bound = Self::STOLEN_AT_LEAST.saturating_add(wall_nanoseconds / Self::STOLEN_ONE_IN);
        self.stolen_nanoseconds.saturating_add(self.unaccounted_nanoseconds) > bound
    }
}

/// How the exchange of a split trial was broken (DESIGN 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Breach {
    /// The candidate sent bytes ahead of a request, or more than one line for one.
    #[n(0)]
    EarlyAnswer,
    /// The candidate sent a line that is too long.
    #[n(1)]
    CandidateLine,
    /// The candidate gave no answer in time.
    #[n(2)]
    WindowLimit,
    /// The judge sent a line that is too long.
    #[n(3)]
    JudgeLine,
    /// The judge wrote too much to the metric channel.
    #[n(4)]
    Metric,
    /// The judge sent too many requests.
    #[n(5)]
    Requests,
    /// The candidate could not be stopped between two windows.
    #[n(6)]
    NotFrozen,
}

/// How one process ended and what it used.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProcessReport {
    /// How it ended.
    #[n(0)]
    pub ending: Ending,
    /// Exit code or signal number; 0 where a limit ended it.
    #[n(1)]
    pub number: i32,
    /// Wall time in nanoseconds, by the runner's monotonic counter.
    #[n(2)]
    pub wall_nanoseconds: u64,
    /// CPU time of the whole container in nanoseconds, by its cgroup.
    #[n(3)]
    pub cpu_nanoseconds: u64,
    /// Peak memory of the whole container in bytes, by its cgroup.
    #[n(4)]
    pub peak_memory: u64,
    /// How often the kernel killed for memory inside the container.
    #[n(5)]
    pub memory_kills: u64,
    /// How often the process limit was hit.
    #[n(6)]
    pub process_limit_hits: u64,
    /// Last bytes of standard output and error, for people; written by the candidate, so never trusted.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub log: Vec<u8>,
    /// What was left of its tree's place when it ended, or when its judge had; absent where it never ran or was stopped for
    /// a limit or a breach.
    #[n(8)]
    pub work_left: Option<Left>,
    /// The same of `/tmp`.
    #[n(9)]
    pub temporary_left: Option<Left>,
}

/// What is left of a place that a process may write to; a number is absent where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Left {
    /// Bytes.
    #[n(0)]
    pub bytes: Option<u64>,
    /// Files, directories and links.
    #[n(1)]
    pub files: Option<u64>,
}

impl Left {
    /// Whether the place is full.
    fn is_nothing(&self) -> bool {
        self.bytes == Some(0) || self.files == Some(0)
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Ending {
    /// It exited with a code.
    #[n(0)]
    Exited,
    /// A signal ended it.
    #[n(1)]
    Signalled,
    /// Its wall time was over.
    #[n(2)]
    WallLimit,
    /// Its CPU time was over.
    #[n(3)]
    CpuLimit,
    /// Its memory was over.
    #[n(4)]
    MemoryLimit,
    /// It wrote more than allowed.
    #[n(5)]
    OutputLimit,
    /// The runner ended it when the trial was over, as a split trial's candidate always is.
    #[n(6)]
    Dismissed,
    /// The command could not be executed; the number is the system's error.
    #[n(7)]
    NotStarted,
}

impl ProcessReport {
    /// Whether it left one of its places full. How many writes were refused is not known, so the last byte that fits
    /// counts as one too many.
    fn used_its_room(&self) -> bool {
        [self.work_left, self.temporary_left]
            .iter()
            .flatten()
            .any(Left::is_nothing)
    }

    /// The cause that voids the trial, if this process gives one.
    fn void_cause(&self) -> Option<VoidCause> {
        if self.memory_kills > 0 {
            return Some(VoidCause::MemoryLimit);
        }
        // The process may have gone on without what it could not start, and measured something else.
        if self.process_limit_hits > 0 && holds(Rule::EveryProcessStarted) {
            return Some(VoidCause::ProcessLimit);
        }
        // Likewise without what it could not write, also where it ended well and printed a metric.
        if self.used_its_room() && holds(Rule::EveryWriteFits) {
            return Some(VoidCause::ScratchLimit);
        }
        match self.ending {
            Ending::Exited if self.number == 0 => None,
            Ending::Exited | Ending::Signalled if !holds(Rule::CleanExit) => None,
            Ending::Exited | Ending::NotStarted => Some(VoidCause::ExitCode(self.number)),
            Ending::Signalled => Some(VoidCause::Signal(self.number)),
            Ending::WallLimit => Some(VoidCause::Timeout),
            Ending::CpuLimit => Some(VoidCause::CpuLimit),
            Ending::MemoryLimit => Some(VoidCause::MemoryLimit),
            Ending::OutputLimit => Some(VoidCause::OutputLimit),
            Ending::Dismissed => None,
        }
    }
}

impl Observation {
    /// Whether a runner could have seen it in that channel: its processes, no relay where there is none, no time of
    /// windows without a window, no metric of a process that was sent away, and nothing that a search leaves out.
    pub(crate) fn is_of(&self, channel: MetricChannel) -> bool {
        let dismissed = self.measured.ending == Ending::Dismissed;
        match channel {
            MetricChannel::Split => {
                self.candidate.is_some()
                    && (self.violation.is_some() || !dismissed)
                    && (self.windows > 0 || self.window_nanoseconds == 0)
            }
            MetricChannel::Shared => {
                self.candidate.is_none()
                    && !dismissed
                    && self.metric.len() <= metric::TAIL_BYTES
                    && self.violation.is_none()
                    && self.windows == 0
                    && self.window_nanoseconds == 0
            }
        }
    }

    /// What the published rule makes of it: a metric, or the first cause that voids the trial.
    pub fn outcome(&self, documents: &Documents) -> TrialOutcome {
        if let Some(cause) = self.void_cause() {
            return TrialOutcome::Void(cause);
        }
        let Documents { protocol, project } = documents;
        let metric = match (project.channel(), project.metric.source) {
            (MetricChannel::Split, _) if !holds(Rule::JudgesMetric) => {
                let log = self.candidate.as_ref().map_or(&[][..], |candidate| &candidate.log);
                metric::extract(&protocol.measurement.primary_metric.extract, log)
            }
            (MetricChannel::Split, MetricSource::Written) => metric::from_channel(&self.metric),
            (MetricChannel::Split, MetricSource::WindowTime) => {
                metric::from_windows(&self.metric, self.window_nanoseconds)
            }
            (MetricChannel::Shared, _) => metric::extract(&protocol.measurement.primary_metric.extract, &self.metric),
        };
        let outcome = TrialOutcome::from(metric);
        if self.conditions.disturbed(self.measured.wall_nanoseconds) {
            outcome.disturbed()
        } else {
            outcome
        }
    }

    /// A breach of the exchange comes first, then what the candidate's process did, then what its judge did: a judge
    /// that fails because the candidate left is not the judge's failure.
    fn void_cause(&self) -> Option<VoidCause> {
        if let Some(violation) = self.violation {
            return Some(match violation {
                Breach::EarlyAnswer => VoidCause::EarlyAnswer,
                Breach::WindowLimit => VoidCause::Timeout,
                Breach::CandidateLine | Breach::NotFrozen => VoidCause::ProtocolViolation,
                Breach::JudgeLine | Breach::Metric | Breach::Requests => VoidCause::JudgeFailed,
            });
        }
        match &self.candidate {
            Some(candidate) => candidate
                .void_cause()
                .or_else(|| self.measured.void_cause().map(judge_failure)),
            None => self.measured.void_cause(),
        }
    }
}

/// However a judge fails, it is the judge that failed.
fn judge_failure(_: VoidCause) -> VoidCause {
    VoidCause::JudgeFailed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_here_and_there_disturbs_nothing_and_more_than_a_twentieth_does() {
        let disturbed = |stolen, unaccounted, wall| {
            Conditions {
                stolen_nanoseconds: stolen,
                unaccounted_nanoseconds: unaccounted,
                load_nanoseconds: 0,
            }
            .disturbed(wall)
        };
        let (second, tick) = (1_000_000_000, 10_000_000);
        assert!(!disturbed(2 * tick, 2 * tick, 0));
        assert!(disturbed(3 * tick, 2 * tick, 0));
        assert!(!disturbed(540_000_000, 0, 10 * second));
        assert!(disturbed(540_000_000, tick, 10 * second));
        assert!(disturbed(u64::MAX, u64::MAX, u64::MAX));
    }
}
