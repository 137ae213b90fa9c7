//! The blocks of a timed judgement, and what their ratios say.

use super::case::{Case, IncumbentSource};
use super::interval::{Interval, rank};
use super::reason::Reason;
use super::trial::{Arm, TrialOutcome, TrialRecord};
use super::{Decision, Step};
use crate::schedule::{self, Phase};
use crate::score::{Bips, Ratio, Score};
use crate::verdict::{MetricKind, PlatformTier, Verdict};

/// What comes next after these trials of the timed blocks.
pub(super) fn next(case: &Case, records: &[TrialRecord]) -> Step {
    match refused(case, records) {
        Some(reason) => Step::Decided(Decision::inconclusive(MetricKind::Timed, reason)),
        None => match complete_blocks(case, records) {
            Some(blocks) => Step::Decided(decide(case, &blocks)),
            None => due(case, records.len()),
        },
    }
}

/// The arms of a block, before they are shuffled.
fn arms(case: &Case) -> &'static [Arm] {
    match case.incumbent_source {
        IncumbentSource::Code => &[Arm::Snapshot, Arm::Incumbent, Arm::Candidate, Arm::Shadow],
        IncumbentSource::Snapshot | IncumbentSource::MissingBytes => &[Arm::Snapshot, Arm::Candidate, Arm::Shadow],
    }
}

fn due(case: &Case, trials: usize) -> Step {
    let arms = arms(case);
    let block = u16::try_from(trials / arms.len()).unwrap_or(u16::MAX);
    let order = schedule::order(&case.secret, Phase::Timed, block, arms);
    match order.get(trials % arms.len()) {
        Some(arm) => Step::Run(*arm),
        // A remainder is below its divisor, so the order always has it.
        None => Step::Decided(Decision::inconclusive(MetricKind::Timed, Reason::RunnerFault)),
    }
}

/// Why no further trial can lead to a verdict.
fn refused(case: &Case, records: &[TrialRecord]) -> Option<Reason> {
    if case.tier == PlatformTier::WeakCounter {
        return Some(Reason::WeakCounter);
    }
    if rank(case.timed_blocks).is_none() {
        return Some(Reason::TimedBlocks);
    }
    let sign = case.incumbent.signum();
    let measured = records
        .iter()
        .filter_map(|record| score(case, record))
        .map(Score::signum);
    let mut signs = measured.chain([case.baseline.signum()]);
    if sign == 0 || signs.any(|other| other != sign) {
        Some(Reason::ZeroOrSign)
    } else {
        None
    }
}

fn score(case: &Case, record: &TrialRecord) -> Option<Score> {
    match record.outcome {
        TrialOutcome::Metric(metric) => case.score(&metric),
        TrialOutcome::Void(_) => None,
    }
}

/// The scores of one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    snapshot: Score,
    reference: Score,
    candidate: Score,
    shadow: Score,
}

/// All blocks, once all have been run.
pub(super) fn complete_blocks(case: &Case, records: &[TrialRecord]) -> Option<Vec<Block>> {
    let arms = arms(case);
    if case.timed_blocks == 0 || records.len() < arms.len() * usize::from(case.timed_blocks) {
        return None;
    }
    records
        .chunks_exact(arms.len())
        .map(|block| read_block(case, block))
        .collect()
}

fn read_block(case: &Case, records: &[TrialRecord]) -> Option<Block> {
    let of = |arm: Arm| {
        records
            .iter()
            .find(|record| record.arm == arm)
            .and_then(|record| score(case, record))
    };
    Some(Block {
        snapshot: of(Arm::Snapshot)?,
        reference: of(case.reference())?,
        candidate: of(Arm::Candidate)?,
        shadow: of(Arm::Shadow)?,
    })
}

/// The intervals that a timed judgement decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// Shadow to reference: must contain one.
    pub shadow: Interval,
    /// Candidate to reference, which is the incumbent, or the snapshot where there is no code of an incumbent.
    pub reference: Interval,
    /// Candidate to snapshot.
    pub snapshot: Interval,
}

impl Intervals {
    pub(super) fn of(case: &Case, blocks: &[Block]) -> Result<Intervals, Reason> {
        let floor = case.noise_floor.unwrap_or(Bips(0));
        let interval = |over: fn(&Block) -> Score, under: fn(&Block) -> Score| {
            let ratios: Option<Vec<Ratio>> = blocks
                .iter()
                .map(|block| Ratio::of(over(block), under(block)))
                .collect();
            Interval::of(ratios.ok_or(Reason::ZeroOrSign)?, floor).ok_or(Reason::ScoreOutOfRange)
        };
        Ok(Intervals {
            shadow: interval(|block| block.shadow, |block| block.reference)?,
            reference: interval(|block| block.candidate, |block| block.reference)?,
            snapshot: interval(|block| block.candidate, |block| block.snapshot)?,
        })
    }
}

/// What the ends of an interval make of a score on chain, the worse first: a ratio above one improves a score above
/// zero and worsens one below, and so the ends change places with the sign.
fn ends(interval: &Interval, base: Score) -> Result<(Score, Score), Reason> {
    let (low, high) = (interval.low.times(base), interval.high.times(base));
    let (low, high) = (
        low.ok_or(Reason::ScoreOutOfRange)?,
        high.ok_or(Reason::ScoreOutOfRange)?,
    );
    Ok((low.min(high), low.max(high)))
}

fn decide(case: &Case, blocks: &[Block]) -> Decision {
    weigh(case, blocks).unwrap_or_else(|reason| Decision::inconclusive(MetricKind::Timed, reason))
}

fn weigh(case: &Case, blocks: &[Block]) -> Result<Decision, Reason> {
    let intervals = Intervals::of(case, blocks)?;
    if !intervals.shadow.contains_one() {
        return Err(Reason::ShadowDisagrees);
    }
    // With the incumbent's bytes missing, reference and snapshot are one arm, and its score on chain is the baseline.
    let (worse, better) = ends(&intervals.reference, case.reference_score())?;
    let (_, snapshot_better) = ends(&intervals.snapshot, case.baseline)?;
    let threshold = case.threshold().ok_or(Reason::ScoreOutOfRange)?;
    let score = worse.min(snapshot_better);
    let (verdict, reason) = if better < threshold {
        (Verdict::Reject, Reason::NoImprovement)
    } else if worse < threshold {
        (Verdict::Inconclusive, Reason::IntervalStraddles)
    } else if score < threshold {
        (Verdict::Inconclusive, Reason::SnapshotDisagrees)
    } else if case.jumps_too_far(better) {
        (Verdict::Inconclusive, Reason::JumpAboveBound)
    } else {
        (Verdict::Approve, Reason::Improved)
    };
    // The score is the end that is worse for the candidate, so nothing lies below it.
    Ok(Decision {
        verdict,
        reason,
        kind: MetricKind::Timed,
        score,
        lower: score,
        upper: better,
    })
}
