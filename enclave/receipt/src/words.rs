//! ABI words: everything that this crate hashes for the chain consists of static 32-byte words.

use alloy_primitives::{Address, B256, I256, U256, keccak256};

/// A growing `abi.encode` of static values.
pub(crate) struct Words(Vec<u8>);

impl Words {
    /// Starts with one word, for EIP-712 the type hash.
    pub(crate) fn new(first: B256) -> Self {
        Self(first.to_vec())
    }

    /// Starts with nothing.
    pub(crate) fn empty() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn word(mut self, value: B256) -> Self {
        self.0.extend_from_slice(value.as_slice());
        self
    }

    pub(crate) fn unsigned(self, value: U256) -> Self {
        self.word(B256::from(value.to_be_bytes::<32>()))
    }

    pub(crate) fn signed(self, value: I256) -> Self {
        self.word(B256::from(value.to_be_bytes::<32>()))
    }

    pub(crate) fn address(self, value: Address) -> Self {
        self.word(value.into_word())
    }

    pub(crate) fn small(self, value: impl Into<u64>) -> Self {
        self.unsigned(U256::from(value.into()))
    }

    pub(crate) fn keccak(self) -> B256 {
        keccak256(self.0)
    }
}
