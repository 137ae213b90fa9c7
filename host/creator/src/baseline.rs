//! The baseline: what the snapshot scores, measured by the verifier's own runner.

use orv_protocol::PlatformTier;
use orv_protocol::judgement::{Arm, Case, IncumbentSource, Judgement, Step};
use orv_protocol::score::Score;
use orv_receipt::rule::Documents;
use orv_trial::Inputs;
use orv_trial::measurement::{Bench, MeasureError, Measurement, Steadiness, measure};

use crate::bundles::Bundles;
use crate::problem::Problem;

/// A measured baseline that proposals can be judged against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The trials, and the score that goes on chain.
    pub measurement: Measurement,
    /// The log whose root goes on chain.
    pub log: Vec<u8>,
}

/// Why there is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The snapshot cannot be measured.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// It can, but to no use.
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// Measures the snapshot, one trial for each seed. Blocks; call it on a thread that may.
///
/// # Errors
/// [`BaselineError::Problem`] when no proposal could ever be decided against this baseline.
pub fn measure_baseline(bundles: &Bundles, seeds: &[[u8; 32]], bench: &Bench<'_>) -> Result<Baseline, BaselineError> {
    let inputs = Inputs {
        documents: &bundles.documents,
        snapshot: &bundles.snapshot_tree,
        benchmark: &bundles.benchmark_tree,
        image: None,
        incumbent: None,
        candidate: None,
    };
    let measurement = measure(&inputs, Arm::Snapshot, seeds, bench)?;
    require_decidable(&bundles.documents, measurement.score, measurement.steadiness)?;
    let log = measurement.log();
    Ok(Baseline { measurement, log })
}

/// Puts the baseline before the published rule: if it decides without one trial, it always will. A metric that varies is
/// judged by ratios, to which zero gives no meaning.
fn require_decidable(documents: &Documents, score: Score, steadiness: Steadiness) -> Result<(), Problem> {
    let Documents { protocol, project } = documents;
    let case = Case {
        direction: protocol.measurement.primary_metric.direction,
        sign_rule: project.score.sign,
        scale: project.score.scale,
        margin: protocol.measurement.margin(),
        noise_floor: project.metric.noise_floor_bips,
        max_jump: project.metric.max_jump,
        baseline: score,
        incumbent: score,
        incumbent_source: IncumbentSource::Snapshot,
        channel: project.channel(),
        tier: PlatformTier::TrustedCounter,
        secret: [0; 32],
    };
    if let Step::Decided(decision) = Judgement::begin(case).next() {
        return Err(Problem::Undecidable(decision.reason));
    }
    if let Steadiness::Varies { least, greatest } = steadiness
        && least.signum() * greatest.signum() != 1
    {
        return Err(Problem::Undecidable(orv_protocol::judgement::Reason::ZeroOrSign));
    }
    Ok(())
}
