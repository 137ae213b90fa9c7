//! From a bundle to the decision and the statement: the published rule, applied to the record.
//!
//! The enclave calls this to make its statement, the auditor calls it to check one: there is no second way.

use crate::bundle::{Bundle, Obstacle, TrialReport};
use crate::statement::Run;
use alloy_primitives::B256;
use orv_content::Root;
use orv_protocol::document::{Protocol, ProtocolError};
use orv_protocol::judgement::{
    Arm, Case, Decision, IncumbentSource, Judgement, Reason, ReplayError, Speed, Step, TrialRecord,
};
use orv_protocol::project::{ProjectManifest, ProjectManifestError};
use orv_protocol::score::Score;
use orv_protocol::{MetricChannel, MetricKind, PlatformTier, RULE_VERSION, UnknownNumber, Verdict};

/// Why a bundle decides nothing.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// protocol.json cannot be used.
    #[error("protocol.json: {0}")]
    Protocol(#[from] ProtocolError),
    /// openresearch.json cannot be used.
    #[error("openresearch.json: {0}")]
    Project(#[from] ProjectManifestError),
    /// The tier is none of the known ones.
    #[error(transparent)]
    Tier(#[from] UnknownNumber),
    /// The trials are not those that the rule runs.
    #[error(transparent)]
    Order(#[from] ReplayError),
    /// A trial names no arm.
    #[error("trial {index} names arm {number}, which does not exist")]
    Arm {
        /// Index of the trial, from 0.
        index: usize,
        /// The number on record.
        number: u8,
    },
    /// The record ends before the decision, and no obstacle says why.
    #[error("the record ends before a decision, at trial {0}")]
    Unfinished(usize),
    /// A trial has no process of the candidate's in a split project, or what only a split project has.
    #[error("trial {0} is not one of the project's metric channel")]
    Channel(usize),
    /// A competing load ran where none was due, or none ran where one was.
    #[error("trial {0} was not run at the speed that the rule asks for")]
    Speed(usize),
    /// An obstacle is on record although the trials decide.
    #[error("an obstacle is recorded, and the {0} trials decide without it")]
    Obscured(usize),
    /// The obstacle names a reason that is no obstacle.
    #[error("the obstacle's reason {0:?} is not an inconclusive one")]
    Obstacle(String),
}

/// The parsed documents of a project.
#[derive(Debug)]
pub struct Documents {
    /// protocol.json.
    pub protocol: Protocol,
    /// openresearch.json, or upstream's conventions where there is none.
    pub project: ProjectManifest,
}

impl Documents {
    /// Parses both documents.
    ///
    /// # Errors
    /// [`RuleError::Protocol`] and [`RuleError::Project`].
    pub fn parse(protocol_json: &[u8], project_json: Option<&[u8]>) -> Result<Self, RuleError> {
        let project = match project_json {
            Some(bytes) => ProjectManifest::parse(bytes)?,
            None => ProjectManifest::upstream_conventions(),
        };
        Ok(Self {
            protocol: Protocol::parse(protocol_json)?,
            project,
        })
    }
}

/// The case that a bundle puts before the rule.
///
/// # Errors
/// [`RuleError::Tier`].
pub fn case_of(bundle: &Bundle, documents: &Documents) -> Result<Case, RuleError> {
    let tier = PlatformTier::try_from(bundle.platform_tier)?;
    let incumbent_source = if bundle.incumbent.code_hash == B256::ZERO {
        IncumbentSource::Snapshot
    } else if bundle.artifact(crate::Role::Incumbent).is_some() {
        IncumbentSource::Code
    } else {
        IncumbentSource::MissingBytes
    };
    let Documents { protocol, project } = documents;
    Ok(Case {
        direction: protocol.measurement.primary_metric.direction,
        sign_rule: project.score.sign,
        scale: project.score.scale,
        margin: protocol.measurement.margin(),
        noise_floor: project.metric.noise_floor_bips,
        max_jump: project.metric.max_jump,
        baseline: Score(bundle.project.baseline_score),
        incumbent: Score(bundle.incumbent.score),
        incumbent_source,
        channel: project.channel(),
        tier,
        secret: bundle.secret.0,
    })
}

/// What the record decides.
///
/// # Errors
/// [`RuleError`]: a document is refused, or the trials are not those that the rule runs and ends with.
pub fn decide(bundle: &Bundle) -> Result<Decision, RuleError> {
    let trials = bundle.trials.len();
    match &bundle.obstacle {
        Some(obstacle) if trials == 0 => obstructed(obstacle),
        Some(obstacle) => match replayed(bundle)? {
            Step::Decided(_) => Err(RuleError::Obscured(trials)),
            Step::Run(_) => obstructed(obstacle),
        },
        None => match replayed(bundle)? {
            Step::Decided(decision) => Ok(decision),
            Step::Run(_) => Err(RuleError::Unfinished(trials)),
        },
    }
}

/// What the rule does after the trials on record.
fn replayed(bundle: &Bundle) -> Result<Step, RuleError> {
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref())?;
    let records = records_of(bundle, &documents)?;
    let case = case_of(bundle, &documents)?;
    let judgement = Judgement::replay(case, &records)?;
    for (index, trial) in bundle.trials.iter().enumerate() {
        let beside_load = trial.observation.conditions.load_nanoseconds > 0;
        if beside_load != (judgement.speed_of(index) == Speed::Hindered) {
            return Err(RuleError::Speed(index));
        }
    }
    Ok(judgement.next())
}

/// The trials on record as the rule sees them.
fn records_of(bundle: &Bundle, documents: &Documents) -> Result<Vec<TrialRecord>, RuleError> {
    let channel = documents.project.channel();
    let record = |(index, trial): (usize, &TrialReport)| {
        let arm = arm_of(trial.arm).ok_or(RuleError::Arm {
            index,
            number: trial.arm,
        })?;
        if !trial.observation.is_of(channel) {
            return Err(RuleError::Channel(index));
        }
        Ok(TrialRecord {
            arm,
            outcome: trial.observation.outcome(documents),
        })
    };
    bundle.trials.iter().enumerate().map(record).collect()
}

/// The arm of a number in a bundle.
pub fn arm_of(number: u8) -> Option<Arm> {
    [Arm::Snapshot, Arm::Incumbent, Arm::Candidate, Arm::Shadow]
        .into_iter()
        .find(|arm| *arm as u8 == number)
}

/// A job that was cut short is inconclusive, whatever its trials say.
fn obstructed(obstacle: &Obstacle) -> Result<Decision, RuleError> {
    let reason = Reason::all()
        .iter()
        .copied()
        .find(|reason| reason.code() == obstacle.reason && reason.verdict() == Verdict::Inconclusive)
        .ok_or_else(|| RuleError::Obstacle(obstacle.reason.clone()))?;
    Ok(Decision::inconclusive(MetricKind::Timed, reason))
}

/// The one statement that a bundle supports, for a key whose envelope has this root.
///
/// # Errors
/// [`RuleError`], as [`decide`].
pub fn statement_of(bundle: &Bundle, bundle_root: Root, evidence_root: Root) -> Result<Run, RuleError> {
    let decision = decide(bundle)?;
    let (margin_bips, metric_channel) = terms_of(bundle)?;
    let tier = PlatformTier::try_from(bundle.platform_tier)?;
    Ok(Run {
        ledger: bundle.ledger,
        registry: bundle.registry,
        ticket: bundle.ticket,
        project_id: bundle.project.id,
        proposal_id: bundle.proposal.id,
        project_digest: bundle.project.digest(),
        proposal_digest: bundle.proposal.digest(),
        incumbent_code_hash: bundle.incumbent.code_hash,
        incumbent_score: bundle.incumbent.score,
        verdict: decision.verdict.into(),
        reason: B256::from(decision.reason.bytes32()),
        score: decision.score.0,
        lower: decision.lower.0,
        upper: decision.upper.0,
        margin_bips,
        metric_kind: decision.kind.into(),
        metric_channel,
        platform_tier: tier.into(),
        rule_version: RULE_VERSION,
        bundle_root: B256::from(bundle_root.0),
        evidence_root: B256::from(evidence_root.0),
    })
}

/// Margin and channel of the project; a job cut short before its documents could be read has neither.
fn terms_of(bundle: &Bundle) -> Result<(u16, u8), RuleError> {
    match Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()) {
        Ok(documents) => Ok((
            documents.protocol.measurement.margin().0,
            documents.project.channel().into(),
        )),
        Err(_) if bundle.obstacle.is_some() => Ok((0, MetricChannel::Shared.into())),
        Err(error) => Err(error),
    }
}
