//! What the daemon is doing now, folded from what it tells: for the page, for metrics and for health.
//!
//! The journal knows where each proposal is and why; the board knows what has not been written: how far a run is, what
//! failed and how often, what the surroundings were in the last round. It forgets everything with the program.

mod failures;
mod live;

pub use self::failures::{Failures, Seen};
pub(crate) use self::live::is_in_flight;
pub use self::live::{Flight, Histogram, Live, RUN_BOUNDS, Run};

use crate::notice::{Notice, Observer};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time since the Unix epoch.
pub type Clock = fn() -> Duration;

/// This machine's time. It decides nothing; it is shown.
pub fn system_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// An [`Observer`] that remembers what it is told, and passes it on.
///
/// ```
/// use orv_verifier::{Board, Notice, Observer, Silent};
/// use std::sync::Arc;
///
/// let board = Board::new(Arc::new(Silent));
/// board.notice(&Notice::Observed(Box::default()));
/// assert_eq!(board.live().rounds, 1);
/// ```
pub struct Board {
    live: Mutex<Live>,
    next: Arc<dyn Observer>,
    clock: Clock,
}

impl Board {
    /// A board in front of another observer.
    pub fn new(next: Arc<dyn Observer>) -> Arc<Self> {
        Self::with_clock(next, system_clock)
    }

    /// A board with a time of its own.
    pub fn with_clock(next: Arc<dyn Observer>, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            live: Mutex::new(Live::begun(clock())),
            next,
            clock,
        })
    }

    /// What is known now.
    pub fn live(&self) -> Live {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The time that it goes by.
    pub fn now(&self) -> Duration {
        (self.clock)()
    }
}

impl Observer for Board {
    fn notice(&self, notice: &Notice) {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fold(notice, (self.clock)());
        self.next.notice(notice);
    }
}
