//! Keccak-256 as Ethereum and 0G Storage use it: the permutation keccak-f\[1600\] of FIPS 202 with the pad byte 0x01.
//!
//! Portable and scalar. [`Lanes`] is the seam at which a wider implementation takes over: the Merkle tree always hands it
//! many equal, independent inputs at once.

/// A 32-byte digest.
pub(crate) type Digest = [u8; 32];

/// Bytes that one permutation absorbs (1600 bits less twice the 256 of security).
const RATE: usize = 136;

/// The first bit of the padding, in the lane after the input, and the last one, in the last lane of the rate.
const PAD_FIRST: u64 = 0x01;
const PAD_LAST: u64 = 0x80 << 56;

/// The constants of the step iota (FIPS 202, 3.2.5).
#[rustfmt::skip]
const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
];

/// Many independent inputs of the two shapes that the Merkle tree knows, hashed at once.
pub(crate) trait Lanes {
    /// Appends the digest of each 256-byte chunk.
    fn leaves(&self, chunks: &[[u8; 256]], digests: &mut Vec<Digest>);
    /// Appends the digest of each pair of digests.
    fn parents(&self, pairs: &[[Digest; 2]], digests: &mut Vec<Digest>);
}

/// One input after the other, on any machine.
pub(crate) struct Scalar;

impl Lanes for Scalar {
    fn leaves(&self, chunks: &[[u8; 256]], digests: &mut Vec<Digest>) {
        digests.extend(chunks.iter().map(leaf));
    }

    fn parents(&self, pairs: &[[Digest; 2]], digests: &mut Vec<Digest>) {
        digests.extend(pairs.iter().map(|[left, right]| parent(left, right)));
    }
}

/// The widest implementation for this machine.
pub(crate) fn lanes() -> impl Lanes {
    Scalar
}

/// The digest of one 256-byte chunk: two permutations.
pub(crate) fn leaf(chunk: &[u8; 256]) -> Digest {
    let mut state = [0; 25];
    let (block, rest) = chunk.split_at(RATE);
    absorb(&mut state, block);
    permute(&mut state);
    absorb(&mut state, rest);
    // 256 - 136 = 120 bytes fill lanes 0 to 14 of the second block.
    state[15] ^= PAD_FIRST;
    state[16] ^= PAD_LAST;
    permute(&mut state);
    squeeze(&state)
}

/// The digest of two digests side by side: one permutation.
pub(crate) fn parent(left: &Digest, right: &Digest) -> Digest {
    let mut state = [0; 25];
    let (low, high) = state.split_at_mut(4);
    load(low, left);
    load(high, right);
    state[8] = PAD_FIRST;
    state[16] = PAD_LAST;
    permute(&mut state);
    squeeze(&state)
}

/// The digest of bytes of any length.
pub(crate) fn keccak256(bytes: &[u8]) -> Digest {
    let mut state = [0; 25];
    let (blocks, rest) = bytes.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut state, block);
        permute(&mut state);
    }
    let mut last = [0; RATE];
    for (to, from) in last.iter_mut().zip(rest.iter().chain(&[0x01])) {
        *to = *from;
    }
    absorb(&mut state, &last);
    state[16] ^= PAD_LAST;
    permute(&mut state);
    squeeze(&state)
}

/// Adds whole 8-byte lanes to the front of the state.
fn absorb(state: &mut [u64; 25], bytes: &[u8]) {
    for (lane, word) in state.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *lane ^= u64::from_le_bytes(*word);
    }
}

/// Writes the four lanes of a digest to the front of `lanes`.
fn load(lanes: &mut [u64], digest: &Digest) {
    for (lane, word) in lanes.iter_mut().zip(digest.as_chunks::<8>().0) {
        *lane = u64::from_le_bytes(*word);
    }
}

/// The first four lanes.
fn squeeze(state: &[u64; 25]) -> Digest {
    let mut digest = [0; 32];
    for (word, lane) in digest.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *word = lane.to_le_bytes();
    }
    digest
}

