//! Which instructions hash, found out at run time.

use super::{Digest, leaf, parent};

#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512};

/// A way to compute the many digests of a Merkle tree. All ways give the same digests; they differ in speed only.
///
/// A value can be had only for what this processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implementation(Width);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Implementation {
    /// One input after the other, on any machine.
    pub fn portable() -> Self {
        Self(Width::Portable)
    }

    /// Four inputs at once; `None` where the processor has no AVX2.
    pub fn avx2() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return Avx2::detect().map(Width::Avx2).map(Self);
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// Eight inputs at once; `None` where the processor has no AVX-512F.
    pub fn avx512() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return Avx512::detect().map(Width::Avx512).map(Self);
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The fastest that this processor can do.
    pub fn fastest() -> Self {
        Self::avx512().or_else(Self::avx2).unwrap_or_else(Self::portable)
    }

    /// What it is called: `portable`, `avx2` or `avx512`.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Width::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Width::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Width::Avx512(_) => "avx512",
        }
    }

    /// Appends the digest of each 256-byte chunk.
    pub(crate) fn leaves(&self, chunks: &[[u8; 256]], digests: &mut Vec<Digest>) {
        match self.0 {
            Width::Portable => digests.extend(chunks.iter().map(leaf)),
            #[cfg(target_arch = "x86_64")]
            Width::Avx2(avx2) => in_batches(chunks, &[0; 256], digests, |batch| avx2.leaves(batch), leaf),
            #[cfg(target_arch = "x86_64")]
            Width::Avx512(avx512) => in_batches(chunks, &[0; 256], digests, |batch| avx512.leaves(batch), leaf),
        }
    }

    /// Appends the digest of each pair of digests.
    pub(crate) fn parents(&self, pairs: &[[Digest; 2]], digests: &mut Vec<Digest>) {
        let one = |[left, right]: &[Digest; 2]| parent(left, right);
        match self.0 {
            Width::Portable => digests.extend(pairs.iter().map(one)),
            #[cfg(target_arch = "x86_64")]
            Width::Avx2(avx2) => in_batches(pairs, &[[0; 32]; 2], digests, |batch| avx2.parents(batch), one),
            #[cfg(target_arch = "x86_64")]
            Width::Avx512(avx512) => in_batches(pairs, &[[0; 32]; 2], digests, |batch| avx512.parents(batch), one),
        }
    }
}

/// Appends the digests of `inputs`, `N` at a time. A batch costs little more than one input by itself, so what is left
/// over makes up a batch with blank inputs, unless it is one input only.
#[cfg(target_arch = "x86_64")]
fn in_batches<T: Copy, const N: usize>(
    inputs: &[T],
    blank: &T,
    digests: &mut Vec<Digest>,
    batch: impl Fn(&[T; N]) -> [Digest; N],
    one: impl Fn(&T) -> Digest,
) {
    let (batches, rest) = inputs.as_chunks();
    for inputs in batches {
        digests.extend_from_slice(&batch(inputs));
    }
    match rest {
        [] => {}
        [input] => digests.push(one(input)),
        rest => {
            let mut inputs = [*blank; N];
            for (place, input) in inputs.iter_mut().zip(rest) {
                *place = *input;
            }
            digests.extend(batch(&inputs).into_iter().take(rest.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use alloy_primitives::keccak256 as reference;
    use proptest::prelude::*;

    use super::*;

    /// Every implementation that this processor can do, with a loud word for those that it cannot.
    fn implementations() -> Vec<Implementation> {
        let wide = [("avx2", Implementation::avx2()), ("avx512", Implementation::avx512())];
        let mut found = vec![Implementation::portable()];
        for (name, implementation) in wide {
            match implementation {
                Some(implementation) => {
                    assert_eq!(implementation.name(), name);
                    found.push(implementation);
                }
                // Not by a macro: the test harness would swallow it.
                None => {
                    let message =
                        format!("!!! THIS PROCESSOR HAS NO {name}: that implementation has NOT been checked !!!\n");
                    std::io::stderr().write_all(message.as_bytes()).unwrap();
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn every_implementation_gives_the_digests_of_the_reference(
            count in 0..40_usize,
            bytes in prop::collection::vec(any::<u8>(), 40 * 256),
        ) {
            let chunks = &bytes.as_chunks::<256>().0[..count];
            let pairs = &bytes.as_chunks::<32>().0.as_chunks::<2>().0[..count];
            for implementation in implementations() {
                let mut digests = vec![[7; 32]];
                implementation.leaves(chunks, &mut digests);
                let expected = chunks.iter().map(|chunk| reference(chunk).0);
                prop_assert!(digests.iter().copied().eq(std::iter::once([7; 32]).chain(expected)), "leaves, {}", implementation.name());
                digests.truncate(1);
                implementation.parents(pairs, &mut digests);
                let expected = pairs.iter().map(|pair| reference(pair.as_flattened()).0);
                prop_assert!(digests.iter().copied().eq(std::iter::once([7; 32]).chain(expected)), "parents, {}", implementation.name());
            }
        }
    }

    #[test]
    fn the_fastest_implementation_is_the_widest_one() {
        let widest = implementations().pop().unwrap();
        assert_eq!(Implementation::fastest(), widest);
    }
}
