//! The trials of a timed judgement, and what their ratios say.

use super::case::{Case, IncumbentSource};
use super::comparison::{Comparison, SHADOW_PAIRS, Side};
use super::interval::Interval;
use super::reason::Reason;
use super::trial::Arm;
use super::{Decision, Measured, Step};
use crate::schedule::Draw;
use crate::score::{Bips, Ratio, Score};
use crate::verdict::{MetricKind, PlatformTier, Verdict};

/// Most timed trials. Some 35 are needed where there is no incumbent's code and some 50 where there is; an order that
/// needs this many is drawn less often than once in 10^9.
pub const MOST_TIMED_TRIALS: usize = 200;

/// What comes next after these trials of a round that began with trial `first`.
pub(super) fn next(case: &Case, first: usize, trials: &[Measured]) -> Step {
    if let Some(reason) = refused(case, trials) {
        return Step::Decided(Decision::inconclusive(MetricKind::Timed, reason));
    }
    let comparisons = Comparisons::of(case, trials);
    if comparisons.are_complete() {
        return Step::Decided(decide(case, &comparisons));
    }
    match due(case, first, trials) {
        Some(arm) if trials.len() < MOST_TIMED_TRIALS => Step::Run(arm),
        _ => Step::Decided(Decision::inconclusive(MetricKind::Timed, Reason::OrderTooLong)),
    }
}

/// Whose turn it is, before the code of the reference is given to itself or to its shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Snapshot,
    Candidate,
    ReferenceCode,
}

/// What a trial is drawn from: the sides of every comparison are equally likely.
fn turns(case: &Case) -> &'static [Turn] {
    match case.incumbent_source {
        IncumbentSource::Code => &[Turn::Snapshot, Turn::Candidate, Turn::ReferenceCode],
        IncumbentSource::Snapshot | IncumbentSource::MissingBytes => &[Turn::Candidate, Turn::ReferenceCode],
    }
}

fn due(case: &Case, first: usize, trials: &[Measured]) -> Option<Arm> {
    let mut draw = Draw::of(&case.secret, u16::try_from(first + trials.len()).ok()?);
    match draw.one_of(turns(case))? {
        Turn::Snapshot => Some(Arm::Snapshot),
        Turn::Candidate => Some(Arm::Candidate),
        Turn::ReferenceCode => {
            let twins = [case.reference(), Arm::Shadow];
            let mut before = trials.iter().map(|trial| trial.arm).filter(|arm| twins.contains(arm));
            // Two by two, in an order drawn for each two: all of their trials are pairs of one code with itself.
            match (before.clone().count() % 2, before.next_back()) {
                (1, Some(Arm::Shadow)) => Some(case.reference()),
                (1, Some(_)) => Some(Arm::Shadow),
                _ => draw.one_of(&twins),
            }
        }
    }
}

/// Why no further trial can lead to a verdict.
fn refused(case: &Case, trials: &[Measured]) -> Option<Reason> {
    if case.tier == PlatformTier::WeakCounter {
        return Some(Reason::WeakCounter);
    }
    let sign = case.incumbent.signum();
    if sign == 0 || case.baseline.signum() != sign {
        return Some(Reason::ZeroOrSign);
    }
    trials.iter().find_map(|trial| match trial.score.signum() == sign {
        false => Some(Reason::ZeroOrSign),
        true => trial.disturbed.then_some(Reason::StolenTime),
    })
}

/// The three comparisons that one sequence of trials feeds.
#[derive(Debug, Default)]
pub(super) struct Comparisons {
    /// Shadow over reference.
    shadow: Comparison,
    /// Candidate over reference and shadow, which are one code.
    reference: Comparison,
    /// Where the incumbent is code of its own.
    incumbent: Option<OfIncumbent>,
}

/// What an incumbent's own code makes two more comparisons of.
#[derive(Debug, Default)]
struct OfIncumbent {
    /// Candidate over snapshot.
    candidate: Comparison,
    /// Incumbent and shadow over snapshot.
    standing: Comparison,
}

impl Comparisons {
    pub(super) fn of(case: &Case, trials: &[Measured]) -> Comparisons {
        let mut all = Comparisons {
            incumbent: (case.incumbent_source == IncumbentSource::Code).then(OfIncumbent::default),
            ..Comparisons::default()
        };
        for trial in trials {
            all.add(case, trial);
        }
        all
    }

    fn add(&mut self, case: &Case, trial: &Measured) {
        if trial.arm == Arm::Candidate {
            self.reference.add(Side::Over, trial.score);
        } else if trial.arm == Arm::Shadow || trial.arm == case.reference() {
            self.reference.add(Side::Under, trial.score);
            let side = if trial.arm == Arm::Shadow {
                Side::Over
            } else {
                Side::Under
            };
            self.shadow.add(side, trial.score);
        }
        let Some(incumbent) = &mut self.incumbent else {
            return;
        };
        match trial.arm {
            Arm::Candidate => incumbent.candidate.add(Side::Over, trial.score),
            Arm::Incumbent | Arm::Shadow => incumbent.standing.add(Side::Over, trial.score),
            Arm::Snapshot => {
                incumbent.candidate.add(Side::Under, trial.score);
                incumbent.standing.add(Side::Under, trial.score);
            }
        }
    }

