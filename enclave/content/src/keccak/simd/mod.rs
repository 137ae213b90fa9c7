//! Keccak-256 of several equal inputs at once, one to a 64-bit lane of a vector register. The only module of the crate
//! with `unsafe`.
//!
//! # Safety
//!
//! Everything that could go wrong is one of two things, and each has one guard:
//!
//! - *An instruction that the processor lacks.* Functions that use one are `#[target_feature]`, and are entered only
//!   through a method of [`Avx512`] or [`Avx2`]. Such a value exists only where `detect` has found the feature: its
//!   field is private, and it has no other constructor.
//! - *Memory out of bounds.* Vectors are read and written only through `load` and `store`, which take references to
//!   arrays of exactly a vector's size, by instructions that need no alignment. All else works on values.
#![allow(unsafe_code)]

mod avx2;
mod avx512;

pub(crate) use avx2::Avx2;
pub(crate) use avx512::Avx512;

use super::{Digest, PAD_FIRST, PAD_LAST};

/// Words of 8 bytes in a chunk, and in the part of it that the first permutation absorbs.
const CHUNK_WORDS: usize = 32;
const RATE_WORDS: usize = 17;

/// The bytes of an input that make up vector `number`; zeros beyond the input's end, where no caller looks.
#[inline]
fn part<const BYTES: usize>(input: &[u8], number: usize) -> &[u8; BYTES] {
    input.as_chunks().0.get(number).unwrap_or(&[0; BYTES])
}
