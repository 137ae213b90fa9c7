//! Keccak-256 as Ethereum and 0G Storage use it: the permutation keccak-f\[1600\] of FIPS 202 with the pad byte 0x01.
//!
//! The Merkle tree always has many equal, independent inputs at hand, and an [`Implementation`] takes as many of them at
//! once as the processor's vector registers hold.

mod implementation;
mod permutation;
mod portable;
#[cfg(target_arch = "x86_64")]
mod simd;

pub use implementation::Implementation;

/// A 32-byte digest.
pub(crate) type Digest = [u8; 32];

/// Bytes that one permutation absorbs (1600 bits less twice the 256 of security).
const RATE: usize = 136;

/// The first bit of the padding, in the lane after the input, and the last one, in the last lane of the rate.
const PAD_FIRST: u64 = 0x01;
const PAD_LAST: u64 = 0x80 << 56;

/// The digest of one 256-byte chunk.
pub(crate) fn leaf(chunk: &[u8; 256]) -> Digest {
    portable::leaf(chunk)
}

/// The digest of two digests side by side.
pub(crate) fn parent(left: &Digest, right: &Digest) -> Digest {
    portable::parent(left, right)
}

/// The digest of bytes of any length.
pub(crate) fn keccak256(bytes: &[u8]) -> Digest {
    portable::keccak256(bytes)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256 as reference;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_hash_as_the_reference_hashes_them(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            prop_assert_eq!(keccak256(&bytes), reference(&bytes).0);
        }
    }

    #[test]
    fn the_rate_boundaries_are_padded_right() {
        for length in [0, 1, 135, 136, 137, 271, 272, 273] {
            let bytes = vec![0xa5; length];
            assert_eq!(keccak256(&bytes), reference(&bytes).0, "{length}");
        }
    }
}
