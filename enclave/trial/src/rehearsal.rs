//! Trials on this machine with everything that was seen of them, also where a trial does not count.
//!
//! [`rehearse`] repeats one arm, as a miner does; [`rerun`] runs the job of a record once more, as the enclave ran it.

use alloy_primitives::B256;
use orv_content::Sha256;
use orv_content::tree::Tree;
use orv_protocol::advice;
use orv_protocol::judgement::{Arm, TrialOutcome};
use orv_protocol::score::{Rounding, Score};
use orv_protocol::seed::{SeedVariable, trial_seed};
use orv_protocol::surface::Difference;
use orv_receipt::rule::{Documents, RuleError};
use orv_receipt::{AdviceRecord, Bundle, ImageRecord, Observation, Role};

use crate::measurement::{Bench, MeasureError};
use crate::{Inputs, TrialError, judging};

/// Where the seeds of trials come from.
#[derive(Debug, Clone, Copy)]
pub enum Seeding<'a> {
    /// As in an attempt: one seed for all trials, from the measured tree, the ticket and the enclave's secret.
    Attempt {
        /// The attempt's ticket.
        ticket: B256,
        /// The enclave's secret, which a receipt reveals.
        secret: B256,
        /// How many trials.
        trials: usize,
    },
    /// A trial for each.
    Each(&'a [[u8; 32]]),
}

/// Trials of one arm.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Whose tree.
    pub arm: Arm,
    /// The tree as measured: the arm's mutable surface in the project's own files.
    pub tree: Sha256,
    /// What the candidate had otherwise outside its surface.
    pub differences: Vec<Difference>,
    /// The image.
    pub image: ImageRecord,
    /// The seed that a shared project's protocol fixes.
    pub seed_variable: Option<SeedVariable>,
    /// The trials, in order.
    pub samples: Vec<Sample>,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Whose tree.
    pub arm: Arm,
    /// What the judge was seeded with.
    pub seed: [u8; 32],
    /// What was seen.
    pub observation: Observation,
    /// What the rule makes of it.
    pub outcome: TrialOutcome,
    /// The metric's score, where there is one that fits.
    pub score: Option<Score>,
}

impl Sample {
    /// What the rule makes of an observation.
    pub fn of(arm: Arm, seed: [u8; 32], observation: Observation, documents: &Documents) -> Self {
        let outcome = observation.outcome(documents);
        let score = outcome.metric().and_then(|metric| {
            let direction = documents.protocol.measurement.primary_metric.direction;
            let rule = documents.project.score;
            Score::from_metric(&metric, rule.scale, rule.sign, direction, Rounding::TowardMinusInfinity).ok()
        });
        Self {
            arm,
            seed,
            observation,
            outcome,
            score,
        }
    }
}

/// Runs trials of one arm. Blocks for as long as they take.
///
/// # Errors
/// [`MeasureError`]: trials cannot begin here. What the code under test does is in the samples.
pub fn rehearse(
    inputs: &Inputs<'_, '_>,
    arm: Arm,
    seeding: Seeding<'_>,
    bench: &Bench<'_>,
) -> Result<Rehearsal, MeasureError> {
    let workshop = bench.workshop(inputs)?;
    let tree = workshop.tree_hash(arm).ok_or(TrialError::NoTree(arm))?;
    let seeds = match seeding {
        Seeding::Attempt { ticket, secret, trials } => vec![trial_seed(&tree, &ticket.0, &secret.0); trials],
        Seeding::Each(seeds) => seeds.to_vec(),
    };
    let mut samples = Vec::with_capacity(seeds.len());
    for seed in seeds {
        let observation = workshop.run(arm, &seed)?;
        samples.push(Sample::of(arm, seed, observation, inputs.documents));
    }
    Ok(Rehearsal {
        arm,
        tree,
        differences: workshop.candidate_differences().to_vec(),
        image: workshop.image().clone(),
        seed_variable: workshop.seed_variable_of(arm).cloned(),
        samples,
    })
}

/// Why the job of a record cannot be run again.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// It ended before its trials decided, so they are not all there.
    #[error("the job ended with {0}, not with its trials: there is nothing to run again")]
    Obstructed(String),
    /// The record has an archive of which no files were given.
    #[error("the record has the {}, and its files were not given", .0.name())]
    NotGiven(Role),
    /// Other files than those on record.
    #[error("the {} on record has the tree {recorded}, the files given have {given}", role.name())]
    OtherFiles {
        /// Which archive.
        role: Role,
        /// Tree hash on record.
        recorded: Sha256,
        /// Tree hash of what was given.
        given: Sha256,
    },
    /// The record is no case for the rule.
    #[error("the record: {0}")]
    Rule(#[from] RuleError),
    /// Trials cannot begin here.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// This machine could not run a trial.
    #[error(transparent)]
    Trial(#[from] TrialError),
}

/// Runs the job of a record again: the same documents, trees, ticket and secret, and whatever the rule then asks for.
/// The result is a record of its own, with nothing of the first one's trials.
///
/// # Errors
/// [`RerunError`]; files that are not those on record are refused.
pub fn rerun(record: &Bundle, inputs: &Inputs<'_, '_>, bench: &Bench<'_>) -> Result<Bundle, RerunError> {
    if let Some(obstacle) = &record.obstacle {
        return Err(RerunError::Obstructed(obstacle.reason.clone()));
    }
    require_same_files(record, inputs)?;
    let workshop = bench.workshop(inputs)?;
    let mut again = Bundle {
        image: None,
        candidate_tree: Sha256([0; 32]),
        differences: Vec::new(),
        seed: B256::ZERO,
        trials: Vec::new(),
        missing_protections: crate::missing_protections(bench.runner).map_err(TrialError::from)?,
        advice: inputs.candidate.map(|candidate| {
            let protocol = &inputs.documents.protocol;
            AdviceRecord::from(&advice::of(protocol, inputs.snapshot, candidate))
        }),
        ..record.clone()
    };
    judging::describe(&mut again, &workshop);
    judging::judge(&mut again, inputs.documents, &workshop, |_| Ok::<(), RerunError>(()))?;
    Ok(again)
}

fn require_same_files(record: &Bundle, inputs: &Inputs<'_, '_>) -> Result<(), RerunError> {
    let given: [(Role, Option<&Tree>); 4] = [
        (Role::Snapshot, Some(inputs.snapshot)),
        (Role::Benchmark, Some(inputs.benchmark)),
        (Role::Incumbent, inputs.incumbent),
        (Role::Candidate, inputs.candidate),
    ];
    for (role, tree) in given {
        let Some(artifact) = record.artifact(role) else {
            continue;
        };
        let given = tree.ok_or(RerunError::NotGiven(role))?.hash();
        if given != artifact.tree {
            return Err(RerunError::OtherFiles {
                role,
                recorded: artifact.tree,
                given,
            });
        }
    }
    Ok(())
}
