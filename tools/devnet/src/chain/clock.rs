//! The chain's time: wall time plus what tests added. Wall time is an argument.

/// Where the next block's timestamp comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// Seconds added to wall time.
    offset: i64,
    /// Timestamp the next block must bear.
    next: Option<u64>,
}

impl Clock {
    /// The timestamp of the block after one at `parent`: never the same, so that block times strictly increase.
    pub fn peek(&self, parent: u64, wall: u64) -> u64 {
        let running = wall.saturating_add_signed(self.offset);
        self.next.unwrap_or(running).max(parent.saturating_add(1))
    }

    /// Like [`Clock::peek`], for a block that is really made.
    pub fn tick(&mut self, parent: u64, wall: u64) -> u64 {
        let timestamp = self.peek(parent, wall);
        if self.next.take().is_some() {
            self.offset = i64::try_from(i128::from(timestamp) - i128::from(wall)).unwrap_or(i64::MAX);
        }
        timestamp
    }

    /// Moves time forward; returns all seconds added so far.
    pub fn advance(&mut self, seconds: u64) -> i64 {
        self.offset = self.offset.saturating_add_unsigned(seconds);
        self.offset
    }

    /// Fixes the next block's timestamp; time runs on from there.
    pub fn fix_next(&mut self, timestamp: u64) {
        self.next = Some(timestamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_in_one_second_have_different_times() {
        let mut clock = Clock::default();
        assert_eq!(clock.tick(100, 100), 101);
        assert_eq!(clock.tick(101, 100), 102);
    }

    #[test]
    fn a_fixed_timestamp_holds_for_one_block_and_time_runs_on_from_it() {
        let mut clock = Clock::default();
        clock.fix_next(5000);
        assert_eq!(clock.tick(100, 100), 5000);
        assert_eq!(clock.tick(5000, 107), 5007);
    }

    #[test]
    fn advancing_adds_up() {
        let mut clock = Clock::default();
        clock.advance(10);
        assert_eq!(clock.advance(5), 15);
        assert_eq!(clock.peek(0, 100), 115);
    }
}
