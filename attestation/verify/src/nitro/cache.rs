//! Authorities that the root vouched for already.

use std::sync::Arc;

use orv_evidence::UnixTime;
use ring::digest::{Context, SHA256};

use crate::Validity;
use crate::cache::Kept;

/// Chains of authorities that are kept: there is one for each parent instance.
const MAXIMUM_CHAINS: usize = 256;

/// Chains of authorities by hash, the root included. Never a leaf, nor a document.
#[derive(Default)]
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
    /// The chain, if it was believed and every certificate of it is valid at `now`.
    pub(super) fn believed(&self, authorities: &[&[u8]], now: UnixTime) -> Option<Arc<Authorities>> {
        let found = self.0.get(key(authorities))?;
        (found.validity.not_before <= now && now <= found.validity.not_after).then_some(found)
    }

    pub(super) fn keep(&mut self, authorities: &[&[u8]], believed: Authorities) {
        self.0.keep(key(authorities), believed, MAXIMUM_CHAINS);
    }
}

/// Each certificate with its length in front, so that no two chains hash alike.
fn key(authorities: &[&[u8]]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    for certificate in authorities {
        hash.update(&certificate.len().to_be_bytes());
        hash.update(certificate);
    }
    let mut key = [0; 32];
    key.copy_from_slice(hash.finish().as_ref());
    key
}
