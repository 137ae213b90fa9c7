//! Under which roots evidence is authentic.

use orv_verify::{RootError, Roots};
use serde::{Deserialize, Serialize};

/// Under which roots evidence is authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The hardware vendors' alone.
    Production,
    /// The published simulator's as well: proves nothing about hardware.
    Simulator,
}

impl Trust {
    /// The roots.
    ///
    /// # Errors
    /// [`RootError`] if the simulator's published root were damaged.
    pub fn roots(self) -> Result<Roots, RootError> {
        match self {
            Self::Production => Ok(Roots::production()),
            Self::Simulator => Roots::with_simulator(orv_simulator::root_der()),
        }
    }
}
