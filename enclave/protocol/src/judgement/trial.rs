//! What one trial was and how it ended.

use crate::metric::{Decimal, MetricError};

/// Whose code a trial runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Arm {
    /// The project's own snapshot, which never changes.
    Snapshot = 0,
    /// The code that holds the best score.
    Incumbent = 1,
    /// The code that is judged.
    Candidate = 2,
    /// The code of [`super::Case::reference`] once more, in a tree of its own: what it differs by is the machine's doing.
    Shadow = 3,
}

impl Arm {
    pub(super) fn party(self) -> Party {
        match self {
            Arm::Candidate => Party::Candidate,
            Arm::Snapshot | Arm::Incumbent | Arm::Shadow => Party::Reference,
        }
    }
}

/// Who answers for a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    Candidate,
    Reference,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialOutcome {
    /// With a metric.
    Metric(Decimal),
    /// With a metric, while the machine was taken away for longer than the bound: it counts where the metric is exact,
    /// for no theft changes that, and ends a timed judgement (DESIGN 5.5).
    Disturbed(Decimal),
    /// Without one that counts.
    Void(VoidCause),
}

impl TrialOutcome {
    /// The metric, however it came about.
    pub fn metric(&self) -> Option<Decimal> {
        match self {
            TrialOutcome::Metric(metric) | TrialOutcome::Disturbed(metric) => Some(*metric),
            TrialOutcome::Void(_) => None,
        }
    }

    /// The same trial, known to have been disturbed.
    pub fn disturbed(self) -> TrialOutcome {
        match self {
            TrialOutcome::Metric(metric) => TrialOutcome::Disturbed(metric),
            other => other,
        }
    }
}

/// How fast a trial may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speed {
    /// As fast as it can.
    Full,
    /// Beside a competing load on the same processor. A metric that is a time, however coarsely it is written, or that
    /// depends on what was done within a time, is another one then; an exact metric is the same.
    Hindered,
}

impl From<Result<Decimal, MetricError>> for TrialOutcome {
    fn from(read: Result<Decimal, MetricError>) -> Self {
        match read {
            Ok(metric) => TrialOutcome::Metric(metric),
            Err(error) => TrialOutcome::Void(VoidCause::from(&error)),
        }
    }
}

/// Why a trial does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoidCause {
    /// It ended with this code, not zero.
    ExitCode(i32),
    /// This signal ended it.
    Signal(i32),
    /// It reached its time limit.
    Timeout,
    /// It reached its limit of processor time.
    CpuLimit,
    /// It reached its memory limit.
    MemoryLimit,
    /// It reached its limit of processes.
    ProcessLimit,
    /// It printed more than it may.
    OutputLimit,
    /// It used up the room that it may write to: what it wrote last may be missing.
    ScratchLimit,
    /// No metric.
    MetricMissing,
    /// More than one.
    MetricDoubled,
    /// Not a plain decimal.
    MetricMalformed,
    /// Too large for a score.
    MetricOutOfRange,
    /// The protocol's extraction is not performed.
    MetricUnsupported,
    /// An answer came before its request.
    EarlyAnswer,
    /// The exchange between judge and candidate was broken: a line too long, not UTF-8, cut off.
    ProtocolViolation,
    /// The judge ended with an error or a limit of its own.
    JudgeFailed,
}

impl From<&MetricError> for VoidCause {
    fn from(error: &MetricError) -> Self {
        match error {
            MetricError::Missing => VoidCause::MetricMissing,
            MetricError::Doubled => VoidCause::MetricDoubled,
            MetricError::TooLong { .. }
            | MetricError::Malformed(_)
            | MetricError::NotANumber
            | MetricError::Report(_) => VoidCause::MetricMalformed,
            MetricError::UnsupportedExtraction { .. } => VoidCause::MetricUnsupported,
        }
    }
}

/// One trial, in the order it was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialRecord {
    /// Whose code.
    pub arm: Arm,
    /// How it ended.
    pub outcome: TrialOutcome,
}
