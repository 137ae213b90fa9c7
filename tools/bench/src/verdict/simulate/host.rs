//! What a host does to the time of a trial, and what it knows when it does.

use super::random::Random;
use orv_protocol::judgement::EXACT_TRIALS;

/// Which wrong verdict a host is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// That an honest improvement is rejected.
    Harm,
    /// That what is no improvement is approved.
    Help,
}

/// How a host behaves. All but the last know every trial before this one, its arm included, and not whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// It does nothing.
    Honest,
    /// Half speed for stretches of random length.
    Stretches,
    /// A speed for each place in the order.
    Positions,
    /// A third of the speed that rises over the first trials.
    SlowBeginning,
    /// Ten seconds in each trial, whose work takes one.
    Pauses,
    /// Slows whatever comes after a trial that was faster than usual.
    Reacting,
    /// Bets that the side is next that ran less often.
    Betting,
    /// Bets that the side is next that did not run last, and slows or not accordingly.
    Alternating,
    /// Goes from slow to fast until the candidate has run, then slow again, three by three: wins against balanced blocks.
    Halving,
    /// Makes each trial slower or faster than the one before it that is still without a pair: bends every pair its way.
    Bending,
    /// Stalls what lasts longer than the candidate would: it tells the arms apart by their length, within the trial.
    Stalling,
    /// It sees whose turn it is.
    Seeing,
}

impl Host {
    pub(crate) const BLIND: [Host; 9] = [
        Host::Stretches,
        Host::Positions,
        Host::SlowBeginning,
        Host::Pauses,
        Host::Reacting,
        Host::Betting,
        Host::Alternating,
        Host::Halving,
        Host::Bending,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Stretches => "half speed in random stretches",
            Self::Positions => "a speed for each place",
            Self::SlowBeginning => "slow at the beginning",
            Self::Pauses => "10 s in each trial of 1 s",
            Self::Reacting => "slows after a fast trial",
            Self::Betting => "bets on the arm that is behind",
            Self::Alternating => "bets on the other arm",
            Self::Halving => "wins against balanced blocks",
            Self::Bending => "bends every pair",
            Self::Stalling => "stalls what lasts long",
            Self::Seeing => "sees the arms",
        }
    }
}

/// An earlier trial, as the host knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) candidate: bool,
    pub(crate) took: f64,
}

/// What a trial's work becomes: `pause + factor x work`, and `stall` more if that is above `stall_from`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slowdown {
    pause: f64,
    factor: f64,
    stall_from: f64,
}

impl Slowdown {
    fn factor(factor: f64) -> Self {
        Self {
            pause: 0.0,
            factor,
            stall_from: f64::INFINITY,
        }
    }

    pub(crate) fn time(&self, work: f64) -> f64 {
        let time = self.pause + self.factor * work;
        if time > self.stall_from { time * 2.0 } else { time }
    }
}

/// A host at work on one attempt.
#[derive(Debug)]
pub(crate) struct Meddler {
    pub(crate) host: Host,
    pub(crate) aim: Aim,
    /// What separates candidate from reference where nobody meddles, in seconds.
    pub(crate) between: f64,
    pub(crate) slow: bool,
}

impl Meddler {
    /// What happens to the next trial; `candidate` is looked at by the one host that sees it.
    pub(crate) fn next(&mut self, past: &[Seen], candidate: bool, random: &mut Random) -> Slowdown {
        let count = past.len();
        // The favoured side runs at full speed, the other 30 % slower.
        let bet = |on_candidate: bool| match (self.aim, on_candidate) {
            (Aim::Help, true) | (Aim::Harm, false) => Slowdown::factor(1.0),
            _ => Slowdown::factor(1.3),
        };
        let candidates = past.iter().filter(|seen| seen.candidate).count();
        match self.host {
            Host::Honest => Slowdown::factor(1.0),
            Host::Stretches => {
                self.slow ^= random.happens(0.2);
                Slowdown::factor(if self.slow { 2.0 } else { 1.0 })
            }
            Host::Positions => Slowdown::factor(1.0 + (count % 4) as f64 / 4.0),
            Host::SlowBeginning => Slowdown::factor(1.0 + (3.0 - count as f64 / 4.0).max(0.0)),
            Host::Pauses => Slowdown {
                pause: 10.0,
                ..Slowdown::factor(1.0)
            },
            Host::Reacting => Slowdown::factor(if faster_than_usual(past) { 1.4 } else { 1.0 }),
            Host::Betting => bet(2 * candidates < count),
            Host::Alternating => bet(past.last().is_some_and(|seen| !seen.candidate)),
            Host::Halving => Slowdown::factor(halving(self.aim, past)),
            Host::Bending => Slowdown::factor(bending(self.aim, past)),
            Host::Stalling => Slowdown {
                stall_from: self.between,
                ..Slowdown::factor(1.0)
            },
            Host::Seeing => bet(candidate),
        }
    }
}

fn faster_than_usual(past: &[Seen]) -> bool {
    let mean = past.iter().map(|seen| seen.took).sum::<f64>() / past.len().max(1) as f64;
    past.last().is_some_and(|seen| seen.took < mean)
}

/// Three by three: each trial before the candidate a little faster (or slower) than the one before, each after it much
/// slower (or faster).
fn halving(aim: Aim, past: &[Seen]) -> f64 {
    let place = past.len() % 3;
    let block = past.get(past.len() - place..).unwrap_or_default();
    let seen = block.iter().any(|seen| seen.candidate);
    match (aim, seen) {
        (Aim::Help, false) => 3.0 - place as f64,
        (Aim::Help, true) => 4.0,
        (Aim::Harm, false) => 2.0 + place as f64,
        (Aim::Harm, true) => 1.0,
    }
}

/// A tenth beyond the last trial without a pair, in the direction that suits the aim; the work takes about a second, and
/// half a minute is the speed that the host begins with, so that it can go either way.
fn bending(aim: Aim, past: &[Seen]) -> f64 {
    let mut alone: Vec<Seen> = Vec::new();
    for seen in past.iter().skip(EXACT_TRIALS) {
        if alone.pop_if(|other| other.candidate != seen.candidate).is_none() {
            alone.push(*seen);
        }
    }
    let wanted = match (alone.last(), aim) {
        (None, _) => 30.0,
        (Some(lone), Aim::Help) if lone.candidate => lone.took * 1.1,
        (Some(lone), Aim::Harm) if !lone.candidate => lone.took * 1.1,
        (Some(lone), _) => lone.took / 1.1,
    };
    wanted.clamp(1.0, 1000.0)
}
