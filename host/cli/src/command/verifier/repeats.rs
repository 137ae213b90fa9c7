//! What was said a moment ago: a step that fails is tried again each round, and fails in the same words.

use std::time::{Duration, Instant};

use orv_chain::ProposalId;

/// When the same failure is said again.
const AGAIN: Duration = Duration::from_secs(600);

/// Most failures that are remembered.
const MOST: usize = 256;

/// Failures that were said and not long ago.
#[derive(Debug, Default)]
pub(super) struct Repeats(Vec<Said>);

#[derive(Debug)]
struct Said {
    proposal: Option<ProposalId>,
    words: String,
    at: Instant,
}

impl Repeats {
    /// Whether this was not said of late. It counts as said from now on.
    pub(super) fn is_news(&mut self, proposal: Option<ProposalId>, words: &str, now: Instant) -> bool {
        self.0.retain(|said| now.saturating_duration_since(said.at) < AGAIN);
        if self
            .0
            .iter()
            .any(|said| said.proposal == proposal && said.words == words)
        {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        let words = words.to_owned();
        self.0.push(Said {
            proposal,
            words,
            at: now,
        });
        true
    }

    /// A proposal came further: what fails from now on is news.
    pub(super) fn forget(&mut self, proposal: ProposalId) {
        self.0.retain(|said| said.proposal != Some(proposal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_again_when_the_proposal_came_further_or_after_a_while() {
        let (mut repeats, begin) = (Repeats::default(), Instant::now());
        let (one, other) = (Some(ProposalId::from(1)), Some(ProposalId::from(2)));
        assert!(repeats.is_news(one, "no enclave", begin));
        assert!(!repeats.is_news(one, "no enclave", begin));
        assert!(repeats.is_news(one, "no storage", begin) && repeats.is_news(other, "no enclave", begin));
        assert!(repeats.is_news(None, "no enclave", begin));
        repeats.forget(ProposalId::from(1));
        assert!(repeats.is_news(one, "no enclave", begin) && !repeats.is_news(other, "no enclave", begin));
        assert!(repeats.is_news(other, "no enclave", begin + AGAIN));
    }

    #[test]
    fn no_flood_of_failures_makes_it_grow_without_end() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for proposal in 0..10_000 {
            assert!(repeats.is_news(Some(ProposalId::from(proposal)), "no", now));
        }
        assert_eq!(repeats.0.len(), MOST);
    }
}
