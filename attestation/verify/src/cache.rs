//! What was believed once and need not be verified again.

use std::fmt;
use std::sync::Arc;

use crate::nitro::NitroCache;
use crate::snp::SnpCache;
use crate::tdx::TdxCache;

/// What vendors' roots vouched for already: authorities and collateral, by hash, each until the earliest of its
/// certificates and lists expires. For whoever verifies much evidence of few platforms, with [`crate::verify_with`].
///
/// Never in here: whether evidence is authentic, or a signature of the key that signed it. Those are verified each time.
/// The size is bounded; the oldest entry goes first.
#[derive(Default)]
pub struct Cache {
    pub(crate) nitro: NitroCache,
    pub(crate) snp: SnpCache,
    pub(crate) tdx: TdxCache,
}

impl Cache {
    /// Nothing believed yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// A bounded list of what was believed, by hash, the oldest first.
pub(crate) struct Kept<T>(Vec<([u8; 32], Arc<T>)>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Kept<T> {
    pub(crate) fn get(&self, key: [u8; 32]) -> Option<Arc<T>> {
        let mut found = self.0.iter().filter(|(kept, _)| *kept == key);
        found.next().map(|(_, value)| Arc::clone(value))
    }

    /// Keeps `value` under `key` among at most `most` others.
    pub(crate) fn keep(&mut self, key: [u8; 32], value: T, most: usize) -> Arc<T> {
        let value = Arc::new(value);
        self.0.retain(|(kept, _)| *kept != key);
        if self.0.len() >= most {
            self.0.remove(0);
        }
        self.0.push((key, Arc::clone(&value)));
        value
    }
}
