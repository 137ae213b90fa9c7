//! Failures while a container is made.

use std::fmt::Display;

use nix::errno::Errno;

use crate::message::{Message, Step};

/// Why there is no container.
#[derive(Debug)]
pub(super) enum SetupError {
    Refused(String),
    Failed {
        step: Step,
        reason: String,
    },
    /// The command itself could not be executed: the container stood.
    NotStarted(Errno),
}

impl SetupError {
    pub(super) fn other(step: Step, error: impl Display) -> Self {
        SetupError::Failed {
            step,
            reason: error.to_string(),
        }
    }

    pub(super) fn message(&self) -> Message {
        match self {
            SetupError::Refused(reason) => Message::Refused { reason: reason.clone() },
            SetupError::Failed { step, reason } => Message::Failed {
                step: *step,
                reason: reason.clone(),
            },
            SetupError::NotStarted(errno) => Message::NotStarted { errno: *errno as i32 },
        }
    }
}

/// Says at which step a system call failed.
pub(super) trait At<T> {
    fn at(self, step: Step) -> Result<T, SetupError>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step) -> Result<T, SetupError> {
        self.map_err(|errno| SetupError::other(step, errno))
    }
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, step: Step) -> Result<T, SetupError> {
        self.map_err(|error| SetupError::other(step, error))
    }
}
