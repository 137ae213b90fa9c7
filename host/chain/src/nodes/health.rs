//! What is known of one node's behaviour, and whom to ask first because of it.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Failures in a row after which a node is asked last.
const TOLERATED: u32 = 2;
/// Longest pause until a failing node is tried first again.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Blocks behind the agreed head from which a node is asked last.
const TOLERATED_LAG: u64 = 8;
/// How long a wrong chain id is believed before the node is asked again.
const WRONG_CHAIN_REST: Duration = Duration::from_secs(60);

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeState {
    /// Not asked yet.
    Untried,
    /// It answers.
    Serving,
    /// It answers, this many blocks behind the head that a quorum has.
    Lagging {
        /// Blocks.
        behind: u64,
    },
    /// It gave no answer this many times in a row.
    Failing {
        /// Failures in a row.
        times: u32,
        /// What was seen last.
        last: String,
    },
    /// It serves another chain, so nothing is asked of it.
    WrongChain {
        /// The chain id that it answers.
        found: u64,
    },
}

impl NodeState {
    /// The stable code of what is wrong, when anything is.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Untried | Self::Serving => None,
            Self::Failing { .. } => Some("ORV-N-001"),
            Self::WrongChain { .. } => Some("ORV-N-002"),
            Self::Lagging { .. } => Some("ORV-N-003"),
        }
    }
}

impl fmt::Display for NodeState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code() {
            write!(formatter, "{code}: ")?;
        }
        match self {
            Self::Untried => formatter.write_str("not asked yet"),
            Self::Serving => formatter.write_str("serving"),
            Self::Lagging { behind } => write!(formatter, "{behind} blocks behind the agreed head"),
            Self::Failing { times, last } => write!(formatter, "no answer {times} times in a row, last: {last}"),
            Self::WrongChain { found } => write!(formatter, "serves chain {found}, so it is left out"),
        }
    }
}

/// One configured node, as `doctor`, page and metrics show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
    /// The node's origin, without access keys.
    pub endpoint: String,
    /// How it stands.
    pub state: NodeState,
    /// The newest block it was seen with.
    pub head: Option<u64>,
}

/// Whether a node may be asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainCheck {
    /// Its chain id is not known yet.
    Due,
    /// It serves the expected chain.
    Passed,
    /// It serves another.
    Failed { found: u64 },
}

/// What a node has done so far. Pure: the time is an argument.
#[derive(Debug, Default)]
pub(super) struct Health {
    chain: Option<(Result<(), u64>, Instant)>,
    failures: u32,
    last: Option<(String, Instant)>,
    head: Option<u64>,
    behind: u64,
}

impl Health {
    pub(super) fn chain_check(&self, now: Instant) -> ChainCheck {
        match self.chain {
            None => ChainCheck::Due,
            Some((Ok(()), _)) => ChainCheck::Passed,
            Some((Err(_), at)) if now.duration_since(at) >= WRONG_CHAIN_REST => ChainCheck::Due,
            Some((Err(found), _)) => ChainCheck::Failed { found },
        }
    }

    pub(super) fn checked_chain(&mut self, outcome: Result<(), u64>, now: Instant) {
        self.chain = Some((outcome, now));
    }

    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    pub(super) fn failed(&mut self, reason: String, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.last = Some((reason, now));
    }

    pub(super) fn saw_head(&mut self, head: u64) {
        self.head = Some(head);
    }

    /// Compares with the head that a quorum has.
    pub(super) fn measure_lag(&mut self, agreed: u64) {
        self.behind = self.head.map_or(0, |head| agreed.saturating_sub(head));
    }

    /// Nodes with the least number are asked first; those with equal numbers in the configured order.
    pub(super) fn rank(&self, now: Instant) -> u8 {
        if matches!(self.chain_check(now), ChainCheck::Failed { .. }) {
            return 3;
        }
        if self.failures >= TOLERATED && !self.rested(now) {
            return 2;
        }
        u8::from(self.behind > TOLERATED_LAG)
    }

    /// Whether the pause after the last failure is over: it doubles with each failure.
    fn rested(&self, now: Instant) -> bool {
        let rest = Duration::from_secs(1 << self.failures.min(6)).min(LONGEST_REST);
        self.last.as_ref().is_none_or(|(_, at)| now.duration_since(*at) >= rest)
    }

    pub(super) fn head(&self) -> Option<u64> {
        self.head
    }

    pub(super) fn state(&self) -> NodeState {
        match (&self.chain, &self.last) {
            (Some((Err(found), _)), _) => NodeState::WrongChain { found: *found },
            (_, Some((last, _))) if self.failures > 0 => NodeState::Failing {
                times: self.failures,
                last: last.clone(),
            },
            (None, _) => NodeState::Untried,
            (Some(_), _) if self.behind > TOLERATED_LAG => NodeState::Lagging { behind: self.behind },
            (Some(_), _) => NodeState::Serving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serving(now: Instant) -> Health {
        let mut health = Health::default();
        health.checked_chain(Ok(()), now);
        health
    }

    #[test]
    fn a_failing_node_is_asked_last_until_it_has_rested() {
        let now = Instant::now();
        let mut health = serving(now);
        health.failed("silence".into(), now);
        assert_eq!(health.rank(now), 0, "one failure may be an accident");
        health.failed("silence".into(), now);
        assert_eq!(health.rank(now), 2);
        assert_eq!(health.rank(now + Duration::from_secs(4)), 0);
        assert_eq!(health.state().code(), Some("ORV-N-001"));
        health.answered();
        assert_eq!((health.rank(now), health.state()), (0, NodeState::Serving));
    }

    #[test]
    fn a_node_on_another_chain_is_left_out_and_asked_again_later() {
        let now = Instant::now();
        let mut health = Health::default();
        health.checked_chain(Err(1), now);
        assert_eq!(health.chain_check(now), ChainCheck::Failed { found: 1 });
        assert_eq!(health.chain_check(now + WRONG_CHAIN_REST), ChainCheck::Due);
        assert_eq!(
            health.state().to_string(),
            "ORV-N-002: serves chain 1, so it is left out"
        );
    }

    #[test]
    fn a_lagging_node_is_asked_after_the_others() {
        let now = Instant::now();
        let mut health = serving(now);
        health.saw_head(100);
        health.measure_lag(100 + TOLERATED_LAG);
        assert_eq!(health.rank(now), 0);
        health.measure_lag(101 + TOLERATED_LAG);
        assert_eq!(
            (health.rank(now), health.state()),
            (1, NodeState::Lagging { behind: 9 })
        );
    }
}
