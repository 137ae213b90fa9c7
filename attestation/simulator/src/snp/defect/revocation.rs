//! What can be wrong with a revocation list.

use orv_evidence::UnixTime;

use super::{DAY, Draft, Evidence};
use crate::x509::{RevocationList, SimulatorError};

/// What is wrong by the root's revocation list, or with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationDefect {
    /// The intermediate is revoked.
    RevokedIntermediate,
    /// The list ended an hour ago.
    Expired,
    /// It begins tomorrow.
    Future,
    /// It names the root, and the ASVK signed it.
    Foreign,
    /// A bit of its signature is flipped.
    Altered,
    /// It is cut short.
    Truncated,
}

impl RevocationDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::RevokedIntermediate,
        Self::Expired,
        Self::Future,
        Self::Foreign,
        Self::Altered,
        Self::Truncated,
    ];

    pub(super) fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        let draft = Draft::usual(now)?;
        let mut list = list(now);
        let mut signer = draft.vendor.ark.clone();
        match self {
            Self::RevokedIntermediate => list.serial_numbers.push(draft.vendor.ask.serial_number()),
            Self::Expired => list.next_update = now.minus_seconds(3600),
            Self::Future => list.this_update = now.plus_seconds(DAY),
            Self::Foreign => signer.key = draft.vendor.asvk.key.clone(),
            Self::Altered | Self::Truncated => {}
        }
        let mut bytes = signer.publish(&list)?;
        match (self, bytes.pop()) {
            (Self::Truncated, _) | (_, None) => {}
            (Self::Altered, Some(last)) => bytes.push(last ^ 1),
            (_, Some(last)) => bytes.push(last),
        }
        let mut evidence = draft.finish()?;
        evidence.revocation_lists = vec![bytes];
        Ok(evidence)
    }
}

/// Nothing revoked, issued yesterday, due in a month.
pub(super) const fn list(now: UnixTime) -> RevocationList {
    RevocationList {
        this_update: now.minus_seconds(DAY),
        next_update: now.plus_seconds(30 * DAY),
        serial_numbers: Vec::new(),
    }
}
