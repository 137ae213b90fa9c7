//! One input after the other, on any machine.

use super::permutation::permutation;
use super::{Digest, PAD_FIRST, PAD_LAST, RATE};

permutation!(
    #[inline]
    u64
);

/// The digest of one 256-byte chunk: two permutations.
pub(super) fn leaf(chunk: &[u8; 256]) -> Digest {
    let mut state = [0; 25];
    let (block, rest) = chunk.split_at(RATE);
    absorb(&mut state, block);
    state = permute(state);
    absorb(&mut state, rest);
    // 256 - 136 = 120 bytes fill lanes 0 to 14 of the second block.
    state[15] ^= PAD_FIRST;
    state[16] ^= PAD_LAST;
    squeeze(&permute(state))
}

/// The digest of two digests side by side: one permutation.
pub(super) fn parent(left: &Digest, right: &Digest) -> Digest {
    let mut state = [0; 25];
    absorb(&mut state, left);
    let (_, behind_left) = state.split_at_mut(4);
    absorb(behind_left, right);
    state[8] = PAD_FIRST;
    state[16] = PAD_LAST;
    squeeze(&permute(state))
}

/// The digest of bytes of any length.
pub(super) fn keccak256(bytes: &[u8]) -> Digest {
    let mut state = [0; 25];
    let (blocks, rest) = bytes.as_chunks::<RATE>();
    for block in blocks {
        absorb(&mut state, block);
        state = permute(state);
    }
    let mut last = [0; RATE];
    for (to, from) in last.iter_mut().zip(rest.iter().chain(&[0x01])) {
        *to = *from;
    }
    absorb(&mut state, &last);
    state[16] ^= PAD_LAST;
    squeeze(&permute(state))
}

/// Adds whole 8-byte lanes to the front of the state.
fn absorb(state: &mut [u64], bytes: &[u8]) {
    for (lane, word) in state.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *lane ^= u64::from_le_bytes(*word);
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

#[inline]
fn xor(a: u64, b: u64) -> u64 {
    a ^ b
}

#[inline]
fn xor3(a: u64, b: u64, c: u64) -> u64 {
    a ^ b ^ c
}

#[inline]
fn chi(a: u64, b: u64, c: u64) -> u64 {
    a ^ (!b & c)
}

#[inline]
fn rotate<const LEFT: u32, const RIGHT: u32>(a: u64) -> u64 {
    a.rotate_left(LEFT)
}

#[inline]
fn splat(a: u64) -> u64 {
    a
}
