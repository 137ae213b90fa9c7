//! What informs people and miners, and is enforced nowhere: eligibility apart.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::{FieldError, PositiveInteger, PositiveNumber};
use super::texts::{DateTime, Uri};

/// What is optimised.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Meta {
    /// Class of the project.
    pub archetype: Archetype,
    /// Only `eligible` may be mined and verified.
    pub eligibility: Eligibility,
    /// One line.
    pub purpose_statement: String,
    /// Where the code came from.
    pub repo: Option<UpstreamRepository>,
    /// Date and time, as written.
    pub created_at: Option<DateTime>,
    /// Date and time, as written.
    pub updated_at: Option<DateTime>,
    /// Hand-over id between upstream's skills.
    pub protocol_bundle_id: Option<String>,
}

/// Class of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum Archetype {
    MlTrain,
    RlLoop,
    BenchmarkOpt,
    BuildTest,
    SolverCompete,
    PipelineJob,
    InferenceServing,
    Unknown,
}

/// Whether the creator's review let the project through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eligibility {
    /// It may be mined and verified.
    Eligible,
    /// It could be, with a harness.
    NeedsHarness,
    /// It may not.
    Ineligible,
}

impl fmt::Display for Eligibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Eligibility::Eligible => "eligible",
            Eligibility::NeedsHarness => "needs_harness",
            Eligibility::Ineligible => "ineligible",
        })
    }
}

/// The repository that the project was made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct UpstreamRepository {
    pub owner: Option<String>,
    pub name: Option<String>,
    pub default_branch: Option<String>,
    pub clone_url: Option<Uri>,
}

/// Defaults of a miner's outer loop; a verifier has none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct MiningLoop {
    pub max_trials: Option<PositiveInteger>,
    /// Seconds.
    pub max_session_wall_seconds: Option<PositiveNumber>,
    pub max_consecutive_non_improvements: Option<PositiveInteger>,
    pub stop_after_successful_pr: Option<bool>,
    pub on_chain_project_id: Option<u64>,
}

/// Where results and their history are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// The notebook.
    pub results_log: ResultsLog,
    /// How a miner names and stages its commits.
    pub git_workflow: Option<GitWorkflow>,
    /// A mirror where the project is found.
    pub github_mirror: Option<GithubMirror>,
    /// Where the baseline's artifact lies.
    pub baseline_artifact_path: Option<String>,
}

/// A miner's notebook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResultsLog {
    /// Its format.
    pub format: ResultsFormat,
    /// Its place.
    pub path: String,
    /// Its columns, at least one.
    #[serde(deserialize_with = "super::fields::at_least_one")]
    pub columns: Vec<String>,
}

/// Formats of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of formats")]
pub enum ResultsFormat {
    Tsv,
    Csv,
    Jsonl,
}

/// How a miner names and stages its commits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct GitWorkflow {
    pub branch_pattern: Option<String>,
    pub commit_scope: Option<String>,
    pub path_prefix: Option<String>,
    pub staging_example: Option<String>,
}

/// A mirror where the project is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GithubMirror {
    /// `host/owner/repo`.
    pub repo: RepositoryName,
    /// Who owns the mirror.
    pub mode: MirrorMode,
    /// Whether improvements are merged without a person.
    pub auto_merge_accepted: Option<bool>,
}

/// `host/owner/repo`: three parts, none empty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RepositoryName(String);

impl RepositoryName {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() == 3 && parts.iter().all(|part| !part.is_empty()) {
            Ok(RepositoryName(text))
        } else {
            Err(FieldError::RepositoryName { given: text })
        }
    }
}

/// Who owns a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MirrorMode {
    /// The project.
    ProjectOwned,
    /// Upstream, by pull request.
    UpstreamPr,
}

/// What a miner does after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Safety {
    /// After running out of memory.
    pub oom_policy: Option<OomPolicy>,
    /// After a crash.
    pub crash_status: Option<CrashStatus>,
}

/// After running out of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum OomPolicy {
    ReduceBatch,
    Fail,
    Unknown,
}

/// After a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum CrashStatus {
    Crash,
    Discard,
    Retry,
}

/// Rules for a miner's agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct AgentRules {
    pub simplicity_criterion: Option<bool>,
    pub autonomy: Option<Autonomy>,
    pub experiment_timeout_notes: Option<String>,
    pub log_redirect_example: Option<String>,
}

/// How far an agent goes alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct Autonomy {
    pub no_ask_human_to_continue: Option<bool>,
}

/// Facts that only one class of project has; each block is open.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "one per archetype")]
pub struct ArchetypeExtensions {
    pub ml_train: Option<MlTrain>,
    pub build_test: Option<BuildTest>,
    pub rl_loop: Option<RlLoop>,
}

/// Facts of a training project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct MlTrain {
    pub data_snapshot: Option<String>,
    pub eval_tokens: Option<i64>,
    pub hardware_notes: Option<String>,
    /// Keys that upstream does not name.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Facts of a test project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct BuildTest {
    pub test_command: Option<String>,
    pub test_subset: Option<String>,
    pub flake_policy: Option<String>,
    /// Keys that upstream does not name.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Facts of a reinforcement-learning project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct RlLoop {
    pub env_id: Option<String>,
    pub episode_horizon: Option<i64>,
    pub num_seeds: Option<PositiveInteger>,
    /// Keys that upstream does not name.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}
