//! What was believed once and need not be verified again.

use std::fmt;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use crate::nitro::NitroCache;
use crate::snp::SnpCache;
use crate::tdx::TdxCache;

/// What vendors' roots vouched for already: authorities and collateral, by hash, each until the earliest of its
/// certificates and lists expires. For whoever verifies much evidence of few platforms, with [`crate::verify_with`].
///
/// Never in here: whether evidence is authentic, or a signature of the key that signed it. Those are verified each time.
/// The size is bounded; the oldest entry goes first.
pub struct Cache {
    pub(crate) nitro: NitroCache,
    pub(crate) snp: SnpCache,
    pub(crate) tdx: TdxCache,
}

impl Cache {
    /// Nothing believed yet.
    pub fn new() -> Self {
        Self::keeping(Keeping::Everything)
    }

    /// For one verification: keeps nothing, and takes no hash of what it does not keep.
    pub(crate) fn none() -> Self {
        Self::keeping(Keeping::Nothing)
    }

    fn keeping(keeping: Keeping) -> Self {
        Self {
            nitro: NitroCache::new(keeping),
            snp: SnpCache::new(keeping),
            tdx: TdxCache::new(keeping),
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// Whether anything is kept at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    Everything,
    Nothing,
}

/// A bounded list of what was believed, by hash, the oldest first.
pub(crate) struct Kept<T> {
    keeping: Keeping,
    most: usize,
    entries: Vec<([u8; 32], Arc<T>)>,
}

/// What an entry is kept under: a hash, or nothing where nothing is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(Option<[u8; 32]>);

impl Key {
    /// The bytes of the hash; none where nothing is kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref().map(<[u8; 32]>::as_slice).unwrap_or_default()
    }
}

impl<T> Kept<T> {
    /// At most `most` entries.
    pub(crate) const fn new(keeping: Keeping, most: usize) -> Self {
        Self {
            keeping,
            most,
            entries: Vec::new(),
        }
    }

    /// SHA-256 over the parts, each behind its length, so that no two lists of parts are one text.
    pub(crate) fn key<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
        if self.keeping == Keeping::Nothing {
            return Key(None);
        }
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        Key(Some(key))
    }

    pub(crate) fn get(&self, Key(key): Key) -> Option<Arc<T>> {
        let key = key?;
        let mut found = self.entries.iter().filter(|(kept, _)| *kept == key);
        found.next().map(|(_, value)| Arc::clone(value))
    }

    /// Keeps `value` under `key`, if anything is kept.
    pub(crate) fn keep(&mut self, Key(key): Key, value: T) -> Arc<T> {
        let value = Arc::new(value);
        if let Some(key) = key {
            self.entries.retain(|(kept, _)| *kept != key);
            if self.entries.len() >= self.most {
                self.entries.remove(0);
            }
            self.entries.push((key, Arc::clone(&value)));
        }
        value
    }
}
