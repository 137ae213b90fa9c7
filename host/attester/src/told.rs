//! The admissions that a registry tells of in its log.

use std::ops::RangeInclusive;

use alloy::primitives::Address;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use orv_chain::{Chain, ChainError};
use orv_contracts::admission::EnclaveRegistry::KeyAdmitted;

/// Blocks asked for at a time: public endpoints refuse wide ranges.
const RANGE: u64 = 2000;

/// An admission, and the block that tells of it. That there is no other is the endpoint's word.
#[derive(Debug, Clone)]
pub struct ToldAdmission {
    /// The event.
    pub admitted: KeyAdmitted,
    /// Its block's number.
    pub block: u64,
}

/// The blocks `first` to `last`, in ranges that public endpoints take.
pub fn ranges(first: u64, last: u64) -> impl Iterator<Item = RangeInclusive<u64>> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let begin = next.filter(|begin| *begin <= last)?;
        let end = last.min(begin.saturating_add(RANGE - 1));
        next = end.checked_add(1);
        Some(begin..=end)
    })
}

/// The admissions that `registry` tells of in one of these [`ranges`], in the log's order.
///
/// # Errors
/// The endpoint's failure; [`ChainError::Malformed`] for a log that was not asked for.
pub async fn admissions(
    chain: &Chain,
    registry: Address,
    blocks: RangeInclusive<u64>,
) -> Result<Vec<ToldAdmission>, ChainError> {
    let filter = Filter::new()
        .address(registry)
        .event_signature(KeyAdmitted::SIGNATURE_HASH)
        .from_block(*blocks.start())
        .to_block(*blocks.end());
    let logs = chain.logs(&filter).await?;
    logs.iter().map(|log| read(log, registry, &blocks)).collect()
}

/// Decodes a log and checks that it is one of those asked for.
fn read(log: &Log, registry: Address, blocks: &RangeInclusive<u64>) -> Result<ToldAdmission, ChainError> {
    let malformed = |reason: &str| ChainError::Malformed {
        question: "eth_getLogs",
        reason: reason.to_owned(),
    };
    let event = KeyAdmitted::decode_log(&log.inner).map_err(|error| malformed(&error.to_string()))?;
    match log.block_number {
        Some(block) if event.address == registry && blocks.contains(&block) && !log.removed => Ok(ToldAdmission {
            admitted: event.data,
            block,
        }),
        _ => Err(malformed("a log that was not asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ranges_meet_without_a_gap_and_end_with_the_last_block() {
        assert_eq!(ranges(5, 5).collect::<Vec<_>>(), [5..=5]);
        assert_eq!(
            ranges(0, 4001).collect::<Vec<_>>(),
            [0..=1999, 2000..=3999, 4000..=4001]
        );
        assert_eq!(ranges(6, 5).count(), 0);
        assert_eq!(ranges(u64::MAX, u64::MAX).count(), 1);
    }
}
