//! Which node holds which segment (0G Storage reference 3 and 4).

use orv_content::merkle::SEGMENT_CHUNKS;
use serde::{Deserialize, Serialize};

/// The part of the flow that one node stores: segments whose global index is `shard_id` modulo `num_shard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Wire")]
pub struct Shard {
    shard_id: u64,
    num_shard: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    shard_id: u64,
    num_shard: u64,
}

/// A shard configuration that no node can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no shard {shard_id} of {num_shard}")]
pub struct NoSuchShard {
    shard_id: u64,
    num_shard: u64,
}

/// Most shards a network is divided into.
const MAX_SHARDS: u64 = 1 << 16;

impl TryFrom<Wire> for Shard {
    type Error = NoSuchShard;

    fn try_from(wire: Wire) -> Result<Self, NoSuchShard> {
        Self::new(wire.shard_id, wire.num_shard)
    }
}

impl Shard {
    /// Shard `shard_id` of `num_shard`, a power of two.
    ///
    /// # Errors
    /// [`NoSuchShard`].
    pub fn new(shard_id: u64, num_shard: u64) -> Result<Self, NoSuchShard> {
        if num_shard.is_power_of_two() && num_shard <= MAX_SHARDS && shard_id < num_shard {
            Ok(Self { shard_id, num_shard })
        } else {
            Err(NoSuchShard { shard_id, num_shard })
        }
    }

    /// Whether the node holds segment `index` of a file that starts at chunk `start_entry` of the flow.
    pub fn holds(&self, start_entry: u64, index: u64) -> bool {
        (start_entry / SEGMENT_CHUNKS).wrapping_add(index) & (self.num_shard - 1) == self.shard_id
    }

    fn overlaps(&self, other: &Self) -> bool {
        let common = self.num_shard.min(other.num_shard) - 1;
        self.shard_id & common == other.shard_id & common
    }
}

/// Picks nodes that together hold everything once, coarsest shards first; answers their positions, or `None` when the
/// nodes do not cover the flow.
pub(crate) fn cover(shards: &[Shard]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..shards.len()).collect();
    order.sort_by_key(|position| shards.get(*position).map(|shard| (shard.num_shard, shard.shard_id)));
    let mut chosen: Vec<(usize, Shard)> = Vec::new();
    for position in order {
        let Some(shard) = shards.get(position) else { continue };
        // Coarsest first: what overlaps a chosen shard lies wholly inside it.
        if !chosen.iter().any(|(_, other)| other.overlaps(shard)) {
            chosen.push((position, *shard));
        }
    }
    let covered: u64 = chosen.iter().map(|(_, shard)| MAX_SHARDS / shard.num_shard).sum();
    (covered == MAX_SHARDS).then(|| chosen.into_iter().map(|(position, _)| position).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shard(shard_id: u64, num_shard: u64) -> Shard {
        Shard::new(shard_id, num_shard).unwrap()
    }

    #[test]
    fn a_node_without_shards_holds_everything() {
        assert!((0..10).all(|index| shard(0, 1).holds(12_345, index)));
    }

    #[test]
    fn the_global_segment_index_counts() {
        assert!(shard(1, 2).holds(1024, 0));
        assert!(!shard(1, 2).holds(1024, 1));
    }

    #[test]
    fn shards_that_are_no_power_of_two_are_refused() {
        for (id, count) in [(0, 0), (0, 3), (2, 2), (0, 1 << 40)] {
            assert!(Shard::new(id, count).is_err());
        }
    }

    #[test]
    fn a_cover_has_no_gap_and_no_surplus() {
        assert_eq!(
            cover(&[shard(1, 4), shard(0, 2), shard(3, 4), shard(2, 4)]),
            Some(vec![1, 0, 2])
        );
        assert_eq!(cover(&[shard(0, 2), shard(1, 4)]), None);
        assert_eq!(cover(&[shard(1, 2), shard(0, 1)]), Some(vec![1]));
        assert_eq!(cover(&[]), None);
    }

    proptest! {
        #[test]
        fn every_segment_has_exactly_one_node_of_a_cover(ids in proptest::collection::vec((0_u64..8, 0_u32..4), 0..20), index: u32) {
            let shards: Vec<_> = ids.iter().map(|(id, log)| shard(id % (1 << log), 1 << log)).collect();
            if let Some(chosen) = cover(&shards) {
                let holders = chosen.iter().filter(|position| shards[**position].holds(0, u64::from(index))).count();
                prop_assert_eq!(holders, 1);
            }
        }
    }
}
