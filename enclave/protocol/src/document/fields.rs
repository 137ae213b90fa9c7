//! Types of fields that a document may not fill freely.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// Why a field's value is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what its field is")]
pub enum FieldError {
    #[error("list is empty")]
    EmptyList,
    #[error("{count} patterns, at most {MOST_PATTERNS} are read")]
    TooManyPatterns { count: usize },
    #[error("pattern of {length} bytes, between 1 and {LONGEST_PATTERN} are read")]
    GlobLength { length: usize },
    #[error("text is empty")]
    EmptyText,
    #[error("{given} is not a whole number of at least one")]
    NotPositive { given: u64 },
    #[error("{given} is below {least}")]
    BelowLeast { given: f64, least: f64 },
    #[error("time limit of {given} seconds is not between 1 and {}", TimeLimit::LONGEST_SECONDS)]
    TimeLimit { given: f64 },
    #[error("directory {given:?} is not relative and inside")]
    Directory { given: String },
    #[error("image {given:?} is not name@sha256:digest")]
    ImageNotPinned { given: String },
    #[error("{given:?} is not sha256: and 64 lowercase hexadecimal digits")]
    Digest { given: String },
    #[error("{given:?} is no name of an environment variable")]
    VariableName { given: String },
    #[error("{given:?} is not host/owner/repo")]
    RepositoryName { given: String },
    #[error("seed of {given} bits, only 32 and 64 exist")]
    SeedBits { given: u64 },
    #[error("margin of {given} basis points is above 10000")]
    Margin { given: u64 },
    #[error("extraction by regex needs a pattern")]
    NoPattern,
    #[error("{given:?} is not {what}")]
    Form { given: String, what: &'static str },
    #[error("extraction by json_pointer needs a jsonPointer")]
    NoPointer,
    #[error("{given:?} is no JSON pointer: / before each part, ~0 for ~ and ~1 for / inside, at most 1024 bytes")]
    Pointer { given: String },
}

/// A list with something in it.
pub(super) fn at_least_one<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let items = Vec::deserialize(deserializer)?;
    if items.is_empty() {
        Err(D::Error::custom(FieldError::EmptyList))
    } else {
        Ok(items)
    }
}

/// Most file patterns of one list: matching all of them against all paths of a tree must end soon.
const MOST_PATTERNS: usize = 256;
/// Longest file pattern, in bytes.
const LONGEST_PATTERN: usize = 256;

/// File patterns, few and short.
pub(super) fn globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns: Vec<String> = Vec::deserialize(deserializer)?;
    if patterns.len() > MOST_PATTERNS {
        return Err(D::Error::custom(FieldError::TooManyPatterns { count: patterns.len() }));
    }
    let length = patterns
        .iter()
        .map(String::len)
        .find(|length| *length == 0 || *length > LONGEST_PATTERN);
    match length {
        Some(length) => Err(D::Error::custom(FieldError::GlobLength { length })),
        None => Ok(patterns),
    }
}

/// File patterns, at least one.
pub(super) fn at_least_one_glob<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns = globs(deserializer)?;
    if patterns.is_empty() {
        Err(D::Error::custom(FieldError::EmptyList))
    } else {
        Ok(patterns)
    }
}

/// File patterns that may be left out.
pub(super) fn optional_globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    globs(deserializer).map(Some)
}

/// A text with something in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NonEmpty(String);

impl NonEmpty {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NonEmpty {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        if text.trim().is_empty() {
            Err(FieldError::EmptyText)
        } else {
            Ok(NonEmpty(text))
        }
    }
}

/// A whole number of at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct PositiveInteger(u64);

impl PositiveInteger {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for PositiveInteger {
    type Error = FieldError;

