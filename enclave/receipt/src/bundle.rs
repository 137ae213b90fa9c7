//! The bundle: everything that the verdict follows from, as one canonical document (DESIGN 5.9).
//!
//! Its 0G root is in the statement and becomes `metricsHash` on chain, so whoever has the bundle can follow the verdict
//! and whoever has the root can fetch the bundle.

use crate::advice::AdviceRecord;
use crate::cbor;
use crate::facts::{IncumbentFacts, ProjectFacts, ProposalFacts};
use crate::observation::Observation;
use alloy_primitives::{Address, B256};
use minicbor::{Decode, Encode};
use orv_content::Sha256;
use orv_protocol::seed::trial_seed;
use orv_protocol::surface::Difference;

/// The only version of the bundle's layout there is.
pub const BUNDLE_VERSION: u8 = 1;

/// What one job was given, drew and saw.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Bundle {
    /// [`BUNDLE_VERSION`].
    #[n(0)]
    pub version: u8,
    /// The ledger that the job was for.
    #[cbor(n(1), with = "cbor::address")]
    pub ledger: Address,
    /// The registry that the job was for.
    #[cbor(n(2), with = "cbor::address")]
    pub registry: Address,
    /// The gateway's ticket.
    #[cbor(n(3), with = "cbor::word")]
    pub ticket: B256,
    /// The project, as the host told it.
    #[n(4)]
    pub project: ProjectFacts,
    /// The proposal, as the host told it.
    #[n(5)]
    pub proposal: ProposalFacts,
    /// The best to beat, as the host told it.
    #[n(6)]
    pub incumbent: IncumbentFacts,
    /// protocol.json, verbatim up to its last byte that is not zero.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub protocol_json: Vec<u8>,
    /// openresearch.json, verbatim; absent where the benchmark has none.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub project_json: Option<Vec<u8>>,
    /// The archives of the job, in the order of [`Role`].
    #[n(9)]
    pub artifacts: Vec<Artifact>,
    /// The container image; absent where the job ended before one was read.
    #[n(10)]
    pub image: Option<ImageRecord>,
    /// Tree hash of the candidate as measured: its mutable surface in the project's own tree.
    #[cbor(n(11), with = "cbor::sha256")]
    pub candidate_tree: Sha256,
    /// What the candidate changed outside its mutable surface: undone, and told.
    #[n(12)]
    pub differences: Vec<DifferenceRecord>,
    /// The enclave's secret of this job, revealed: order of trials and seed are drawn from it.
    #[cbor(n(13), with = "cbor::word")]
    pub secret: B256,
    /// The seed that the judge was given.
    #[cbor(n(14), with = "cbor::word")]
    pub seed: B256,
    /// 0 simulated, 1 trusted counter, 2 weak counter.
    #[n(15)]
    pub platform_tier: u8,
    /// Every trial, in the order in which they ran.
    #[n(16)]
    pub trials: Vec<TrialReport>,
    /// Why no trial could be run or the job was cut short; absent where the trials alone decide.
    #[n(17)]
    pub obstacle: Option<Obstacle>,
    /// Protections of the container that were not active, by name; empty on a machine that has them all.
    #[n(18)]
    pub missing_protections: Vec<String>,
    /// Upstream's gates and red flags over what the candidate changed; absent where the job ended before a tree was
    /// laid out. It decides nothing.
    #[n(19)]
    pub advice: Option<AdviceRecord>,
    /// Why the incumbent's archive could not be unpacked or set up although its bytes are those of its hash; at most 1,024
    /// characters. It is then judged as one whose bytes are missing (docs/decisions/0015, 0017). Absent in every other case.
    #[n(20)]
    pub incumbent_unreadable: Option<String>,
}

/// Which archive an [`Artifact`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// The project's repository snapshot.
    #[n(0)]
    Snapshot,
    /// The benchmark bundle.
    #[n(1)]
    Benchmark,
    /// The incumbent's code.
    #[n(2)]
    Incumbent,
    /// The candidate's code.
    #[n(3)]
    Candidate,
}

