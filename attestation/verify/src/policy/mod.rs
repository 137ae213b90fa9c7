//! What a verifier asks of authentic evidence.

mod document;
mod foreign;
mod judge;
mod measurement;
mod strict;

pub use document::{MAXIMUM_POLICY, PolicyDocument, PolicyError};
pub use measurement::{AllowedMeasurement, AmbiguousMeasurement, Counter, MeasuredIdentity, RegisterValues};

pub(crate) use judge::latest;

use serde::{Deserialize, Serialize};

use crate::{PlatformTier, SnpPolicy, TdxPolicy};

/// What authentic evidence must meet beside its binding.
///
/// [`Policy::built_in`] is the one without a file: every check that knows a right answer for everybody is made, and
/// those that ask who somebody is, the measurement before all, are skipped and listed as skipped. Debug mode has no
/// switch: it is never acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The measurements that count; without a list any does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Vec<AllowedMeasurement>>,
    /// The platform tiers that count; without a list all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<PlatformTier>>,
    /// How old a document may be, in seconds, where a platform's evidence names its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u64>,
    /// How long, in seconds, the collateral must still be valid. What remains is always told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_remaining: Option<u64>,
    /// What TDX quotes must meet.
    #[serde(skip_serializing_if = "is_default")]
    pub tdx: TdxPolicy,
    /// What SNP reports must meet.
    #[serde(skip_serializing_if = "is_default")]
    pub snp: SnpPolicy,
}

impl Policy {
    /// The policy without a file: see the type.
    pub fn built_in() -> Self {
        Self::default()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
