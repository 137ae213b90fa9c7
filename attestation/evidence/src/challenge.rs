//! The challenge that shows evidence to be fresh, from a block that anyone can look up (DESIGN 5.4).

use alloy_primitives::keccak256;

/// DESIGN 5.4's challenge: `keccak256(abi.encode(uint256 chainId, address registry, address operator,
/// uint256 blockNumber, bytes32 blockHash))`.
///
/// Anyone who knows the block checks freshness without a server, and `EnclaveRegistry` recomputes it on chain.
pub fn challenge(
    chain_id: u64,
    registry: [u8; 20],
    operator: [u8; 20],
    block_number: u64,
    block_hash: [u8; 32],
) -> [u8; 32] {
    let words = [
        word_of_number(chain_id),
        word_of(registry),
        word_of(operator),
        word_of_number(block_number),
        block_hash,
    ];
    keccak256(words.as_flattened()).0
}

fn word_of_number(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word.iter_mut()
        .rev()
        .zip(number.to_le_bytes())
        .for_each(|(target, byte)| *target = byte);
    word
}

fn word_of(address: [u8; 20]) -> [u8; 32] {
    let mut word = [0; 32];
    word.iter_mut()
        .skip(12)
        .zip(address)
        .for_each(|(target, byte)| *target = byte);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_hash_of_five_abi_words() {
        let mut encoded = Vec::new();
        encoded.extend([0; 24]);
        encoded.extend(0x0102_0304_0506_0708_u64.to_be_bytes());
        encoded.extend([0; 12]);
        encoded.extend([0xaa; 20]);
        encoded.extend([0; 12]);
        encoded.extend([0xbb; 20]);
        encoded.extend([0; 24]);
        encoded.extend(99_u64.to_be_bytes());
        encoded.extend([0xcc; 32]);
        let expected = keccak256(&encoded).0;
        assert_eq!(
            challenge(0x0102_0304_0506_0708, [0xaa; 20], [0xbb; 20], 99, [0xcc; 32]),
            expected
        );
    }
}
