//! What was believed once and stays so until the first of it expires: published collateral, and platforms.

use std::sync::Arc;

use orv_evidence::UnixTime;

use super::TdxCollateral;
use super::certificate::Certificate;
use super::endorsement::Endorsed;
use super::published::Published;
use crate::cache::{Keeping, Kept, Key};
use crate::{ChainError, Validity};

/// Sets of collateral that are kept; the oldest goes first.
const MAXIMUM_PUBLISHED: usize = 64;
/// Platforms that are kept.
const MAXIMUM_PLATFORMS: usize = 256;

/// Collateral and platform chains by hash. Never a quote's verdict, nor that of any signature inside one.
pub(crate) struct TdxCache {
    /// The root as it was last given, parsed.
    root: Option<Arc<Certificate>>,
    published: Kept<Published>,
    endorsed: Kept<Endorsed>,
}

/// What stands for one set of collateral under one root.
#[derive(Clone, Copy)]
pub(super) struct CollateralKey(Key);

/// What stands for one platform's chain under such a set.
#[derive(Clone, Copy)]
pub(super) struct PlatformKey(Key);

impl TdxCache {
    pub(crate) const fn new(keeping: Keeping) -> Self {
        Self {
            root: None,
            published: Kept::new(keeping, MAXIMUM_PUBLISHED),
            endorsed: Kept::new(keeping, MAXIMUM_PLATFORMS),
        }
    }

    /// Over the root and everything of the set that is read.
    pub(super) fn collateral_key(&self, collateral: &TdxCollateral, root: &Certificate) -> CollateralKey {
        CollateralKey(self.published.key([
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

    pub(super) fn platform_key(&self, chain: &[u8], collateral: CollateralKey) -> PlatformKey {
        PlatformKey(self.endorsed.key([collateral.0.bytes(), chain]))
    }

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
        self.published.keep(key.0, published)
    }

    pub(super) fn endorsed(&self, key: PlatformKey, now: UnixTime) -> Option<Arc<Endorsed>> {
        let found = self.endorsed.get(key.0)?;
        holds(found.validity, now).then_some(found)
    }

    pub(super) fn keep_endorsed(&mut self, key: PlatformKey, endorsed: Endorsed) -> Arc<Endorsed> {
        self.endorsed.keep(key.0, endorsed)
    }
}

/// Without the clock skew: where it would be needed, everything is verified anew and says so.
fn holds(validity: Validity, now: UnixTime) -> bool {
    validity.not_before <= now && now <= validity.not_after
}