    fn try_from(given: u64) -> Result<Self, FieldError> {
        if given == 0 {
            Err(FieldError::NotPositive { given })
        } else {
            Ok(PositiveInteger(given))
        }
    }
}

macro_rules! number_from {
    ($name:ident, $least:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
        #[serde(try_from = "f64")]
        pub struct $name(f64);

        impl $name {
            /// The number; it informs and decides nothing.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = FieldError;

            fn try_from(given: f64) -> Result<Self, FieldError> {
                if given >= $least {
                    Ok($name(given))
                } else {
                    Err(FieldError::BelowLeast { given, least: $least })
                }
            }
        }
    };
}

number_from!(PositiveNumber, 1.0, "A number of at least one.");
number_from!(NonNegativeNumber, 0.0, "A number of at least zero.");

/// The kill switch of a run: whole seconds, rounded as upstream's harness rounds (half to even, openresearch.md 4.1).
/// Zero, which upstream takes for no limit, cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub struct TimeLimit(Duration);

impl TimeLimit {
    /// Longest limit that is read, in seconds: a week, the ledger's own deadline.
    pub const LONGEST_SECONDS: u32 = 604_800;

    /// The limit.
    pub fn get(self) -> Duration {
        self.0
    }
}

impl TryFrom<f64> for TimeLimit {
    type Error = FieldError;

    fn try_from(given: f64) -> Result<Self, FieldError> {
        if (1.0..=f64::from(TimeLimit::LONGEST_SECONDS)).contains(&given) {
            Ok(TimeLimit(Duration::from_secs_f64(given.round_ties_even())))
        } else {
            Err(FieldError::TimeLimit { given })
        }
    }
}

/// A directory beneath the tree, without `..`, `.` and doubled slashes; the tree itself is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RelativeDirectory(String);

impl RelativeDirectory {
    /// Relative to the tree, no slash at either end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RelativeDirectory {
    type Error = FieldError;

    fn try_from(given: String) -> Result<Self, FieldError> {
        let escapes = given.starts_with('/') || given.split('/').any(|part| part == "..");
        if given.is_empty() || escapes || given.chars().any(|letter| letter.is_control() || letter == '\\') {
            return Err(FieldError::Directory { given });
        }
        let parts: Vec<&str> = given
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        Ok(RelativeDirectory(parts.join("/")))
    }
}

/// Digest of an image manifest, `sha256:` and 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ImageDigest(pub [u8; 32]);

impl FromStr for ImageDigest {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let refused = || FieldError::Digest {
            given: text.chars().take(80).collect(),
        };
        let digits = text.strip_prefix("sha256:").ok_or_else(refused)?.as_bytes();
        let mut digest = [0; 32];
        if digits.len() != digest.len() * 2 {
            return Err(refused());
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0_u8, |byte, digit| match digit {
                b'0'..=b'9' => Ok(byte << 4 | (digit - b'0')),
                b'a'..=b'f' => Ok(byte << 4 | (digit - b'a' + 10)),
                _ => Err(refused()),
            })?;
        }
        Ok(ImageDigest(digest))
    }
}

impl TryFrom<String> for ImageDigest {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        text.parse()
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// An image that cannot change under its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PinnedImage {
    /// Name in a registry, for people: nothing is pulled by it.
    pub name: String,
    /// What the image is.
    pub digest: ImageDigest,
}

impl TryFrom<String> for PinnedImage {
    type Error = FieldError;

    fn try_from(given: String) -> Result<Self, FieldError> {
        let parts = given
            .split_once('@')
            .map(|(name, digest)| (name.to_owned(), digest.parse()));
        match parts {
            Some((name, Ok(digest))) if !name.is_empty() => Ok(PinnedImage { name, digest }),
            _ => Err(FieldError::ImageNotPinned { given }),
        }
    }
}

/// Name of an environment variable: a letter or `_`, then letters, digits and `_`; at most 64.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct VariableName(String);

impl VariableName {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = FieldError;

    fn try_from(given: String) -> Result<Self, FieldError> {
        let letters = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let first = given.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if letters && first && given.len() <= 64 {
            Ok(VariableName(given))
        } else {
            Err(FieldError::VariableName { given })
        }
    }
}
