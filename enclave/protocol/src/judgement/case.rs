//! What is judged: everything that the rule depends on besides the trials.

use alloy_primitives::U512;

use super::reason::Reason;
use super::trial::Arm;
use crate::metric::Decimal;
use crate::score::{Bips, Direction, Rounding, Scale, Score, SignRule, threshold};
use crate::verdict::{MetricChannel, PlatformTier};

/// The bound on a jump where a shared project publishes none (DESIGN 5.2): ten times the incumbent.
pub const SHARED_MAX_JUMP: u64 = 10;

/// Where the incumbent's code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncumbentSource {
    /// Nothing has been approved yet (`currentBestCodeHash` is zero): the incumbent is the snapshot.
    Snapshot,
    /// Its own bytes are here.
    Code,
    /// It has bytes of its own and nobody delivers them: the snapshot alone decides.
    MissingBytes,
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which way the metric improves.
    pub direction: Direction,
    /// How its sign becomes a score's.
    pub sign_rule: SignRule,
    /// Score units per metric unit.
    pub scale: Scale,
    /// Margin over the incumbent.
    pub margin: Bips,
    /// Least half-width of every timed interval, relative to the median ratio.
    pub noise_floor: Option<Bips>,
    /// Most times better than the incumbent that is believed; [`SHARED_MAX_JUMP`] for a shared project without one.
    pub max_jump: Option<u64>,
    /// The project's first score on chain, which is the snapshot's.
    pub baseline: Score,
    /// The project's best score on chain.
    pub incumbent: Score,
    /// Where the incumbent's code comes from.
    pub incumbent_source: IncumbentSource,
    /// Who writes the metric.
    pub channel: MetricChannel,
    /// What the platform's counter is worth.
    pub tier: PlatformTier,
    /// The enclave's secret r, revealed in the receipt: the order of the trials is drawn from it.
    pub secret: [u8; 32],
}

impl Case {
    /// The arm that must reproduce its score on chain, and whose twin the shadow is.
    pub fn reference(&self) -> Arm {
        match self.incumbent_source {
            IncumbentSource::Code => Arm::Incumbent,
            IncumbentSource::Snapshot | IncumbentSource::MissingBytes => Arm::Snapshot,
        }
    }

    /// The score on chain that the reference must reproduce in an exact judgement.
    pub(super) fn reference_score(&self) -> Score {
        match self.incumbent_source {
            IncumbentSource::Code => self.incumbent,
            IncumbentSource::Snapshot | IncumbentSource::MissingBytes => self.baseline,
        }
    }

    /// The least score that is approved.
    pub(super) fn threshold(&self) -> Option<Score> {
        threshold(self.incumbent, self.margin)
    }

    pub(super) fn score(&self, metric: &Decimal) -> Option<Score> {
        Score::from_metric(
            metric,
            self.scale,
            self.sign_rule,
            self.direction,
            Rounding::TowardMinusInfinity,
        )
        .ok()
    }

    /// Why no trial can lead to a verdict.
    pub(super) fn refused(&self) -> Option<Reason> {
        if self.direction == Direction::Minimize && self.baseline.signum() > 0 {
            return Some(Reason::MinimisePositiveBaseline);
        }
        let same = self.incumbent == self.baseline;
        if self.incumbent < self.baseline || (self.incumbent_source == IncumbentSource::Snapshot && !same) {
            return Some(Reason::OddProjectState);
        }
        match self.threshold() {
            None => Some(Reason::ScoreOutOfRange),
            Some(_) => None,
        }
    }

    /// Whether `score` is further from the incumbent than is believed. Above zero a score may be at most the bound's
    /// multiple of the incumbent, below zero the incumbent at most the bound's multiple of the score (a time that is
    /// minimised may shrink to a tenth, not further); no bound reaches from one side of zero to the other.
    pub(super) fn jumps_too_far(&self, score: Score) -> bool {
        let bound = match (self.max_jump, self.channel) {
            (Some(bound), _) => bound,
            (None, MetricChannel::Shared) => SHARED_MAX_JUMP,
            (None, MetricChannel::Split) => return false,
        };
        let bound = U512::from(bound);
        let (score_size, incumbent_size) = (U512::from(score.magnitude()), U512::from(self.incumbent.magnitude()));
        match (self.incumbent.signum(), score.signum()) {
            (1, 1) => score_size > incumbent_size * bound,
            (-1, -1) => incumbent_size > score_size * bound,
            _ => true,
        }
    }
}
