//! What is run, where, for how long, and with which seed.

use serde::Deserialize;

use super::fields::{NonEmpty, NonNegativeNumber, PositiveInteger, RelativeDirectory, TimeLimit, VariableName};

/// What is run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Execution {
    /// One line for `bash -c`.
    pub command: NonEmpty,
    /// Beneath the tree.
    pub cwd: RelativeDirectory,
    /// What ends a run by itself.
    pub stop_condition: StopCondition,
    /// What ends it otherwise.
    pub hard_timeout_seconds: TimeLimit,
    /// Seeds.
    pub determinism: Option<Determinism>,
}

/// What ends a run by itself; informs, the time limit enforces.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct StopCondition {
    #[serde(rename = "type")]
    pub kind: StopConditionType,
    /// Seconds.
    pub training_seconds_budget: Option<NonNegativeNumber>,
    pub exclude_compilation_from_budget: Option<bool>,
    pub max_steps: Option<PositiveInteger>,
    pub epochs: Option<PositiveInteger>,
    pub notes: Option<String>,
}

/// What ends a run by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum StopConditionType {
    WallClock,
    MaxSteps,
    Epochs,
    UntilMetric,
    FixedSuite,
}

/// Seeds of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Determinism {
    /// Informs.
    pub seed_policy: Option<SeedPolicy>,
    /// How a seed is found.
    pub seed_derivation: Option<SeedDerivation>,
    /// Prose.
    pub notes: Option<String>,
}

/// Whether a run needs a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum SeedPolicy {
    Optional,
    Required,
}

/// How a seed is found (openresearch.md 4.6). Left out, a field means what upstream's code does then.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedDerivation {
    /// The way.
    pub mode: SeedMode,
    /// Variable that hands it to the run, `ARAH_TRIAL_SEED` where left out.
    pub env_var: Option<VariableName>,
    /// The seed of mode `fixed`, 0 where left out.
    pub fixed_seed: Option<u64>,
    /// Its width, 64 where left out.
    pub seed_bits: Option<SeedBits>,
    /// Globs of the files that are hashed, the allowed globs where left out.
    #[serde(default, deserialize_with = "super::fields::optional_globs")]
    pub source_paths: Option<Vec<String>>,
    /// Hashed first, empty where left out.
    pub salt: Option<String>,
    /// Prose.
    pub notes: Option<String>,
}

/// Ways to find a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedMode {
    /// No seed.
    None,
    /// Always the same.
    Fixed,
    /// From the candidate's own files; it can be ground, and a receipt says so.
    FiatShamir,
}

/// Width of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u64")]
pub enum SeedBits {
    /// 32 bits.
    ThirtyTwo,
    /// 64 bits.
    #[default]
    SixtyFour,
}

impl TryFrom<u64> for SeedBits {
    type Error = super::FieldError;

    fn try_from(bits: u64) -> Result<Self, Self::Error> {
        match bits {
            32 => Ok(SeedBits::ThirtyTwo),
            64 => Ok(SeedBits::SixtyFour),
            given => Err(super::FieldError::SeedBits { given }),
        }
    }
}
