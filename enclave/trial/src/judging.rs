//! From a prepared workshop to a whole record: what the enclave does with a job, and what anyone does who runs one again.

use crate::measure::TrialError;
use crate::workshop::Workshop;
use alloy_primitives::B256;
use orv_protocol::judgement::{Arm, Judgement, Step};
use orv_protocol::seed::trial_seed;
use orv_receipt::rule::{Documents, RuleError, case_of};
use orv_receipt::{Bundle, DifferenceRecord, Role, TrialReport};

/// Puts on record what is measured: tree, seed, image, what was undone, and an incumbent that was left out.
pub fn describe(bundle: &mut Bundle, workshop: &Workshop<'_>) {
    if let Some(tree) = workshop.tree_hash(Arm::Candidate) {
        bundle.candidate_tree = tree;
        bundle.seed = B256::from(trial_seed(&tree, &bundle.ticket.0, &bundle.secret.0));
    }
    bundle.image = Some(workshop.image().clone());
    if let Some(error) = workshop.incumbent_unusable() {
        bundle.artifacts.retain(|artifact| artifact.role != Role::Incumbent);
        bundle.incumbent_unreadable = Some(orv_receipt::detail(error));
    }
    bundle.differences = workshop
        .candidate_differences()
        .iter()
        .map(DifferenceRecord::from)
        .collect();
}

/// Runs what the published rule asks for until it decides, and puts every trial on record. Before each trial `proceed`
/// is told how many there are; its error ends the work and leaves a record without a decision.
///
/// # Errors
/// What `proceed` returns; [`TrialError`] where this machine fails; [`RuleError`] where the record is no case.
pub fn judge<E>(
    bundle: &mut Bundle,
    documents: &Documents,
    workshop: &Workshop<'_>,
    mut proceed: impl FnMut(usize) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<TrialError> + From<RuleError>,
{
    let mut judgement = Judgement::begin(case_of(bundle, documents)?);
    while let Step::Run(arm) = judgement.next() {
        proceed(bundle.trials.len())?;
        let observation = workshop.run_at(judgement.speed(), judgement.code_of(arm), &bundle.seed.0)?;
        let outcome = observation.outcome(documents);
        bundle.trials.push(TrialReport {
            arm: arm as u8,
            observation,
        });
        // `next` asked for this trial, so it can be recorded.
        if judgement.record(outcome).is_err() {
            break;
        }
    }
    Ok(())
}
