//! This machine's clock and the newest block's time: who is wrong when they differ.

use super::chain::Reached;
use super::line::{Check, Line};

/// Seconds by which a block may be ahead of a good clock: what a block's maker is allowed.
const MOST_AHEAD: u64 = 30;

/// The newest block against the clock.
pub(super) fn lines(reached: &Reached, clock: u64, stale: u64) -> Vec<Line> {
    judge(reached.head.timestamp, reached.level, clock, stale)
}

/// A block of the future shows that the clock is slow. An old block shows that the clock is fast where several
/// endpoints agree on it; a lone endpoint may just as well be behind.
fn judge(block: u64, endpoints: usize, clock: u64, stale: u64) -> Vec<Line> {
    let set = "compare it with `timedatectl`, and let it be set: `timedatectl set-ntp true`";
    let (ahead, age) = (block.saturating_sub(clock), clock.saturating_sub(block));
    let fresh = || Line::pass(Check::RpcLag, format!("the newest block is {age} s old"));
    if ahead > MOST_AHEAD {
        let found = format!("it is {ahead} s behind the newest block");
        return vec![Line::fail(Check::Clock, found, set), fresh()];
    }
    if age <= stale {
        return vec![Line::pass(Check::Clock, "agrees with the newest block"), fresh()];
    }
    if endpoints > 1 {
        let found = format!("it is {age} s ahead of the newest block, on which {endpoints} endpoints agree");
        let lag = "the newest block's age says nothing while the clock is wrong";
        return vec![Line::fail(Check::Clock, found, set), Line::skipped(Check::RpcLag, lag)];
    }
    vec![
        Line::skipped(Check::Clock, "cannot be compared with an old block"),
        Line::fail(
            Check::RpcLag,
            format!("the newest block is {age} s old, pause.stale_head_seconds = {stale}"),
            "name another endpoint under `rpc`, and look whether the clock is right with `timedatectl`",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn failing(block: u64, endpoints: usize, clock: u64) -> Vec<Check> {
        let lines = judge(block, endpoints, clock, 600);
        let failed = lines.iter().filter(|line| line.outcome == Outcome::Fail);
        failed.map(|line| line.check).collect()
    }

    #[test]
    fn a_block_of_the_future_shows_a_slow_clock() {
        assert_eq!(failing(10_000, 1, 9_000), [Check::Clock]);
        assert_eq!(failing(10_000, 1, 9_990), []);
    }

    #[test]
    fn an_old_block_is_the_endpoints_fault_unless_several_agree_on_it() {
        assert_eq!(failing(10_000, 1, 20_000), [Check::RpcLag]);
        assert_eq!(failing(10_000, 2, 20_000), [Check::Clock]);
        assert_eq!(failing(10_000, 2, 10_500), []);
    }
}