    pub(super) fn are_complete(&self) -> bool {
        self.reference.is_complete()
            && self
                .incumbent
                .as_ref()
                .is_none_or(|of| of.candidate.is_complete() && of.standing.is_complete())
            && self.shadow.fewer() >= SHADOW_PAIRS
    }
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
    /// Incumbent to snapshot, where the incumbent is code of its own.
    pub standing: Option<Interval>,
}

impl Intervals {
    pub(super) fn of(case: &Case, comparisons: &Comparisons) -> Result<Intervals, Reason> {
        let floor = case.noise_floor.unwrap_or(Bips(0));
        let reference = comparisons.reference.interval(floor)?;
        let (snapshot, standing) = match &comparisons.incumbent {
            Some(of) => (of.candidate.interval(floor)?, Some(of.standing.interval(floor)?)),
            None => (reference, None),
        };
        Ok(Intervals {
            shadow: comparisons.shadow.alarm(floor)?,
            reference,
            snapshot,
            standing,
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

fn decide(case: &Case, comparisons: &Comparisons) -> Decision {
    weigh(case, comparisons).unwrap_or_else(|reason| Decision::inconclusive(MetricKind::Timed, reason))
}

/// What the incumbent's code is worth as a measure of the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is what the chain says of it, or it is the snapshot.
    Upheld,
    /// Worse here than its score on chain, which is a low end, or not measured at all: beating it says too little.
    Unproved,
    /// It varies by more than the margin beyond twice what candidate and snapshot do: nothing can be compared with it.
    Erratic,
}

/// `width` is the worse end of candidate to snapshot in terms of the better one.
fn standing(case: &Case, intervals: &Intervals, width: Option<Ratio>) -> Result<Standing, Reason> {
    let Some(interval) = intervals.standing else {
        return Ok(match case.incumbent_source {
            IncumbentSource::MissingBytes => Standing::Unproved,
            IncumbentSource::Snapshot | IncumbentSource::Code => Standing::Upheld,
        });
    };
    let (worse, better) = ends(&interval, case.baseline)?;
    let margin = match better.signum() {
        1 => Ratio::ONE.lowered(case.margin),
        _ => Ratio::ONE.raised(case.margin),
    };
    let bound = width
        .zip(margin)
        .and_then(|(width, margin)| margin.times(width.times(width.times(better)?)?));
    let here = interval.middle.times(case.baseline).ok_or(Reason::ScoreOutOfRange)?;
    Ok(if bound.is_some_and(|bound| worse < bound) {
        Standing::Erratic
    } else if here < case.incumbent {
        Standing::Unproved
    } else {
        Standing::Upheld
    })
}

fn weigh(case: &Case, comparisons: &Comparisons) -> Result<Decision, Reason> {
    let intervals = Intervals::of(case, comparisons)?;
    if !intervals.shadow.contains_one() {
        return Err(Reason::ShadowDisagrees);
    }
    // With the incumbent's bytes missing, reference and snapshot are one arm, and its score on chain is the baseline.
    let (worse, better) = ends(&intervals.reference, case.reference_score())?;
    let (snapshot_worse, snapshot_better) = ends(&intervals.snapshot, case.baseline)?;
    let threshold = case.threshold().ok_or(Reason::ScoreOutOfRange)?;
    let width = Ratio::of(snapshot_worse, snapshot_better);
    let standing = standing(case, &intervals, width)?;
    // The incumbent's score on chain may lie below its code by as much as an interval is wide. Without a width the better
    // end is zero, and no threshold above the baseline is reached.
    let borne = width
        .map_or(Some(snapshot_worse), |width| width.times(snapshot_worse))
        .ok_or(Reason::ScoreOutOfRange)?;
    // The worse ends of both: with the better end to the snapshot, an incumbent that is slow on purpose would let its
    // author be paid for the width of the interval, again and again (docs/decisions/0011, 0017).
    let score = match standing {
        Standing::Upheld => worse.min(snapshot_worse),
        Standing::Unproved => worse.min(borne),
        Standing::Erratic => borne,
    };
    let (verdict, reason) = if better < case.reference_score() {
        // A loss, whatever the host does; but an incumbent that is better than it was when it won makes losers of
        // those who beat its score.
        if snapshot_better < threshold {
            (Verdict::Reject, Reason::NoImprovement)
        } else {
            (Verdict::Inconclusive, Reason::SnapshotDisagrees)
        }
    } else if better < threshold && standing != Standing::Erratic {
        (Verdict::Inconclusive, Reason::ShortOfMargin)
    } else if worse < threshold && standing != Standing::Erratic {
        (Verdict::Inconclusive, Reason::IntervalStraddles)
    } else if score < threshold {
        (Verdict::Inconclusive, Reason::SnapshotDisagrees)
    } else if case.jumps_too_far(better.max(snapshot_better)) {
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
        upper: better.max(snapshot_better),
    })
}
