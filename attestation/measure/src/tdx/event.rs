//! What is written to a runtime measurement register.

use crate::Register;
use serde::Serialize;

/// One extension of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What was measured, in words.
    pub name: String,
    /// The digest by which the register is extended.
    pub digest: Register,
}

impl Event {
    pub(super) fn of(name: &str, data: &[u8]) -> Self {
        Self::with_digest(name, Register::digest([data]))
    }

    pub(super) fn with_digest(name: &str, digest: Register) -> Self {
        Self {
            name: name.to_owned(),
            digest,
        }
    }
}

/// The register after these events.
///
/// ```
/// assert!(orv_measure::tdx::replay(&[]).is_zero());
/// ```
pub fn replay(events: &[Event]) -> Register {
    let extend = |register: Register, event: &Event| register.extended_by(&event.digest.0);
    events.iter().fold(Register::ZERO, extend)
}
