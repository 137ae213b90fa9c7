//! `openresearch.json`, which says what `protocol.json` has no field for (DESIGN 5.8). It lies at the root of the
//! benchmark archive; a project without one follows upstream's conventions.
//!
//! ```
//! use orv_protocol::MetricChannel;
//! use orv_protocol::project::ProjectManifest;
//!
//! let manifest = ProjectManifest::parse(br#"{
//!   "schema": "openresearch/1",
//!   "score": {"scale": "1000000", "sign": "negate-if-minimize"},
//!   "metric": {"noise_floor_bips": 50, "max_jump": "10"},
//!   "judge": {"command": ["python3", "/judge/judge.py"]},
//!   "candidate": {"command": ["python3", "solve.py"]}
//! }"#)?;
//! assert_eq!(manifest.channel(), MetricChannel::Split);
//! assert_eq!(ProjectManifest::upstream_conventions().channel(), MetricChannel::Shared);
//! # Ok::<(), orv_protocol::project::ProjectManifestError>(())
//! ```

use orv_content::Root;
use serde::{Deserialize, Deserializer, de::Error};

use crate::document::{ImageDigest, Protocol};
use crate::score::{Bips, Scale, SignRule, whole_number};
use crate::strict_json::{self, JsonError, Shape};
use crate::verdict::MetricChannel;

/// Longest manifest that is read, in bytes.
pub const LONGEST_MANIFEST: usize = 64 * 1024;

const SHAPE: Shape = Shape {
    longest: LONGEST_MANIFEST,
    open: &[],
    named_in_open: &[],
    lists: &["command"],
};

/// The manifest, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectManifest {
    /// How a metric becomes a score.
    pub score: ScoreRule,
    /// What is known of the metric.
    pub metric: MetricLimits,
    /// The image that trials run in.
    pub image: Option<ImageSource>,
    /// Bounds of a candidate.
    pub sizes: Sizes,
    /// The two commands of a split project; without them the project is shared.
    pub split: Option<SplitCommands>,
}

/// How a metric becomes a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRule {
    /// Score units per metric unit, written as a text.
    #[serde(deserialize_with = "scale")]
    pub scale: Scale,
    /// The sign of a minimised metric.
    pub sign: SignRule,
}

/// What is known of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricLimits {
    /// What the metric is.
    #[serde(default)]
    pub source: MetricSource,
    /// Least half-width of a timed interval, in basis points of the median ratio; at most 5000.
    #[serde(default, deserialize_with = "noise_floor")]
    pub noise_floor_bips: Option<Bips>,
    /// Most times better than the incumbent that is believed, at least 2, written as a text.
    #[serde(default, deserialize_with = "max_jump")]
    pub max_jump: Option<u64>,
}

/// What a trial's metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricSource {
    /// What was written: by a split project's judge on its metric channel, by a shared project's command where its
    /// protocol looks for it.
    #[default]
    Written,
    /// The nanoseconds of a split trial's windows by the runner's counter (DESIGN 5.6). The judge only says whether the
    /// answers were right: it sees its own time, without the candidate's.
    WindowTime,
}

/// The image that trials run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSource {
    /// Digest of its manifest, not of an index.
    pub manifest: ImageDigest,
    /// 0G root of its layout, where `benchmark.tar` does not carry it as `image/`.
    pub root: Option<Root>,
}

/// Bounds of a candidate. They narrow what the enclave's measured image allows, and never widen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Bytes of a candidate's files together.
    pub candidate_bytes: Option<u64>,
    /// Files of a candidate.
    pub candidate_entries: Option<u64>,
    /// Bytes that a trial may write.
    pub scratch_bytes: Option<u64>,
}

/// The two containers of a split project (DESIGN 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCommands {
    /// Writes the metric.
    pub judge: Vec<String>,
    /// Answers the judge's requests.
    pub candidate: Vec<String>,
}

/// Why bytes are not a project manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectManifestError {
    /// Not the document that the schema describes.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// One of the two commands of a split project is missing.
    #[error("{given} has a command and {missing} has none: a split project has both, a shared one neither")]
    HalfSplit {
        /// The block that is there.
        given: &'static str,
        /// The block that is not.
        missing: &'static str,
    },
    /// Only the windows of a split project have a time of their own.
    #[error("metric.source is window-time, and there is no judge: a shared project has no windows")]
    NoWindows,
}

