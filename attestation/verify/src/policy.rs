//! What a verifier asks of authentic evidence.

use serde::{Deserialize, Serialize};

use crate::PlatformTier;

/// What authentic evidence must meet beside its binding. `None` means that the check is skipped, and the skipped check
/// is listed as such. Debug mode has no switch: it is never acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The measurements that count.
    pub measurements: Option<Vec<AllowedMeasurement>>,
    /// The platform tiers that count.
    pub tiers: Option<Vec<PlatformTier>>,
    /// How old a document may be, in seconds.
    pub maximum_age: Option<u64>,
}

/// A measurement that counts, with the name of what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedMeasurement {
    /// As [`crate::measurement_id`] gives it; in JSON `0x` and 64 digits.
    #[serde(with = "crate::hexadecimal")]
    pub id: [u8; 32],
    /// For a person, such as a release's name.
    pub name: String,
}

impl Policy {
    /// Skips every check that a policy can skip.
    pub const fn unrestricted() -> Self {
        Self {
            measurements: None,
            tiers: None,
            maximum_age: None,
        }
    }
}
