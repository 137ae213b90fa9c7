//! The last failures, and how often each code was met.

use orv_chain::ProposalId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Failures that are remembered one by one.
const REMEMBERED: usize = 20;

/// Most characters of a message that are kept: it may quote what a miner or a contract wrote.
const MOST_WORDS: usize = 400;

/// What failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// The last ones, newest first. The same failure again and again is one.
    pub last: VecDeque<Seen>,
    /// Every failed step, by code.
    pub steps: BTreeMap<&'static str, u64>,
    /// Those of them that kept a statement from the chain, by code.
    pub settlements: BTreeMap<&'static str, u64>,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it was met last, since the Unix epoch.
    pub at: Duration,
    /// The proposal, where it is about one.
    pub proposal: Option<ProposalId>,
    /// The error's stable code.
    pub code: &'static str,
    /// What happened, cut where it is long.
    pub message: String,
    /// What to do.
    pub advice: &'static str,
    /// How often it was met in a row.
    pub times: u64,
}

impl Failures {
    /// Counts one and puts it in front; `settling` says whether its proposal had a statement for the chain.
    pub(super) fn add(&mut self, failure: Seen, settling: Settling) {
        *self.steps.entry(failure.code).or_default() += 1;
        if settling == Settling::Yes {
            *self.settlements.entry(failure.code).or_default() += 1;
        }
        let message: String = failure.message.chars().take(MOST_WORDS).collect();
        let same = |seen: &Seen| seen.code == failure.code && seen.proposal == failure.proposal;
        let before = self
            .last
            .iter()
            .position(same)
            .and_then(|index| self.last.remove(index));
        let times = before.map_or(0, |seen| seen.times).saturating_add(failure.times);
        self.last.push_front(Seen {
            message,
            times,
            ..failure
        });
        self.last.truncate(REMEMBERED);
    }
}

/// Whether a failure kept a statement from the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settling {
    /// It did.
    Yes,
    /// It was another step.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(code: &'static str, proposal: u64) -> Seen {
        Seen {
            at: Duration::from_secs(proposal),
            proposal: Some(ProposalId::from(proposal)),
            code,
            message: "é".repeat(1000),
            advice: "wait",
            times: 1,
        }
    }

    #[test]
    fn the_same_failure_again_is_counted_and_shown_once() {
        let mut failures = Failures::default();
        for _ in 0..5 {
            failures.add(seen("ORV-V-010", 1), Settling::No);
        }
        failures.add(seen("ORV-V-013", 1), Settling::Yes);
        let shown: Vec<_> = failures.last.iter().map(|seen| (seen.code, seen.times)).collect();
        assert_eq!(shown, [("ORV-V-013", 1), ("ORV-V-010", 5)]);
        assert_eq!(failures.steps["ORV-V-010"], 5);
        assert_eq!(failures.settlements, BTreeMap::from([("ORV-V-013", 1)]));
    }

    #[test]
    fn what_is_remembered_is_bounded_in_number_and_length() {
        let mut failures = Failures::default();
        for proposal in 0..1000 {
            failures.add(seen("ORV-V-010", proposal), Settling::No);
        }
        assert_eq!(failures.last.len(), REMEMBERED);
        assert_eq!(failures.last[0].proposal, Some(ProposalId::from(999)));
        assert!(
            failures
                .last
                .iter()
                .all(|seen| seen.message.chars().count() == MOST_WORDS)
        );
        assert_eq!(failures.steps["ORV-V-010"], 1000);
    }
}
