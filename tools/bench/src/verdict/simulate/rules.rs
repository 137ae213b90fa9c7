//! The rule of the enclave, through its own state machine, and what it is compared with.

use super::host::{Meddler, Seen};
use super::machine::Machine;
use super::random::Random;
use orv_protocol::judgement::{Arm, Case, IncumbentSource, Judgement, Speed, Step, TrialOutcome};
use orv_protocol::metric::Decimal;
use orv_protocol::score::{Bips, Direction, Scale, Score, SignRule};
use orv_protocol::{MetricChannel, PlatformTier, Verdict};

/// Score units of one second, and steps in which a time is written.
const UNITS: f64 = 1e9;

/// Seconds that the arms' work takes where nothing disturbs it, and what the chain says of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Project {
    pub(crate) snapshot: f64,
    /// The incumbent's own code, if it has some.
    pub(crate) incumbent: Option<f64>,
    pub(crate) candidate: f64,
    /// Deviation of the candidate's own, beside the machine's.
    pub(crate) candidate_noise: f64,
    pub(crate) margin: Bips,
    pub(crate) baseline: Score,
    pub(crate) best: Score,
}

impl Project {
    pub(crate) fn score_of(seconds: f64) -> Score {
        Score::from(-((seconds * UNITS) as i64))
    }

    fn work(&self, arm: Arm) -> f64 {
        match arm {
            Arm::Snapshot => self.snapshot,
            Arm::Incumbent | Arm::Shadow => self.incumbent.unwrap_or(self.snapshot),
            Arm::Candidate => self.candidate,
        }
    }

    fn case(&self, random: &mut Random) -> Case {
        Case {
            direction: Direction::Minimize,
            sign_rule: SignRule::NegateIfMinimize,
            // One unit of metric is one unit of score.
            scale: Scale::try_from(1).unwrap_or(Scale::UPSTREAM),
            margin: self.margin,
            noise_floor: None,
            max_jump: None,
            baseline: self.baseline,
            incumbent: self.best,
            incumbent_source: match self.incumbent {
                Some(_) => IncumbentSource::Code,
                None => IncumbentSource::Snapshot,
            },
            channel: MetricChannel::Split,
            tier: PlatformTier::TrustedCounter,
            secret: random.secret(),
        }
    }
}

/// What an attempt ended with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) verdict: Verdict,
    pub(crate) score: Score,
    pub(crate) trials: usize,
}

/// One attempt by the rule.
pub(crate) fn judged(project: &Project, machine: &mut Machine, meddler: &mut Meddler, random: &mut Random) -> Ended {
    let mut judgement = Judgement::begin(project.case(random));
    let mut past = Vec::new();
    loop {
        let arm = match judgement.next() {
            Step::Run(arm) => arm,
            Step::Decided(decision) => {
                return Ended {
                    verdict: decision.verdict,
                    score: decision.score,
                    trials: judgement.records().len(),
                };
            }
        };
        let hindered = match judgement.speed() {
            Speed::Full => 1.0,
            Speed::Hindered => 2.0,
        };
        let candidate = arm == Arm::Candidate;
        let took = hindered * trial(project, arm, &past, machine, meddler, random);
        past.push(Seen { candidate, took });
        // The rule asked for this trial, so it takes its outcome.
        if judgement.record(outcome(took)).is_err() {
            return Ended {
                verdict: Verdict::Inconclusive,
                score: Score::ZERO,
                trials: past.len(),
            };
        }
    }
}

fn trial(
    project: &Project,
    arm: Arm,
    past: &[Seen],
    machine: &mut Machine,
    meddler: &mut Meddler,
    random: &mut Random,
) -> f64 {
    let mut work = project.work(arm) * machine.factor(random);
    if arm == Arm::Candidate && project.candidate_noise > 0.0 {
        work *= (project.candidate_noise * random.normal()).exp();
    }
    meddler.next(past, arm == Arm::Candidate, random).time(work)
}

fn outcome(seconds: f64) -> TrialOutcome {
    let text = ((seconds * UNITS) as u64).to_string();
    match text.parse::<Decimal>() {
        Ok(metric) => TrialOutcome::Metric(metric),
        Err(_) => TrialOutcome::Void(orv_protocol::judgement::VoidCause::MetricMalformed),
    }
}

/// The rule that 0008 replaced: thirteen blocks of reference, candidate and shadow, each once, in random order; the
/// interval from the smallest to the largest ratio, and a reject where all of it is below the threshold.
pub(crate) fn by_blocks(
    project: &Project,
    machine: &mut Machine,
    meddler: &mut Meddler,
    random: &mut Random,
) -> Verdict {
    let wanted = 1.0 - f64::from(project.margin.0) / 10_000.0;
    let (mut past, mut ratios, mut twins) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..13 {
        let mut order = [Arm::Snapshot, Arm::Candidate, Arm::Shadow];
        let last = (random.uniform() * 3.0) as usize;
        order.swap(last, 2);
        let first = (random.uniform() * 2.0) as usize;
        order.swap(first, 1);
        let mut took = [0.0; 4];
        for arm in order {
            let time = trial(project, arm, &past, machine, meddler, random);
            past.push(Seen {
                candidate: arm == Arm::Candidate,
                took: time,
            });
            if let Some(place) = took.get_mut(arm as usize) {
                *place = time;
            }
        }
        let [snapshot, _, candidate, shadow] = took;
        ratios.push(candidate / snapshot);
        twins.push(shadow / snapshot);
    }
    let ends = |ratios: &[f64]| {
        ratios
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(*r), high.max(*r)))
    };
    let ((low, high), (twin_low, twin_high)) = (ends(&ratios), ends(&twins));
    if twin_low > 1.0 || twin_high < 1.0 {
        Verdict::Inconclusive
    } else if low > wanted {
        Verdict::Reject
    } else if high <= wanted {
        Verdict::Approve
    } else {
        Verdict::Inconclusive
    }
}

/// Upstream's newer rule (openresearch.md 4.4, 4.5): the median of five trials here against the score on chain, which was
/// measured elsewhere; approve or reject, there is nothing between.
pub(crate) fn absolute(project: &Project, elsewhere: f64, machine: &mut Machine, random: &mut Random) -> Verdict {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let noise = (project.candidate_noise * random.normal()).exp();
            elsewhere * project.candidate * noise * machine.factor(random)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times.get(2).copied().unwrap_or(f64::NAN);
    let best = project.incumbent.unwrap_or(project.snapshot);
    if median <= best * (1.0 - f64::from(project.margin.0) / 10_000.0) {
        Verdict::Approve
    } else {
        Verdict::Reject
    }
}

/// Upstream's deployed rule (openresearch.md 11.2, W-14): what one run here prints must be what one run of the miner
/// printed, to the last digit; here to the millisecond, which is in its favour.
pub(crate) fn strict(project: &Project, elsewhere: f64, machine: &mut Machine, random: &mut Random) -> Verdict {
    let mut milliseconds = |speed: f64| (1000.0 * speed * project.candidate * machine.factor(random)) as u64;
    if milliseconds(1.0) == milliseconds(elsewhere) {
        Verdict::Approve
    } else {
        Verdict::Reject
    }
}
