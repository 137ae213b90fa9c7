//! The same tree by the scalar Keccak of another crate: what a plain port of 0G's rules runs at.

use tiny_keccak::{Hasher, Keccak};

type Digest = [u8; 32];

/// 0G's chunk, and the chunks of a power of two that need no padding.
const CHUNK: usize = 256;

/// The root of a content whose number of chunks is a power of two: padding plays no part then (0G Storage reference 1).
pub(super) fn root_of(content: &[u8]) -> Digest {
    let mut level: Vec<Digest> = content
        .as_chunks::<CHUNK>()
        .0
        .iter()
        .map(|chunk| keccak(&[chunk]))
        .collect();
    while level.len() > 1 {
        let (pairs, odd) = level.as_chunks::<2>();
        let mut next: Vec<Digest> = pairs.iter().map(|[left, right]| keccak(&[left, right])).collect();
        next.extend_from_slice(odd);
        level = next;
    }
    level.first().copied().unwrap_or_default()
}

fn keccak(parts: &[&[u8]]) -> Digest {
    let mut hasher = Keccak::v256();
    parts.iter().for_each(|part| hasher.update(part));
    let mut digest = Digest::default();
    hasher.finalize(&mut digest);
    digest
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_gives_our_root() {
        for chunks in [1, 2, 16, 2048] {
            let content: Vec<u8> = (0..chunks * super::CHUNK).map(|index| (index % 251) as u8).collect();
            assert_eq!(
                super::root_of(&content),
                orv_content::merkle::root_of(&content).unwrap().0
            );
        }
    }
}
