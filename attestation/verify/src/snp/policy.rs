//! What a policy asks of an SNP report beyond what every platform has.

use serde::{Deserialize, Serialize};

/// What authentic SNP claims must meet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SnpPolicy {}
