//! Many proposals of one kind, each with up to three attempts.

use super::host::{Aim, Host, Meddler};
use super::machine::{Machine, Noise};
use super::random::Random;
use super::rules::{self, Project};
use super::tally::{Tally, settled};
use orv_protocol::Verdict;
use orv_protocol::judgement::ATTEMPTS;
use orv_protocol::score::Bips;

/// Seconds that the reference's work takes.
pub(crate) const REFERENCE: f64 = 1.0;

/// Where a project has code of an incumbent: what it takes of the snapshot's time.
const INCUMBENT: f64 = 0.8;

/// Who is there to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arms {
    /// The snapshot is the incumbent.
    Two,
    /// The incumbent is code of its own, and its score on chain its true one.
    Three,
}

/// One kind of proposal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    /// The part of the incumbent's time that the candidate saves.
    pub(crate) effect: f64,
    pub(crate) margin: Bips,
    pub(crate) noise: Noise,
    /// The candidate's own deviation.
    pub(crate) candidate_noise: f64,
    pub(crate) arms: Arms,
    pub(crate) host: Host,
    pub(crate) aim: Aim,
}

impl Cell {
    pub(crate) const PLAIN: Cell = Cell {
        effect: 0.0,
        margin: Bips(500),
        noise: Noise::Normal(0.02),
        candidate_noise: 0.0,
        arms: Arms::Two,
        host: Host::Honest,
        aim: Aim::Harm,
    };

    fn project(&self) -> Project {
        let (snapshot, incumbent) = match self.arms {
            Arms::Two => (REFERENCE, None),
            Arms::Three => (REFERENCE, Some(REFERENCE * INCUMBENT)),
        };
        let best = incumbent.unwrap_or(snapshot);
        Project {
            snapshot,
            incumbent,
            candidate: best * (1.0 - self.effect),
            candidate_noise: self.candidate_noise,
            margin: self.margin,
            baseline: Project::score_of(snapshot),
            best: Project::score_of(best),
        }
    }

    pub(crate) fn meddler(&self, project: &Project) -> Meddler {
        let reference = project.incumbent.unwrap_or(project.snapshot);
        Meddler {
            host: self.host,
            aim: self.aim,
            between: f64::midpoint(reference, project.candidate),
            slow: false,
        }
    }
}

/// What became of the proposals of a cell, by each rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// One operator decides.
    pub(crate) one: Tally,
    /// Two operators must agree; both have such a host.
    pub(crate) two: Tally,
    /// Attempts one by one, and their trials.
    pub(crate) attempts: Tally,
    pub(crate) trials: u64,
    /// The rule with balanced blocks, one attempt.
    pub(crate) blocks: Tally,
    /// Upstream's absolute median, on a machine as fast as that which made the score on chain.
    pub(crate) absolute: Tally,
    /// The same on another machine, whose speed is drawn with a deviation of a tenth.
    pub(crate) elsewhere: Tally,
    /// Upstream's equality of one run with another.
    pub(crate) strict: Tally,
}

impl Outcome {
    fn merged(self, other: Outcome) -> Outcome {
        Outcome {
            one: self.one.merged(other.one),
            two: self.two.merged(other.two),
            attempts: self.attempts.merged(other.attempts),
            trials: self.trials + other.trials,
            blocks: self.blocks.merged(other.blocks),
            absolute: self.absolute.merged(other.absolute),
            elsewhere: self.elsewhere.merged(other.elsewhere),
            strict: self.strict.merged(other.strict),
        }
    }

    fn add(&mut self, cell: &Cell, random: &mut Random) {
        let project = cell.project();
        let mut meddler = cell.meddler(&project);
        let machine = |random: &mut Random| Machine::new(cell.noise, random);
        let mut attempts: Vec<Verdict> = Vec::new();
        for _ in 0..ATTEMPTS {
            let ended = rules::judged(&project, &mut machine(random), &mut meddler, random);
            self.attempts.add(ended.verdict);
            self.trials += ended.trials as u64;
            attempts.push(ended.verdict);
            if settled(&attempts, 2) != Verdict::Inconclusive {
                break;
            }
        }
        self.one.add(settled(&attempts, 1));
        self.two.add(settled(&attempts, 2));
        self.blocks
            .add(rules::by_blocks(&project, &mut machine(random), &mut meddler, random));
        self.absolute
            .add(rules::absolute(&project, 1.0, &mut machine(random), random));
        let speed = (0.1 * random.normal()).exp();
        self.elsewhere
            .add(rules::absolute(&project, speed, &mut machine(random), random));
        self.strict
            .add(rules::strict(&project, 1.0, &mut machine(random), random));
    }
}

/// How much is simulated, and from which seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: u64,
    pub(crate) seed: u64,
}

/// Simulates each cell, on all processors; the same figures from the same seed on any number of them.
pub(crate) fn simulate(cells: &[Cell], effort: Effort) -> Vec<Outcome> {
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let cells = || cells.iter().zip(0_u64..);
    let part = move |worker: u64| -> Vec<Outcome> {
        cells()
            .map(|(cell, number)| {
                let mut outcome = Outcome::default();
                for round in (worker..effort.rounds).step_by(workers as usize) {
                    outcome.add(cell, &mut Random::of(effort.seed, number, round));
                }
                outcome
            })
            .collect()
    };
    let mut merged = vec![Outcome::default(); cells().count()];
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(move || part(worker))).collect();
        for worker in running {
            // A worker that panics leaves rounds out, which the number of proposals in each table shows.
            let outcomes = worker.join().unwrap_or_default();
            for (sum, outcome) in merged.iter_mut().zip(outcomes) {
                *sum = sum.merged(outcome);
            }
        }
    });
    merged
}