impl Role {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "repository snapshot",
            Self::Benchmark => "benchmark bundle",
            Self::Incumbent => "incumbent's code",
            Self::Candidate => "candidate's code",
        }
    }
}

/// How the bytes were found to be those that the chain names (DESIGN 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Matched {
    /// By 0G root.
    #[n(0)]
    Root,
    /// By SHA-256.
    #[n(1)]
    Sha256,
}

/// One archive that the job read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Artifact {
    /// Which one.
    #[n(0)]
    pub role: Role,
    /// The hash that was asked for.
    #[cbor(n(1), with = "cbor::word")]
    pub hash: B256,
    /// How the bytes matched it.
    #[n(2)]
    pub matched: Matched,
    /// Length of the archive up to its canonical end, in bytes.
    #[n(3)]
    pub size: u64,
    /// Canonical tree hash of its files.
    #[cbor(n(4), with = "cbor::sha256")]
    pub tree: Sha256,
    /// Its files.
    #[n(5)]
    pub files: Vec<FileRecord>,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FileRecord {
    /// Path inside the archive.
    #[n(0)]
    pub path: String,
    /// Git mode: 0o100644, 0o100755 or 0o120000.
    #[n(1)]
    pub mode: u32,
    /// Size in bytes.
    #[n(2)]
    pub size: u64,
    /// SHA-256 of the content, for a symlink of its target.
    #[cbor(n(3), with = "cbor::sha256")]
    pub sha256: Sha256,
}

/// The container image, by its own documents.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ImageRecord {
    /// The image manifest, verbatim: its SHA-256 is the digest in openresearch.json.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub manifest: Vec<u8>,
    /// The image configuration, verbatim: its SHA-256 is in the manifest.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub config: Vec<u8>,
}

/// One file outside the mutable surface that the candidate had otherwise than the project.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DifferenceRecord {
    /// Path in the tree.
    #[n(0)]
    pub path: String,
    /// 1 changed, 2 deleted, 3 added, 4 of another kind, 5 an alias: the numbers of `orv_protocol::surface::DifferenceKind`.
    #[n(1)]
    pub kind: u8,
}

impl From<&Difference> for DifferenceRecord {
    fn from(difference: &Difference) -> Self {
        Self {
            path: difference.path.as_str().to_owned(),
            kind: difference.kind as u8,
        }
    }
}

/// One trial: which arm ran, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrialReport {
    /// 0 snapshot, 1 incumbent, 2 candidate, 3 shadow.
    #[n(0)]
    pub arm: u8,
    /// What was seen.
    #[n(1)]
    pub observation: Observation,
}

/// Why a job ended without its trials deciding. Never a reject (DESIGN 5.5).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Obstacle {
    /// A reason code of the published rule.
    #[n(0)]
    pub reason: String,
    /// What happened, for people; at most 1,024 characters.
    #[n(1)]
    pub detail: String,
}

impl Bundle {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads canonical bytes; anything else is refused.
    ///
    /// # Errors
    /// [`cbor::CanonicalError`]: not CBOR of this shape, or not its canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, cbor::CanonicalError> {
        cbor::decode_canonical(bytes)
    }

    /// The record of the same job without archives, image and trials, for one that is too long to be kept whole.
    pub fn emptied(self, obstacle: Obstacle) -> Self {
        let candidate_tree = Sha256([0; 32]);
        Self {
            project_json: None,
            artifacts: Vec::new(),
            image: None,
            candidate_tree,
            differences: Vec::new(),
            seed: B256::from(trial_seed(&candidate_tree, &self.ticket.0, &self.secret.0)),
            trials: Vec::new(),
            obstacle: Some(obstacle),
            advice: None,
            incumbent_unreadable: None,
            ..self
        }
    }

    /// The archive of a role, where the job read one.
    pub fn artifact(&self, role: Role) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.role == role)
    }
}
