//! Authorities that a root vouched for already.

use std::sync::Arc;

use ring::digest::{Context, SHA256};

use super::trust::{Line, Trusted};
use super::{EndorsementKind, SnpError};
use crate::cache::Kept;

/// Authorities that are kept: AMD has six, and each may stand beside some states of its revocation list.
const MAXIMUM_AUTHORITIES: usize = 32;

/// Authorities by hash of root, authority and revocation lists. What is kept does not depend on the time asked.
#[derive(Default)]
pub(crate) struct SnpCache(Kept<Trusted>);

impl SnpCache {
    /// What `root` says of `authority`, verified now or before.
    pub(super) fn trusted(
        &mut self,
        (root, authority): (&[u8], &[u8]),
        line: Line,
        lists: &[Vec<u8>],
    ) -> Result<Arc<Trusted>, SnpError> {
        let key = key(root, authority, line, lists);
        if let Some(found) = self.0.get(key) {
            return Ok(found);
        }
        let trusted = Trusted::verify(root, authority, line, lists)?;
        Ok(self.0.keep(key, trusted, MAXIMUM_AUTHORITIES))
    }
}

/// Each part behind its length, so that no two sets of parts are one text.
fn key(root: &[u8], authority: &[u8], line: Line, lists: &[Vec<u8>]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(match line.kind {
        EndorsementKind::Vcek => b"VCEK",
        EndorsementKind::Vlek => b"VLEK",
    });
    context.update(line.product.as_str().as_bytes());
    for part in [root, authority].into_iter().chain(lists.iter().map(Vec::as_slice)) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    key
}