/// Why a project's image cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Neither document pins one.
    #[error("neither protocol.json nor openresearch.json pins an image")]
    NotPinned,
    /// Each document pins another.
    #[error("protocol.json pins {protocol}, openresearch.json pins {manifest}")]
    Disagree {
        /// Digest in `protocol.json`.
        protocol: ImageDigest,
        /// Digest in `openresearch.json`.
        manifest: ImageDigest,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "schema")]
    _schema: Schema,
    score: ScoreRule,
    metric: Option<MetricLimits>,
    image: Option<ImageSource>,
    sizes: Option<Sizes>,
    judge: Option<Command>,
    candidate: Option<Command>,
}

#[derive(Deserialize)]
enum Schema {
    #[serde(rename = "openresearch/1")]
    First,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    #[serde(deserialize_with = "command")]
    command: Vec<String>,
}

impl ProjectManifest {
    /// Reads a manifest of at most [`LONGEST_MANIFEST`] bytes.
    ///
    /// # Errors
    /// [`ProjectManifestError`].
    pub fn parse(bytes: &[u8]) -> Result<ProjectManifest, ProjectManifestError> {
        let written: Written = strict_json::read(bytes, &SHAPE)?;
        let split = match (written.judge, written.candidate) {
            (Some(judge), Some(candidate)) => Some(SplitCommands {
                judge: judge.command,
                candidate: candidate.command,
            }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ProjectManifestError::HalfSplit {
                    given: "judge",
                    missing: "candidate",
                });
            }
            (None, Some(_)) => {
                return Err(ProjectManifestError::HalfSplit {
                    given: "candidate",
                    missing: "judge",
                });
            }
        };
        let metric = written.metric.unwrap_or_default();
        if metric.source == MetricSource::WindowTime && split.is_none() {
            return Err(ProjectManifestError::NoWindows);
        }
        Ok(ProjectManifest {
            score: written.score,
            metric,
            image: written.image,
            sizes: written.sizes.unwrap_or_default(),
            split,
        })
    }

    /// What a project without a manifest means: shared, scale 1 000 000, a minimised metric negated.
    pub fn upstream_conventions() -> ProjectManifest {
        ProjectManifest {
            score: ScoreRule {
                scale: Scale::UPSTREAM,
                sign: SignRule::NegateIfMinimize,
            },
            metric: MetricLimits::default(),
            image: None,
            sizes: Sizes::default(),
            split: None,
        }
    }

    /// Who writes the metric.
    pub fn channel(&self) -> MetricChannel {
        if self.split.is_some() {
            MetricChannel::Split
        } else {
            MetricChannel::Shared
        }
    }

    /// The image that both documents agree on; either may leave it out, not both.
    ///
    /// # Errors
    /// [`ImageError`]: neither pins one, or they disagree.
    pub fn image_digest(&self, protocol: &Protocol) -> Result<ImageDigest, ImageError> {
        let pinned = protocol
            .environment
            .sandbox
            .as_ref()
            .and_then(|sandbox| sandbox.image.as_ref());
        match (pinned.map(|image| image.digest), self.image.map(|image| image.manifest)) {
            (None, None) => Err(ImageError::NotPinned),
            (Some(protocol), Some(manifest)) if protocol != manifest => {
                Err(ImageError::Disagree { protocol, manifest })
            }
            (Some(digest), _) | (None, Some(digest)) => Ok(digest),
        }
    }
}

fn scale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scale, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn noise_floor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bips>, D::Error> {
    let given = u64::deserialize(deserializer)?;
    match u16::try_from(given) {
        Ok(bips) if bips <= 5_000 => Ok(Some(Bips(bips))),
        _ => Err(D::Error::custom(format!(
            "noise floor of {given} basis points is above 5000"
        ))),
    }
}

fn max_jump<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let given = String::deserialize(deserializer)?;
    match whole_number(&given) {
        Some(times) if times >= 2 => Ok(Some(times)),
        _ => Err(D::Error::custom(format!(
            "{given:?} is not a whole number of at least 2"
        ))),
    }
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words: Vec<String> = Vec::deserialize(deserializer)?;
    match words.first() {
        Some(program) if !program.is_empty() && words.iter().all(|word| !word.contains('\0')) => Ok(words),
        _ => Err(D::Error::custom("command names no program, or has a NUL in it")),
    }
}
