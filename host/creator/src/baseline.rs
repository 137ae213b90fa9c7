//! The baseline: what the snapshot scores, measured by the verifier's own runner.

use orv_protocol::PlatformTier;
use orv_protocol::judgement::{Arm, Case, IncumbentSource, Judgement, Step};
use orv_protocol::score::Score;
use orv_receipt::rule::Documents;
use orv_trial::Inputs;
use orv_trial::measurement::{Bench, MeasureError, Measurement, Steadiness, measure};

use crate::bundles::Bundles;
use crate::noise::{Noise, VerdictCost, wall_time};
use crate::problem::Problem;

/// A measured baseline that proposals can be judged against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The trials, and the score that goes on chain.
    pub measurement: Measurement,
    /// The log whose root goes on chain.
    pub log: Vec<u8>,
    /// How far the trials lie apart, where the metric is a time and there were several.
    pub noise: Option<Noise>,
    /// What a verdict on a first proposal takes.
    pub first_verdict: VerdictCost,
    /// What it takes once there is an incumbent with code of its own.
    pub later_verdict: VerdictCost,
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
        image: bundles.image_apart.as_ref().map(|image| &image.layout),
        incumbent: None,
        candidate: None,
    };
    let measurement = measure(&inputs, Arm::Snapshot, seeds, bench)?;
    let case = case(&bundles.documents, measurement.score);
    require_decidable(&case, measurement.steadiness)?;
    let trial = wall_time(measurement.trials.iter().map(|trial| &trial.observation));
    let cost = |incumbent| match measurement.steadiness {
        Steadiness::Exact => VerdictCost::exact(trial),
        Steadiness::Unknown | Steadiness::Coarse | Steadiness::Varies { .. } => {
            VerdictCost::timed(&case, incumbent, trial)
        }
    };
    let scores: Vec<Score> = measurement.trials.iter().map(|trial| trial.score).collect();
    let varies = matches!(measurement.steadiness, Steadiness::Varies { .. });
    Ok(Baseline {
        log: measurement.log(),
        noise: Noise::of(&scores).filter(|_| varies),
        first_verdict: cost(IncumbentSource::Snapshot),
        later_verdict: cost(IncumbentSource::Code),
        measurement,
    })
}

impl Baseline {
    /// What a creator should know before the margin stands for ever, in plain words; empty where nothing is to be said.
    pub fn remarks(&self, documents: &Documents) -> Vec<String> {
        let mut remarks = Vec::new();
        let margin = u64::from(documents.protocol.measurement.margin().0);
        match self.measurement.steadiness {
            Steadiness::Unknown => remarks.push("one trial says nothing about noise: give --runs 3 or more".to_owned()),
            Steadiness::Coarse => remarks.push(
                "the metric is one at full speed and another beside a load: it is a time in coarse steps, judged as a \
                 time; write more of its digits"
                    .to_owned(),
            ),
            Steadiness::Varies { .. } | Steadiness::Exact => {}
        }
        if let Some(noise) = self.noise.filter(|noise| noise.half_width_bips > margin) {
            remarks.push(format!(
                "a margin of {margin} basis points is below half of a verdict's interval, about {}: smaller gains will be \
                 inconclusive; raise minScoreImprovementBips or make trials steadier",
                noise.half_width_bips
            ));
        }
        if !self.later_verdict.fits() {
            remarks.push(format!(
                "a verdict may take {} hours, more than a job has: make trials shorter",
                self.later_verdict.time.as_secs() / 3600
            ));
        }
        remarks
    }
}

/// Puts the baseline before the published rule: if it decides without one trial, it always will. A metric that varies is
/// judged by ratios, to which zero gives no meaning.
fn require_decidable(case: &Case, steadiness: Steadiness) -> Result<(), Problem> {
    if let Step::Decided(decision) = Judgement::begin(case.clone()).next() {
        return Err(Problem::Undecidable(decision.reason));
    }
    if let Steadiness::Varies { least, greatest } = steadiness
        && least.signum() * greatest.signum() != 1
    {
        return Err(Problem::Undecidable(orv_protocol::judgement::Reason::ZeroOrSign));
    }
    Ok(())
}

/// The case of a first proposal against this baseline.
fn case(documents: &Documents, score: Score) -> Case {
    let Documents { protocol, project } = documents;
    Case {
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
    }
}
