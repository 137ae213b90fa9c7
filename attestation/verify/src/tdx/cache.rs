//! What was believed once and stays so until the first of it expires: published collateral, and platforms.

use std::sync::Arc;

use orv_evidence::UnixTime;
use ring::digest::{Context, SHA256};

use super::TdxCollateral;
use super::certificate::Certificate;
use super::endorsement::Endorsed;
use super::published::Published;
use crate::cache::Kept;
use crate::{ChainError, Validity};

/// Sets of collateral that are kept; the oldest goes first.
const MAXIMUM_PUBLISHED: usize = 64;
/// Platforms that are kept.
const MAXIMUM_PLATFORMS: usize = 256;

/// Collateral and platform chains by hash. Never a quote's verdict, nor that of any signature inside one.
#[derive(Default)]
pub(crate) struct TdxCache {
    /// The root as it was last given, parsed.
    root: Option<Arc<Certificate>>,
    published: Kept<Published>,
    endorsed: Kept<Endorsed>,
}

/// What stands for one set of collateral under one root.
#[derive(Clone, Copy)]
pub(super) struct CollateralKey([u8; 32]);

/// What stands for one platform's chain under such a set.
#[derive(Clone, Copy)]
pub(super) struct PlatformKey([u8; 32]);

impl CollateralKey {
    /// SHA-256 over the root and everything that is read, each with its length before it.
    pub(super) fn of(collateral: &TdxCollateral, root: &Certificate) -> Self {
        Self(digest([
            root.der.as_slice(),
            &collateral.root_ca_crl,
            &collateral.pck_crl,
            collateral.tcb_info_issuer_chain.as_bytes(),
            collateral.tcb_info.as_bytes(),
            collateral.tcb_info_signature.as_bytes(),
            collateral.qe_identity_issuer_chain.as_bytes(),
            collateral.qe_identity.as_bytes(),
            collateral.qe_identity_signature.as_bytes(),
        ]))
    }
}

impl PlatformKey {
    pub(super) fn of(chain: &[u8], collateral: CollateralKey) -> Self {
        Self(digest([collateral.0.as_slice(), chain]))
    }
}

impl TdxCache {
    /// The root's certificate, parsed at most once for each change of roots.
    pub(super) fn root(&mut self, der: &[u8]) -> Result<Arc<Certificate>, ChainError> {
        if let Some(root) = self.root.as_ref().filter(|root| root.der == der) {
            return Ok(Arc::clone(root));
        }
        let root = Arc::new(Certificate::parse(der.to_vec(), 0)?);
        self.root = Some(Arc::clone(&root));
        Ok(root)
    }

    pub(super) fn published(&self, key: CollateralKey, now: UnixTime) -> Option<Arc<Published>> {
        let found = self.published.get(key.0)?;
        holds(found.validity, now).then_some(found)
    }

    pub(super) fn keep_published(&mut self, key: CollateralKey, published: Published) -> Arc<Published> {
        self.published.keep(key.0, published, MAXIMUM_PUBLISHED)
    }

    pub(super) fn endorsed(&self, key: PlatformKey, now: UnixTime) -> Option<Arc<Endorsed>> {
        let found = self.endorsed.get(key.0)?;
        holds(found.validity, now).then_some(found)
    }

    pub(super) fn keep_endorsed(&mut self, key: PlatformKey, endorsed: Endorsed) -> Arc<Endorsed> {
        self.endorsed.keep(key.0, endorsed, MAXIMUM_PLATFORMS)
    }
}

/// Without the clock skew: where it would be needed, everything is verified anew and says so.
fn holds(validity: Validity, now: UnixTime) -> bool {
    validity.not_before <= now && now <= validity.not_after
}

fn digest<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}
