//! Whether a preparation goes on.

use std::time::Duration;

/// The answer to whether a preparation goes on, asked before each of its steps and while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It does, and may take this long until the job's time is over.
    Within(Duration),
    /// Nobody wants it any more.
    BreakOff,
}

impl Pace {
    /// For who waits for as long as it takes.
    pub const UNHURRIED: Self = Self::Within(Duration::MAX);
}
