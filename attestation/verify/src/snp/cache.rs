//! Authorities that a root vouched for already.

use std::sync::Arc;

use super::trust::{Line, Trusted};
use super::{EndorsementKind, SnpError};
use crate::cache::{Keeping, Kept};

/// Authorities that are kept: AMD has six, and each may stand beside some states of its revocation list.
const MAXIMUM_AUTHORITIES: usize = 32;

/// Authorities by hash of root, authority and revocation lists. What is kept does not depend on the time asked.
pub(crate) struct SnpCache(Kept<Trusted>);

impl SnpCache {
    pub(crate) const fn new(keeping: Keeping) -> Self {
        Self(Kept::new(keeping, MAXIMUM_AUTHORITIES))
    }

    /// What `root` says of `authority`, verified now or before.
    pub(super) fn trusted(
        &mut self,
        (root, authority): (&[u8], &[u8]),
        line: Line,
        lists: &[Vec<u8>],
    ) -> Result<Arc<Trusted>, SnpError> {
        let kind = match line.kind {
            EndorsementKind::Vcek => b"VCEK",
            EndorsementKind::Vlek => b"VLEK",
        };
        let place = [kind, line.product.as_str().as_bytes(), root, authority];
        let key = self.0.key(place.into_iter().chain(lists.iter().map(Vec::as_slice)));
        if let Some(found) = self.0.get(key) {
            return Ok(found);
        }
        let trusted = Trusted::verify(root, authority, line, lists)?;
        Ok(self.0.keep(key, trusted))
    }
}