/// keccak-f\[1600\] (FIPS 202, 3.3); lane (x, y) of the standard is `state[x + 5 y]`.
fn permute(state: &mut [u64; 25]) {
    for constant in ROUND_CONSTANTS {
        *state = round(state, constant);
    }
}

/// One round, unrolled so that the lanes stay in registers.
#[inline(always)]
#[rustfmt::skip]
fn round(a: &[u64; 25], constant: u64) -> [u64; 25] {
    // theta
    let c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    let c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    let c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    let c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    let c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    let d0 = c4 ^ c1.rotate_left(1);
    let d1 = c0 ^ c2.rotate_left(1);
    let d2 = c1 ^ c3.rotate_left(1);
    let d3 = c2 ^ c4.rotate_left(1);
    let d4 = c3 ^ c0.rotate_left(1);
    // rho and pi
    let b0 = a[0] ^ d0;
    let b1 = (a[6] ^ d1).rotate_left(44);
    let b2 = (a[12] ^ d2).rotate_left(43);
    let b3 = (a[18] ^ d3).rotate_left(21);
    let b4 = (a[24] ^ d4).rotate_left(14);
    let b5 = (a[3] ^ d3).rotate_left(28);
    let b6 = (a[9] ^ d4).rotate_left(20);
    let b7 = (a[10] ^ d0).rotate_left(3);
    let b8 = (a[16] ^ d1).rotate_left(45);
    let b9 = (a[22] ^ d2).rotate_left(61);
    let b10 = (a[1] ^ d1).rotate_left(1);
    let b11 = (a[7] ^ d2).rotate_left(6);
    let b12 = (a[13] ^ d3).rotate_left(25);
    let b13 = (a[19] ^ d4).rotate_left(8);
    let b14 = (a[20] ^ d0).rotate_left(18);
    let b15 = (a[4] ^ d4).rotate_left(27);
    let b16 = (a[5] ^ d0).rotate_left(36);
    let b17 = (a[11] ^ d1).rotate_left(10);
    let b18 = (a[17] ^ d2).rotate_left(15);
    let b19 = (a[23] ^ d3).rotate_left(56);
    let b20 = (a[2] ^ d2).rotate_left(62);
    let b21 = (a[8] ^ d3).rotate_left(55);
    let b22 = (a[14] ^ d4).rotate_left(39);
    let b23 = (a[15] ^ d0).rotate_left(41);
    let b24 = (a[21] ^ d1).rotate_left(2);
    // chi and iota
    [
        b0 ^ (!b1 & b2) ^ constant, b1 ^ (!b2 & b3), b2 ^ (!b3 & b4), b3 ^ (!b4 & b0), b4 ^ (!b0 & b1),
        b5 ^ (!b6 & b7), b6 ^ (!b7 & b8), b7 ^ (!b8 & b9), b8 ^ (!b9 & b5), b9 ^ (!b5 & b6),
        b10 ^ (!b11 & b12), b11 ^ (!b12 & b13), b12 ^ (!b13 & b14), b13 ^ (!b14 & b10), b14 ^ (!b10 & b11),
        b15 ^ (!b16 & b17), b16 ^ (!b17 & b18), b17 ^ (!b18 & b19), b18 ^ (!b19 & b15), b19 ^ (!b15 & b16),
        b20 ^ (!b21 & b22), b21 ^ (!b22 & b23), b22 ^ (!b23 & b24), b23 ^ (!b24 & b20), b24 ^ (!b20 & b21),
    ]
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

        #[test]
        fn leaves_and_parents_are_keccak_of_their_bytes(bytes in prop::collection::vec(any::<u8>(), 256 * 3)) {
            let chunks = bytes.as_chunks::<256>().0;
            let mut leaves = Vec::new();
            lanes().leaves(chunks, &mut leaves);
            let expected: Vec<Digest> = chunks.iter().map(|chunk| reference(chunk).0).collect();
            prop_assert_eq!(&leaves, &expected);
            let mut parents = Vec::new();
            lanes().parents(leaves.as_chunks::<2>().0, &mut parents);
            prop_assert_eq!(parents, vec![reference([expected[0], expected[1]].concat()).0]);
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
