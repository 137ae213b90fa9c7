//! How a job ends without a statement, or with one that only says why it could not decide.

use crate::keeper::KeeperError;
use crate::service::code_of;
use alloy_primitives::U256;
use orv_protocol::PlatformTier;
use orv_protocol::judgement::Reason;
use orv_receipt::Obstacle;
use orv_receipt::rule::RuleError;
use orv_trial::archive::OpenError;
use orv_trial::{Fault, PrepareError, TrialError};
use orv_wire::{AssemblyError, DownloadError, FailureCode, FrameError, MessageError};
use std::io;

/// A job that ends without a statement: the host broke the protocol, or this machine failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobEnd {
    #[error("connection: {0}")]
    Connection(#[from] MessageError),
    #[error("the host sent {0}")]
    OutOfOrder(String),
    #[error("the host's bytes: {0}")]
    Segment(#[from] AssemblyError),
    #[error("the host's bytes are not those of the hash: {0}")]
    WrongBytes(String),
    #[error("no room for the host's bytes: {0}")]
    Room(io::Error),
    #[error("the machine does not say how much memory is free: {0}")]
    Memory(io::Error),
    #[error("the machine's counter was {before:?} when the job began and is {now:?} now")]
    Counter { before: PlatformTier, now: PlatformTier },
    #[error("the job was cancelled")]
    Cancelled,
    #[error("this ticket is used up: its code was run, or something was stated of it")]
    TicketUsed,
    #[error("the proposal is of project {proposal}, the job of project {job}")]
    OtherProject { proposal: U256, job: U256 },
    #[error("{0}")]
    Keeper(#[from] KeeperError),
    #[error("trial: {0}")]
    Trial(#[from] TrialError),
    #[error("preparation: {0}")]
    Prepare(PrepareError),
    #[error("scratch: {0}")]
    Scratch(io::Error),
    #[error("no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("the record does not support a statement: {0}")]
    Rule(#[from] RuleError),
    #[error("the bundle has no root")]
    EmptyBundle(#[from] orv_content::merkle::EmptyContent),
}

/// Why the work on a job stops before the rule decides.
pub(super) enum Stop {
    /// It ends without a statement.
    End(JobEnd),
    /// It ends with an inconclusive statement that names the obstacle.
    Obstacle(Obstacle),
}

impl JobEnd {
    /// The code that the host is told.
    pub(crate) fn code(&self) -> FailureCode {
        match self {
            Self::OutOfOrder(_) => FailureCode::OutOfOrder,
            Self::Connection(_) | Self::Segment(_) | Self::WrongBytes(_) | Self::OtherProject { .. } => {
                FailureCode::Malformed
            }
            Self::Cancelled => FailureCode::Cancelled,
            Self::TicketUsed => FailureCode::TicketUsed,
            Self::Keeper(error) => code_of(error),
            _ => FailureCode::Internal,
        }
    }
}

impl JobEnd {
    /// Whether this machine itself failed. The enclave then ends, and its key with it (DESIGN 5.3): what made the runner
    /// or the keeper fail may have been the code that just ran.
    pub(crate) fn is_anomaly(&self) -> bool {
        match self {
            Self::Connection(_)
            | Self::OutOfOrder(_)
            | Self::Segment(_)
            | Self::WrongBytes(_)
            | Self::Room(_)
            | Self::Cancelled
            | Self::TicketUsed
            | Self::OtherProject { .. } => false,
            Self::Keeper(error) => error.is_anomaly(),
            Self::Trial(_)
            | Self::Prepare(_)
            | Self::Scratch(_)
            | Self::Memory(_)
            | Self::Counter { .. }
            | Self::Entropy(_)
            | Self::Rule(_)
            | Self::EmptyBundle(_) => true,
        }
    }
}

impl Stop {
    /// An obstacle with a reason of the published rule.
    pub(super) fn obstacle(reason: Reason, detail: impl ToString) -> Self {
        Self::Obstacle(Obstacle {
            reason: reason.code().to_owned(),
            detail: orv_receipt::detail(detail),
        })
    }

    /// What it means that bytes did not come: a content that this machine has no memory for is a bound of the job.
    pub(super) fn fetching(end: JobEnd) -> Self {
        match end {
            JobEnd::Room(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                Self::obstacle(Reason::JobLimit, error)
            }
            end => Self::End(end),
        }
    }

    /// What it means that the job's directory cannot be made: a full disk is a bound of the job, anything else is this
    /// machine's failure.
    pub(super) fn scratch(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::obstacle(Reason::JobLimit, error),
            _ => Self::End(JobEnd::Scratch(error)),
        }
    }

    /// What a faulty archive means: the host's lie ends the job, the publisher's fault is an obstacle.
    pub(super) fn archive(reason: Reason, error: OpenError) -> Self {
        match error {
            OpenError::OtherBytes { .. } => Self::End(JobEnd::WrongBytes(error.to_string())),
            OpenError::Archive { .. } | OpenError::Tree { .. } => Self::obstacle(reason, error),
        }
    }
}

impl From<JobEnd> for Stop {
    fn from(end: JobEnd) -> Self {
        Self::End(end)
    }
}

impl From<TrialError> for Stop {
    fn from(error: TrialError) -> Self {
        Self::End(error.into())
    }
}

impl From<RuleError> for Stop {
    fn from(error: RuleError) -> Self {
        Self::End(error.into())
    }
}

impl From<FrameError> for JobEnd {
    fn from(error: FrameError) -> Self {
        Self::Connection(error.into())
    }
}

impl From<DownloadError> for JobEnd {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Message(error) => Self::Connection(error),
            DownloadError::Segment(error) => Self::Segment(error),
            DownloadError::OutOfOrder(what) => Self::OutOfOrder(what),
            DownloadError::Cancelled => Self::Cancelled,
            DownloadError::Sink(error) => Self::Room(error),
        }
    }
}

/// What a failed preparation means: this machine's fault ends the job, the project's or candidate's is an obstacle.
pub(super) fn preparation(error: PrepareError) -> Stop {
    match (error.fault(), &error) {
        (Fault::Machine, _) => Stop::End(JobEnd::Prepare(error)),
        (Fault::Bounds, _) => Stop::obstacle(Reason::JobLimit, error),
        (Fault::Candidate, _) if error.is_of_setup() => Stop::obstacle(Reason::CandidateSetup, error),
        (Fault::Candidate, _) => Stop::obstacle(Reason::CandidateArchive, error),
        (Fault::Project, PrepareError::ImagePin(_) | PrepareError::Image(_)) => {
            Stop::obstacle(Reason::ImageUnverifiable, error)
        }
        (Fault::Project, _) if error.is_of_setup() => Stop::obstacle(Reason::ReferenceSetup, error),
        (Fault::Project, PrepareError::Caps(_)) => Stop::obstacle(Reason::ProtocolMalformed, error),
        (Fault::Project, _) => Stop::obstacle(Reason::ProjectArchive, error),
    }
}
