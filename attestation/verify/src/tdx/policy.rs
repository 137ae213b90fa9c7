//! What a policy asks of a TDX quote beyond what every platform has.

use serde::{Deserialize, Serialize};

/// What authentic TDX claims must meet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TdxPolicy {}
