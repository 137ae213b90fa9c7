//! Figures for people, derived from the trials on record: the candidate's absolute figure by upstream's own sampling,
//! and the protocol's secondary metrics. They decide nothing, and no trial fails for want of one.

use orv_protocol::document::SecondaryMetric;
use orv_protocol::judgement::{Arm, TrialOutcome};
use orv_protocol::metric::{Decimal, MetricError, extract};
use orv_protocol::sampling::{Figure, Plan, Quotient};
use orv_protocol::score::{Direction, Score};
use orv_protocol::{MetricChannel, MetricKind};

use crate::bundle::{Bundle, TrialReport};
use crate::observation::Observation;
use crate::rule::{Documents, RuleError, arm_of, decide};

/// What upstream's harness would have made of the candidate's trials, taken as its runs in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsoluteFigure {
    /// Aggregate, spread, and how many trials counted.
    pub figure: Figure,
    /// Runs that upstream's sampling asks for after its warm-ups.
    pub asked: u64,
    /// Whether upstream's comparison would have called the candidate better than the score on chain.
    pub improves: bool,
}

/// A secondary metric over all trials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondaryFigure {
    /// Its name in the protocol.
    pub name: String,
    /// Which way it improves.
    pub direction: Direction,
    /// What each trial gave, in order; without an extraction in the protocol there is nothing to look for.
    pub trials: Vec<(Arm, Result<Decimal, MetricError>)>,
}

/// The candidate's absolute figure; `None` where too few of its trials gave a metric. Trials beside a competing load
/// count only where the metric is exact: there the load changes nothing, elsewhere it is no run of upstream's.
///
/// # Errors
/// [`RuleError`]: a document is refused, or a trial names no arm.
pub fn absolute(bundle: &Bundle) -> Result<Option<AbsoluteFigure>, RuleError> {
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref())?;
    let measurement = &documents.protocol.measurement;
    let plan = Plan::of(measurement);
    let exact = decide(bundle).is_ok_and(|decision| decision.kind == MetricKind::Exact);
    let counted = |trial: &TrialReport| exact || trial.observation.conditions.load_nanoseconds == 0;
    let mut metrics = Vec::new();
    for (arm, trial) in arms(bundle)? {
        if let (Arm::Candidate, true, TrialOutcome::Metric(metric)) =
            (arm, counted(trial), trial.observation.outcome(&documents))
        {
            metrics.push(metric);
        }
    }
    let direction = measurement.primary_metric.direction;
    let incumbent = Quotient::of_score(Score(bundle.incumbent.score), documents.project.score.scale, direction);
    Ok(plan.figure(&metrics).map(|figure| AbsoluteFigure {
        improves: figure
            .aggregate
            .improves_on(&incumbent, measurement.margin(), direction),
        figure,
        asked: plan.measured,
    }))
}

/// The secondary metrics of the protocol, in its order, of every trial, also of one that does not count.
///
/// # Errors
/// As [`absolute`].
pub fn secondary(bundle: &Bundle) -> Result<Vec<SecondaryFigure>, RuleError> {
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref())?;
    let arms = arms(bundle)?;
    let channel = documents.project.channel();
    let figure = |metric: &SecondaryMetric| SecondaryFigure {
        name: metric.name.clone(),
        direction: metric.direction,
        trials: arms
            .iter()
            .filter_map(|(arm, trial)| Some((*arm, secondary_of(metric, &trial.observation, channel)?)))
            .collect(),
    };
    let metrics = documents.protocol.measurement.secondary_metrics.as_deref();
    Ok(metrics.unwrap_or_default().iter().map(figure).collect())
}

/// A secondary metric of one trial; nothing where the protocol does not say how to find it.
pub fn secondary_of(
    metric: &SecondaryMetric,
    observation: &Observation,
    channel: MetricChannel,
) -> Option<Result<Decimal, MetricError>> {
    let rule = metric.extract.as_ref()?;
    Some(extract(rule, printed(observation, channel)))
}

/// Where secondary metrics are looked for: in all that a shared project's process printed, of a split project's judge in
/// the last bytes that are kept.
fn printed(observation: &Observation, channel: MetricChannel) -> &[u8] {
    match channel {
        MetricChannel::Shared => &observation.metric,
        MetricChannel::Split => &observation.measured.log,
    }
}

fn arms(bundle: &Bundle) -> Result<Vec<(Arm, &TrialReport)>, RuleError> {
    let numbered = |(index, trial): (usize, _)| {
        let trial: &TrialReport = trial;
        let number = trial.arm;
        let arm = arm_of(number).ok_or(RuleError::Arm { index, number })?;
        Ok((arm, trial))
    };
    bundle.trials.iter().enumerate().map(numbered).collect()
}
