//! Four inputs at once, for processors without AVX-512F.

use std::arch::x86_64::{
    __m256i, _mm256_andnot_si256, _mm256_loadu_si256, _mm256_or_si256, _mm256_permute2x128_si256, _mm256_set1_epi64x,
    _mm256_setzero_si256, _mm256_slli_epi64, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use super::super::permutation::permutation;
use super::{CHUNK_WORDS, Digest, PAD_FIRST, PAD_LAST, RATE_WORDS, part};

/// Inputs at once.
pub(crate) const LANES: usize = 4;

/// The proof that this processor has AVX2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Asks the processor, and the operating system whether it keeps the registers.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// The digests of four chunks.
    pub fn leaves(self, chunks: &[[u8; 256]; LANES]) -> [Digest; LANES] {
        // SAFETY: `self` proves that the processor has the feature (module documentation).
        unsafe { leaves(chunks) }
    }

    /// The digests of four pairs of digests.
    pub fn parents(self, pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
        // SAFETY: `self` proves that the processor has the feature (module documentation).
        unsafe { parents(pairs) }
    }
}

permutation!(
    #[target_feature(enable = "avx2")]
    #[inline]
    __m256i
);

#[target_feature(enable = "avx2")]
fn leaves(chunks: &[[u8; 256]; LANES]) -> [Digest; LANES] {
    let zero = _mm256_setzero_si256();
    let mut words = [zero; CHUNK_WORDS];
    for (eighth, words) in words.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        *words = transpose(chunks.each_ref().map(|chunk| load(part(chunk, eighth))));
    }
    let (block, rest) = words.split_at(RATE_WORDS);
    let mut state = [zero; 25];
    for (lane, word) in state.iter_mut().zip(block) {
        *lane = *word;
    }
    state = permute(state);
    for (lane, word) in state.iter_mut().zip(rest) {
        *lane = xor(*lane, *word);
    }
    // 256 - 136 = 120 bytes fill lanes 0 to 14 of the second block.
    state[15] = xor(state[15], splat(PAD_FIRST));
    state[16] = xor(state[16], splat(PAD_LAST));
    squeeze(&permute(state))
}

#[target_feature(enable = "avx2")]
fn parents(pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
    let left = transpose(pairs.each_ref().map(|[left, _]| load(left)));
    let right = transpose(pairs.each_ref().map(|[_, right]| load(right)));
    let mut state = [_mm256_setzero_si256(); 25];
    for (lane, word) in state.iter_mut().zip(left.into_iter().chain(right)) {
        *lane = word;
    }
    state[8] = splat(PAD_FIRST);
    state[16] = splat(PAD_LAST);
    squeeze(&permute(state))
}

/// The first four lanes of each state.
#[target_feature(enable = "avx2")]
#[inline]
fn squeeze(state: &[__m256i; 25]) -> [Digest; LANES] {
    let [a, b, c, d, ..] = *state;
    let mut digests = [[0; 32]; LANES];
    for (place, row) in digests.iter_mut().zip(transpose([a, b, c, d])) {
        store(place, row);
    }
    digests
}

/// Four rows of four words become four columns.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose([a, b, c, d]: [__m256i; LANES]) -> [__m256i; LANES] {
    let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
    // 0x20 takes the lower half of each operand, 0x31 the upper.
    [
        _mm256_permute2x128_si256::<0x20>(ab_even, cd_even),
        _mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd),
        _mm256_permute2x128_si256::<0x31>(ab_even, cd_even),
        _mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference is to exactly the 32 bytes that are read; any alignment will do.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(place: &mut [u8; 32], vector: __m256i) {
    // SAFETY: the reference is to exactly the 32 bytes that are written; any alignment will do.
    unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(xor(a, b), c)
}

#[target_feature(enable = "avx2")]
#[inline]
fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(a, _mm256_andnot_si256(b, c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi64::<LEFT>(a), _mm256_srli_epi64::<RIGHT>(a))
}

#[target_feature(enable = "avx2")]
#[inline]
fn splat(a: u64) -> __m256i {
    _mm256_set1_epi64x(a.cast_signed())
}
