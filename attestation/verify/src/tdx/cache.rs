//! What was believed once and stays so until the first of it expires: published collateral, and platforms.

use std::sync::Arc;

use orv_evidence::UnixTime;
use ring::digest::{Context, SHA256};

use super::certificate::Certificate;
use super::collateral::CollateralDigest;
use super::endorsement::Endorsed;
use super::published::Published;
use crate::cache::Kept;

/// Sets of collateral that are kept; the oldest goes first.
const MAXIMUM_PUBLISHED: usize = 64;
/// Platforms that are kept.
const MAXIMUM_PLATFORMS: usize = 256;

/// Collateral and platform chains by hash. Never a quote's verdict, nor that of any signature inside one.
#[derive(Default)]
pub(crate) struct TdxCache {
    published: Kept<Published>,
    endorsed: Kept<Endorsed>,
}

impl TdxCache {
    pub(super) fn published(
        &self,
        root: &Certificate,
        collateral: CollateralDigest,
        now: UnixTime,
    ) -> Option<Arc<Published>> {
        let found = self.published.get(key(root, collateral, b""))?;
        within(found.validity.not_before, found.validity.not_after, now).then_some(found)
    }

    pub(super) fn keep_published(
        &mut self,
        root: &Certificate,
        collateral: CollateralDigest,
        published: Published,
    ) -> Arc<Published> {
        self.published
            .keep(key(root, collateral, b""), published, MAXIMUM_PUBLISHED)
    }

    pub(super) fn endorsed(
        &self,
        root: &Certificate,
        collateral: CollateralDigest,
        chain: &[u8],
        now: UnixTime,
    ) -> Option<Arc<Endorsed>> {
        let found = self.endorsed.get(key(root, collateral, chain))?;
        within(found.validity.not_before, found.validity.not_after, now).then_some(found)
    }

    pub(super) fn keep_endorsed(
        &mut self,
        root: &Certificate,
        collateral: CollateralDigest,
        chain: &[u8],
        endorsed: Endorsed,
    ) -> Arc<Endorsed> {
        self.endorsed
            .keep(key(root, collateral, chain), endorsed, MAXIMUM_PLATFORMS)
    }
}

/// Without the clock skew: where it would be needed, everything is verified anew and says so.
fn within(first: UnixTime, last: UnixTime, now: UnixTime) -> bool {
    first <= now && now <= last
}

fn key(root: &Certificate, collateral: CollateralDigest, chain: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&root.der);
    context.update(&collateral.0);
    context.update(chain);
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    key
}
