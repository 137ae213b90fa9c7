//! Eight inputs at once: rotations and functions of three operands are single instructions of AVX-512F.

use std::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_rol_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
    _mm512_storeu_si512, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use super::super::permutation::permutation;
use super::{CHUNK_WORDS, Digest, PAD_FIRST, PAD_LAST, RATE_WORDS, part};

/// Inputs at once.
pub(crate) const LANES: usize = 8;

/// Truth tables of `vpternlogq`: a ^ b ^ c, and a ^ (!b & c).
const XOR3: i32 = 0x96;
const CHI: i32 = 0xd2;

/// The proof that this processor has AVX-512F.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// Asks the processor, and the operating system whether it keeps the registers.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    /// The digests of eight chunks.
    pub fn leaves(self, chunks: &[[u8; 256]; LANES]) -> [Digest; LANES] {
        // SAFETY: `self` proves that the processor has the feature (module documentation).
        unsafe { leaves(chunks) }
    }

    /// The digests of eight pairs of digests.
    pub fn parents(self, pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
        // SAFETY: `self` proves that the processor has the feature (module documentation).
        unsafe { parents(pairs) }
    }
}

permutation!(
    #[target_feature(enable = "avx512f")]
    #[inline]
    __m512i
);

#[target_feature(enable = "avx512f")]
fn leaves(chunks: &[[u8; 256]; LANES]) -> [Digest; LANES] {
    let zero = _mm512_setzero_si512();
    let mut words = [zero; CHUNK_WORDS];
    for (quarter, words) in words.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        *words = transpose(chunks.each_ref().map(|chunk| load(part(chunk, quarter))));
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

#[target_feature(enable = "avx512f")]
fn parents(pairs: &[[Digest; 2]; LANES]) -> [Digest; LANES] {
    let words = transpose(pairs.each_ref().map(|pair| load(part(pair.as_flattened(), 0))));
    let mut state = [_mm512_setzero_si512(); 25];
    for (lane, word) in state.iter_mut().zip(words) {
        *lane = word;
    }
    state[8] = splat(PAD_FIRST);
    state[16] = splat(PAD_LAST);
    squeeze(&permute(state))
}

/// The first four lanes of each state.
#[target_feature(enable = "avx512f")]
#[inline]
fn squeeze(state: &[__m512i; 25]) -> [Digest; LANES] {
    let [a, b, c, d, ..] = *state;
    let even = [_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d)];
    let odd = [_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d)];
    let rows = transpose_quarters([even[0], even[1], odd[0], odd[1]]);
    let mut digests = [[0; 32]; LANES];
    for (place, row) in digests.as_flattened_mut().as_chunks_mut::<64>().0.iter_mut().zip(rows) {
        store(place, row);
    }
    digests
}

/// Eight rows of eight words become eight columns.
#[target_feature(enable = "avx512f")]
#[inline]
fn transpose(rows: [__m512i; LANES]) -> [__m512i; LANES] {
    let [a, b, c, d, e, f, g, h] = rows;
    let [w0, w2, w4, w6] = transpose_quarters([
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpacklo_epi64(e, f),
        _mm512_unpacklo_epi64(g, h),
    ]);
    let [w1, w3, w5, w7] = transpose_quarters([
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpackhi_epi64(c, d),
        _mm512_unpackhi_epi64(e, f),
        _mm512_unpackhi_epi64(g, h),
    ]);
    [w0, w1, w2, w3, w4, w5, w6, w7]
}

/// Four rows of four quarters, 128 bits each, become four columns.
#[target_feature(enable = "avx512f")]
#[inline]
fn transpose_quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    // 0x88 takes quarters 0 and 2 of each operand, 0xdd quarters 1 and 3.
    let (ab02, ab13) = (_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b));
    let (cd02, cd13) = (_mm512_shuffle_i64x2::<0x88>(c, d), _mm512_shuffle_i64x2::<0xdd>(c, d));
    [
        _mm512_shuffle_i64x2::<0x88>(ab02, cd02),
        _mm512_shuffle_i64x2::<0x88>(ab13, cd13),
        _mm512_shuffle_i64x2::<0xdd>(ab02, cd02),
        _mm512_shuffle_i64x2::<0xdd>(ab13, cd13),
    ]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference is to exactly the 64 bytes that are read; any alignment will do.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(place: &mut [u8; 64], vector: __m512i) {
    // SAFETY: the reference is to exactly the 64 bytes that are written; any alignment will do.
    unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<XOR3>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn chi(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<CHI>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m512i) -> __m512i {
    _mm512_rol_epi64::<LEFT>(a)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn splat(a: u64) -> __m512i {
    _mm512_set1_epi64(a.cast_signed())
}
