//! How often a statement is paid for that does not arrive: a pure rule.
//!
//! A transaction is simulated before it is sent, so one that is mined and fails means that something changed in between,
//! or that the endpoint is broken or lies: then the next one would fail as well, at the operator's cost.

use crate::journal::{FailedSettlements, Record, State};

/// Transactions for one ticket's statement that may be paid for in vain. After the last one the statement is not sent
/// again, and its ticket is left to lapse.
pub(crate) const MOST_FAILURES: u32 = 4;

/// Pause after the first one, in seconds; after each further one it is four times as long: 1, 4 and 16 minutes, but never
/// more than half of what was left of the ticket's time.
const FIRST_PAUSE: u64 = 60;

/// Whether a statement may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may.
    Send,
    /// Not yet.
    Wait,
    /// Never again.
    GiveUp,
}

/// What the failures so far ask for, at this time of this machine, of a ticket that lapses at a time of the chain; both in
/// seconds of Unix time. Where these clocks disagree the pause is wrong, and the count of failures still holds.
fn patience(failed: FailedSettlements, closes_at: u64, now: u64) -> Patience {
    match failed.times {
        0 => Patience::Send,
        MOST_FAILURES.. => Patience::GiveUp,
        // A clock that was set back must not stretch the pause.
        times if now.abs_diff(failed.last_at) >= pause(times).min(closes_at.saturating_sub(failed.last_at) / 2) => {
            Patience::Send
        }
        _ => Patience::Wait,
    }
}

/// What a record's failures ask for.
pub(super) fn of_record(record: &Record, now: u64) -> Patience {
    let closes_at = record.ticket.as_ref().map_or(u64::MAX, |ticket| ticket.closes_at);
    patience(record.failed, closes_at, now)
}

/// Whether the statement of a ticket is not sent again.
pub(crate) fn is_given_up(failed: FailedSettlements) -> bool {
    failed.times >= MOST_FAILURES
}

/// Whether a judged statement is only sent again after a pause.
pub(crate) fn waits_after_failure(record: &Record, now: u64) -> bool {
    record.state == State::Judged && of_record(record, now) == Patience::Wait
}

fn pause(times: u32) -> u64 {
    FIRST_PAUSE.saturating_mul(4_u64.saturating_pow(times.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(times: u32, seconds: u64) -> Patience {
        let failed = FailedSettlements { times, last_at: 1000 };
        patience(failed, u64::MAX, 1000 + seconds)
    }

    #[test]
    fn pauses_grow_with_each_failure_until_it_is_given_up() {
        assert_eq!(patience(FailedSettlements::default(), 0, 0), Patience::Send);
        for (times, pause) in [(1, 60), (2, 240), (3, 960)] {
            assert_eq!(after(times, pause - 1), Patience::Wait, "{times}");
            assert_eq!(after(times, pause), Patience::Send, "{times}");
        }
        for times in [MOST_FAILURES, u32::MAX] {
            assert_eq!(after(times, u64::MAX - 1000), Patience::GiveUp);
        }
    }

    #[test]
    fn a_failure_in_the_future_of_a_clock_that_was_set_back_is_not_waited_for() {
        let failed = FailedSettlements {
            times: 1,
            last_at: 1_000_000,
        };
        assert_eq!(patience(failed, u64::MAX, 5), Patience::Send);
    }

    #[test]
    fn a_pause_leaves_half_of_the_tickets_time_for_another_try() {
        let failed = FailedSettlements {
            times: 3,
            last_at: 1000,
        };
        assert_eq!(patience(failed, 1600, 1299), Patience::Wait);
        assert_eq!(patience(failed, 1600, 1300), Patience::Send);
        assert_eq!(patience(failed, 900, 1000), Patience::Send);
    }
}
