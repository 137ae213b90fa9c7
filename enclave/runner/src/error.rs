//! Why there is no report.

use std::path::PathBuf;

use thiserror::Error;

use crate::cgroup::CgroupError;
use crate::message::{LONGEST_DOCUMENT, Step};

/// The runner could not run a container as asked. Nothing here is a payload's doing: what a payload does is in its
/// report.
#[derive(Debug, Error)]
pub enum RunnerError {
    /// The command is empty.
    #[error("the command is empty")]
    EmptyCommand,
    /// A text that goes to the kernel has a NUL byte.
    #[error("{0:?} has a NUL byte")]
    NulByte(String),
    /// Command and environment are together longer than a document may be.
    #[error("a document of {bytes} bytes, at most {LONGEST_DOCUMENT} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A path of the host is not UTF-8, or not absolute.
    #[error("{0:?} is not an absolute path in UTF-8")]
    UnfitPath(PathBuf),
    /// A variable's name is empty or has an equals sign.
    #[error("{0:?} is no name of an environment variable")]
    UnfitVariable(String),
    /// What can be written to `/work` and `/tmp` counts as memory and must leave some.
    #[error("{writable} bytes may be written, which does not fit in {memory} bytes of memory")]
    WritableExceedsMemory {
        /// Sum of the writable places in bytes.
        writable: u64,
        /// The memory limit in bytes.
        memory: u64,
    },
    /// A limit is zero.
    #[error("the limit of {0} is zero")]
    ZeroLimit(&'static str),
    /// Judge and candidate would share a processor.
    #[error("judge and candidate share processor {0}")]
    SharedProcessor(u32),
    /// A split run's channels belong to the runner.
    #[error("a container of a split run brings channel descriptors of its own")]
    ForeignChannel,
    /// A limit cannot be set on this machine; see [`crate::CgroupMode`].
    #[error("limits cannot be set: {0}")]
    Cgroup(#[from] CgroupError),
    /// The tree could not be given to the payload's id.
    #[error("{path} could not be given to the payload: {source}")]
    Ownership {
        /// Where it failed.
        path: PathBuf,
        /// What the kernel answered.
        source: std::io::Error,
    },
    /// The layer for a set-up run could not be made.
    #[error("no layer can be made in {path}: {source}")]
    Layer {
        /// Its directory.
        path: PathBuf,
        /// What the kernel answered.
        source: std::io::Error,
    },
    /// The helper could not be started or spoken to.
    #[error("helper {helper}: {source}")]
    Helper {
        /// Its program.
        helper: PathBuf,
        /// What the kernel answered.
        source: std::io::Error,
    },
    /// The helper said something that is not in its protocol.
    #[error("the helper sent a message that is not understood: {0}")]
    Message(String),
    /// The helper does not implement the document: both are of one build, so one of them is not what it should be.
    #[error("the helper refused the document: {0}")]
    Refused(String),
    /// A step of setting the container up failed.
    #[error("{step}: {reason}")]
    Setup {
        /// The step.
        step: Step,
        /// What the kernel answered.
        reason: String,
    },
    /// The helper ended without a word.
    #[error("the helper ended without a report")]
    HelperVanished,
    /// The helper did not answer in time.
    #[error("the helper did not answer in time")]
    HelperSilent,
    /// A system call of the runner failed.
    #[error("{action}: {source}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the kernel answered.
        source: std::io::Error,
    },
}

impl RunnerError {
    /// For `map_err` on what the runner does itself.
    pub(crate) fn system<E: Into<std::io::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| RunnerError::System {
            action,
            source: error.into(),
        }
    }
}
