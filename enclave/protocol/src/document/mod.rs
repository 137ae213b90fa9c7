//! `protocol.json` as the creator published it: every field of openresearch.md 3.1, strictly.
//!
//! Unknown keys are refused with their path at every level but beneath `archetypeExtensions.*`, which upstream leaves
//! open. What a field must be to be safe (a directory that stays inside, a pattern that compiles, an image that is
//! pinned) is part of its type, so a [`Protocol`] that exists has passed it.

mod about;
mod boundary;
mod environment;
mod execution;
mod fields;
mod measurement;
mod texts;

use serde::Deserialize;

use crate::strict_json::{self, JsonError, Shape};
use crate::verdict::MetricChannel;

pub use about::{
    AgentRules, Archetype, ArchetypeExtensions, Autonomy, BuildTest, CrashStatus, Eligibility, GitWorkflow,
    GithubMirror, Meta, MiningLoop, MirrorMode, MlTrain, OomPolicy, Provenance, RepositoryName, ResultsFormat,
    ResultsLog, RlLoop, Safety, UpstreamRepository,
};
pub use boundary::{EditKind, ImmutableHarness, MutableSurface};
pub use environment::{Constraints, Environment, NetworkPolicy, Sandbox, SetupCommand, SetupTool};
pub use execution::{
    Determinism, Execution, SeedBits, SeedDerivation, SeedMode, SeedPolicy, StopCondition, StopConditionType,
};
pub use fields::{
    FieldError, ImageDigest, NonEmpty, NonNegativeNumber, PinnedImage, PositiveInteger, PositiveNumber,
    RelativeDirectory, TimeLimit, VariableName,
};
pub use measurement::{
    Aggregator, BaselinePolicy, Extract, ExtractKind, ExtractRule, Measurement, PrimaryMetric, Sampling,
    SecondaryMetric,
};
pub use texts::{CpuCount, DateTime, Host, MemorySize, Uri};

/// Longest document that is read, in bytes.
pub const LONGEST_DOCUMENT: usize = 1024 * 1024;

const SHAPE: Shape = Shape {
    longest: LONGEST_DOCUMENT,
    open: &["archetypeExtensions"],
    named_in_open: &[
        "dataSnapshot",
        "evalTokens",
        "hardwareNotes",
        "testCommand",
        "testSubset",
        "flakePolicy",
        "envId",
        "episodeHorizon",
        "numSeeds",
    ],
    lists: &[
        "osHints",
        "packageManagers",
        "setupCommands",
        "args",
        "assetPrep",
        "networkAllowlist",
        "allowedGlobs",
        "forbiddenGlobs",
        "allowedKinds",
        "paths",
        "sourcePaths",
        "secondaryMetrics",
        "columns",
    ],
};

/// Why bytes are not a protocol document.
pub type ProtocolError = JsonError;

/// A protocol document (openresearch.md 3.1). Field names are upstream's, in Rust's spelling.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Protocol {
    /// Always `protocol`; a discovery draft is another document.
    pub schema_kind: SchemaKind,
    /// Upstream's readers must not tell features by it (openresearch.md 3.3).
    pub protocol_version: ProtocolVersion,
    /// What is optimised and where it came from.
    pub meta: Meta,
    /// How the tree is prepared, and inside what.
    pub environment: Environment,
    /// Where a candidate may differ from the project.
    pub mutable_surface: MutableSurface,
    /// The judge's files, which no candidate touches.
    pub immutable_harness: ImmutableHarness,
    /// What is run, where, for how long.
    pub execution: Execution,
    /// What the run is measured by.
    pub measurement: Measurement,
    /// Defaults of a miner's outer loop.
    pub mining_loop: Option<MiningLoop>,
    /// Where a miner keeps its notebook.
    pub provenance: Provenance,
    /// What a miner does after a crash.
    pub safety: Safety,
    /// Rules for a miner's agent.
    pub agent_rules: AgentRules,
    /// Facts that only one class of project has.
    pub archetype_extensions: Option<ArchetypeExtensions>,
}

/// The discriminator of upstream's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SchemaKind {
    /// A complete protocol.
    #[serde(rename = "protocol")]
    Protocol,
}

/// Versions that upstream has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ProtocolVersion {
    /// The first.
    #[serde(rename = "1.0")]
    V1_0,
    /// Adds network allow list, structured setup and the sandbox block.
    #[serde(rename = "1.1")]
    V1_1,
}

/// Why no verdict is possible under this protocol, whatever the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJudgeable {
    /// Only `eligible` projects are mined and verified.
    #[error("project is {0}, only eligible ones are judged")]
    NotEligible(Eligibility),
    /// Trials have no network.
    #[error("protocol demands a network, trials have none")]
    NetworkDemanded,
    /// The metric of a shared project would be found in a way that only its creator knows.
    #[error("extraction of kind {0} is not performed: nobody but the creator knows how")]
    ExtractionUnsupported(ExtractKind),
}

impl Protocol {
    /// Reads a document of at most [`LONGEST_DOCUMENT`] bytes.
    ///
    /// # Errors
    /// [`ProtocolError`], which names the path inside the document where there is one.
    pub fn parse(bytes: &[u8]) -> Result<Protocol, ProtocolError> {
        strict_json::read(bytes, &SHAPE)
    }

    /// Whether trials under this protocol can lead to a verdict at all. A split project's metric comes from its judge,
    /// so how the protocol would have extracted it does not matter there.
    ///
    /// # Errors
    /// [`NotJudgeable`], the first cause.
    pub fn judgeable(&self, channel: MetricChannel) -> Result<(), NotJudgeable> {
        if self.meta.eligibility != Eligibility::Eligible {
            return Err(NotJudgeable::NotEligible(self.meta.eligibility));
        }
        if self.environment.constraints.network_policy == Some(NetworkPolicy::Full) {
            return Err(NotJudgeable::NetworkDemanded);
        }
        let kind = self.measurement.primary_metric.extract.kind();
        if channel == MetricChannel::Shared && kind == ExtractKind::Custom {
            return Err(NotJudgeable::ExtractionUnsupported(kind));
        }
        Ok(())
    }
}
