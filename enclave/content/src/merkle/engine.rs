//! By which instructions and on how many threads a root is computed: an argument, so that the caller decides.

use std::num::NonZeroUsize;

use crate::keccak::Implementation;

/// How roots are computed. It never changes what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    pub(super) implementation: Implementation,
    pub(super) threads: NonZeroUsize,
}

impl Engine {
    /// The fastest instructions of this processor, on the calling thread alone.
    pub fn one_thread() -> Self {
        Self {
            implementation: Implementation::fastest(),
            threads: NonZeroUsize::MIN,
        }
    }

    /// The same on up to `threads` threads, the calling one among them, where there is enough to hash at once.
    pub fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// The same by these instructions.
    pub fn with_implementation(self, implementation: Implementation) -> Self {
        Self { implementation, ..self }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::one_thread()
    }
}
