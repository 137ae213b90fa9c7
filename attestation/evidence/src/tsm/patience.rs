//! How long one waits for a report, and by which clock.

use std::time::{Duration, Instant};

/// Tells time that passes, and lets it pass. Never the time of day.
pub trait Clock {
    /// Time since any fixed moment.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, pause: Duration);
}

/// The system's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Monotonic(Instant);

impl Monotonic {
    /// A clock that stands at zero.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// When to try again, and when to stop. Pauses double from the first to the longest.
///
/// One attempt is bounded by the kernel, which waits 30 s for a TDX quote; the end is looked at between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// No attempt begins later than this after the first.
    pub total: Duration,
    /// The pause after the first failed attempt.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Patience {
    /// Two minutes: four quotes that a host lets run into the kernel's time-out, and several of an SEV-SNP host's
    /// rate-limited seconds.
    pub const USUAL: Self = Self {
        total: Duration::from_secs(120),
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_secs(2),
    };
}
