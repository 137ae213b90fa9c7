//! A miner that hands in the same code again and again, on top of an incumbent that has become slow.

use super::cell::{Cell, Effort, REFERENCE};
use super::host::{Aim, Host};
use super::machine::{Machine, Noise};
use super::random::Random;
use super::rules::{self, Project};
use orv_protocol::Verdict;
use orv_protocol::judgement::ATTEMPTS;
use orv_protocol::score::{Bips, Score};

/// Proposals of a chain behind the first.
pub(crate) const RESUBMISSIONS: usize = 50;

/// What the first proposal really saves of the snapshot's time.
const GAIN: f64 = 0.2;

/// What became of chains.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chains {
    pub(crate) chains: u64,
    /// Resubmissions that were approved, over all chains.
    pub(crate) approved: u64,
    /// Resubmissions that were rejected.
    pub(crate) rejected: u64,
    /// Chains whose score on chain ended better than the code is.
    pub(crate) overpaid: u64,
}

/// Simulates chains: an honest improvement of a fifth, then the same code fifty times, while the incumbent takes
/// `bomb` times as long as it did.
pub(crate) fn chains(noise: Noise, margin: Bips, bomb: f64, effort: Effort) -> Chains {
    let mut sum = Chains::default();
    for round in 0..effort.rounds {
        let mut random = Random::of(effort.seed, (bomb * 16.0) as u64 + u64::from(margin.0) * 64, round);
        sum.add(noise, margin, bomb, &mut random);
    }
    sum
}

impl Chains {
    fn add(&mut self, noise: Noise, margin: Bips, bomb: f64, random: &mut Random) {
        self.chains += 1;
        let code = REFERENCE * (1.0 - GAIN);
        let mut project = Project {
            snapshot: REFERENCE,
            incumbent: None,
            candidate: code,
            candidate_noise: 0.0,
            margin,
            baseline: Project::score_of(REFERENCE),
            best: Project::score_of(REFERENCE),
        };
        let (Verdict::Approve, first) = decided(&project, noise, random) else {
            return;
        };
        project.best = first;
        project.incumbent = Some(code * bomb);
        for _ in 0..RESUBMISSIONS {
            match decided(&project, noise, random) {
                (Verdict::Approve, score) => {
                    self.approved += 1;
                    project.best = score;
                }
                (Verdict::Reject, _) => self.rejected += 1,
                (Verdict::Inconclusive, _) => {}
            }
        }
        self.overpaid += u64::from(project.best > Project::score_of(code));
    }
}

/// The first verdict of up to three attempts.
fn decided(project: &Project, noise: Noise, random: &mut Random) -> (Verdict, Score) {
    let cell = Cell {
        host: Host::Honest,
        aim: Aim::Help,
        ..Cell::PLAIN
    };
    for _ in 0..ATTEMPTS {
        let mut machine = Machine::new(noise, random);
        let ended = rules::judged(project, &mut machine, &mut cell.meddler(project), random);
        if ended.verdict != Verdict::Inconclusive {
            return (ended.verdict, ended.score);
        }
    }
    (Verdict::Inconclusive, Score::ZERO)
}
