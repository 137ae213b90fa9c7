//! Why trials cannot begin, and whose doing it is.

use std::io;
use std::path::PathBuf;

use orv_content::materialize::MaterializeError;
use orv_content::oci::OciError;
use orv_content::tree::TreeError;
use orv_protocol::project::ImageError;
use orv_protocol::seed::SeedError;
use orv_protocol::surface::SurfaceError;
use orv_runner::{Exit, RunnerError};

use super::Source;
use crate::caps::CapsError;

/// Why trials cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The documents pin no image, or two.
    #[error(transparent)]
    ImagePin(#[from] ImageError),
    /// The image is not what its digest says, or not one that we unpack.
    #[error("image: {0}")]
    Image(#[from] OciError),
    /// The benchmark bundle's folders cannot be used.
    #[error("benchmark: {0}")]
    Benchmark(TreeError),
    /// The project asks for bounds that cannot be used.
    #[error(transparent)]
    Caps(#[from] CapsError),
    /// The files of an arm cannot stand beside each other.
    #[error("{arm}: {source}")]
    Compose {
        /// Whose tree.
        arm: &'static str,
        /// What is wrong.
        source: SurfaceError,
    },
    /// The protocol's seed cannot be derived.
    #[error("seed: {0}")]
    Seed(#[from] SeedError),
    /// A setup command failed.
    #[error("{arm}: setup command {index} ended with {exit:?}")]
    Setup {
        /// Whose tree.
        arm: &'static str,
        /// Which command, from 0.
        index: usize,
        /// How it ended.
        exit: Exit,
    },
    /// A setup command left no room where it writes: what it wrote last may be missing.
    #[error("{arm}: setup command {index} used up the room that it may write to")]
    SetupRoom {
        /// Whose tree.
        arm: &'static str,
        /// Which command, from 0.
        index: usize,
    },
    /// A setup command was refused a process or a thread: what that was to do may be missing.
    #[error("{arm}: setup command {index} wanted more processes than it may have")]
    SetupProcesses {
        /// Whose tree.
        arm: &'static str,
        /// Which command, from 0.
        index: usize,
    },
    /// What the whole job may take was over before the arm was ready.
    #[error("{arm}: the time of the job was over before setup command {index} ended")]
    OutOfTime {
        /// Whose tree.
        arm: &'static str,
        /// Which command, from 0.
        index: usize,
    },
    /// It was broken off from outside.
    #[error("the preparation was broken off")]
    BrokenOff,
    /// Files could not be written here.
    #[error("{path}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A tree could not be written here.
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
    /// A command, or the environment that the image gives it, is one that no machine could run.
    #[error("{arm}: {source}")]
    Unfit {
        /// Whose tree it was to run on.
        arm: &'static str,
        /// What is wrong.
        source: RunnerError,
    },
    /// The runner failed.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

/// Who has to mend a [`PrepareError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The creator's files.
    Project,
    /// The candidate's files.
    Candidate,
    /// This machine.
    Machine,
    /// Nobody: the job does not fit in what a job may take.
    Bounds,
}

impl PrepareError {
    /// Who has to mend it.
    pub fn fault(&self) -> Fault {
        match self {
            _ if self.arm_at_fault() == Some(Source::Candidate.name()) => Fault::Candidate,
            Self::OutOfTime { .. } => Fault::Bounds,
            _ if self.is_out_of_space() => Fault::Bounds,
            Self::Disk { .. } | Self::Materialize(_) | Self::Image(OciError::Write(_)) => Fault::Machine,
            Self::Runner(_) | Self::BrokenOff => Fault::Machine,
            _ => Fault::Project,
        }
    }

    /// Whether the incumbent's own files or commands are at fault; its author may have seen to it that they are.
    pub(crate) fn is_the_incumbents(&self) -> bool {
        self.arm_at_fault() == Some(Source::Incumbent.name())
    }

    /// Whose files or commands are at fault, if an arm's are.
    fn arm_at_fault(&self) -> Option<&'static str> {
        match self {
            Self::Compose { arm, .. }
            | Self::Setup { arm, .. }
            | Self::SetupRoom { arm, .. }
            | Self::SetupProcesses { arm, .. } => Some(arm),
            _ => None,
        }
    }

    /// Whether a command of the setup failed, or was short of something.
    #[must_use]
    pub fn is_of_setup(&self) -> bool {
        matches!(
            self,
            Self::Setup { .. } | Self::SetupRoom { .. } | Self::SetupProcesses { .. }
        )
    }

    /// Whether the scratch disk was too small for the job's files. They are as large as their publishers made them, so
    /// this says nothing against the machine.
    fn is_out_of_space(&self) -> bool {
        let source = match self {
            Self::Disk { source, .. } => source,
            Self::Materialize(error) | Self::Image(OciError::Write(error)) => &error.source,
            // The directory of a layer is made beside those files.
            Self::Runner(RunnerError::Layer { source, .. }) => source,
            _ => return false,
        };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: io::ErrorKind) -> MaterializeError {
        MaterializeError {
            path: "a".to_owned(),
            source: kind.into(),
        }
    }

    #[test]
    fn a_full_disk_is_a_bound_of_the_job_and_any_other_refusal_is_the_machines() {
        let full = [
            PrepareError::Materialize(refused(io::ErrorKind::StorageFull)),
            PrepareError::Image(OciError::Write(refused(io::ErrorKind::QuotaExceeded))),
            PrepareError::Disk {
                path: "/scratch".into(),
                source: io::ErrorKind::StorageFull.into(),
            },
            PrepareError::Runner(RunnerError::Layer {
                path: "/scratch".into(),
                source: io::ErrorKind::StorageFull.into(),
            }),
        ];
        assert!(full.iter().all(|error| error.fault() == Fault::Bounds), "{full:?}");
        let denied = PrepareError::Image(OciError::Write(refused(io::ErrorKind::PermissionDenied)));
        assert_eq!(denied.fault(), Fault::Machine);
    }
}
