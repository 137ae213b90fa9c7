//! Authorities that the root vouched for already.

use std::sync::Arc;

use orv_evidence::UnixTime;

use crate::Validity;
use crate::cache::{Keeping, Kept};

/// Chains of authorities that are kept: there is one for each parent instance.
const MAXIMUM_CHAINS: usize = 256;

/// Chains of authorities by hash, the root included. Never a leaf, nor a document.
pub(crate) struct NitroCache(Kept<Authorities>);

/// What is needed of a chain to judge another leaf under it.
pub(super) struct Authorities {
    /// The certificate that issues leaves, DER.
    pub(super) issuer: Vec<u8>,
    /// Its subject, DER.
    pub(super) subject: Vec<u8>,
    /// When every one of them is valid.
    pub(super) validity: Validity,
}

impl NitroCache {
    pub(crate) const fn new(keeping: Keeping) -> Self {
        Self(Kept::new(keeping, MAXIMUM_CHAINS))
    }

    /// The chain, if it was believed and every certificate of it is valid at `now`.
    pub(super) fn believed(&self, authorities: &[&[u8]], now: UnixTime) -> Option<Arc<Authorities>> {
        let found = self.0.get(self.0.key(authorities.iter().copied()))?;
        (found.validity.not_before <= now && now <= found.validity.not_after).then_some(found)
    }

    pub(super) fn keep(&mut self, authorities: &[&[u8]], believed: Authorities) {
        let key = self.0.key(authorities.iter().copied());
        self.0.keep(key, believed);
    }
}
