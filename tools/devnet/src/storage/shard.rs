//! Which part of the flow a node stores (0G Storage reference 3).

use orv_content::merkle::SEGMENT_CHUNKS;

/// How many nodes share the flow: one for each shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardCount(u64);

/// A number of shards that no network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} shards: a power of two from 1 to {MOST_SHARDS} is possible")]
pub struct NoSuchCount(pub u64);

/// Most nodes of one network.
const MOST_SHARDS: u64 = 64;

impl ShardCount {
    /// `count` shards.
    ///
    /// # Errors
    /// [`NoSuchCount`] for anything but a power of two up to 64.
    pub fn new(count: u64) -> Result<Self, NoSuchCount> {
        if count.is_power_of_two() && count <= MOST_SHARDS {
            Ok(Self(count))
        } else {
            Err(NoSuchCount(count))
        }
    }

    /// Every shard, by its id.
    pub fn shards(self) -> impl Iterator<Item = Shard> {
        (0..self.0).map(move |id| Shard { id, count: self.0 })
    }
}

/// One shard: everything is in it.
impl Default for ShardCount {
    fn default() -> Self {
        Self(1)
    }
}

impl std::str::FromStr for ShardCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count: u64 = text.parse().map_err(|_| format!("not a number: {text:?}"))?;
        Self::new(count).map_err(|error| error.to_string())
    }
}

/// Segments whose index in the flow is `id` modulo `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    id: u64,
    count: u64,
}

impl Shard {
    /// Its number.
    pub fn id(self) -> u64 {
        self.id
    }

    /// How many there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Whether segment `index` of a file that begins at sector `start` belongs to it.
    pub fn holds(self, start: u64, index: u64) -> bool {
        (start / SEGMENT_CHUNKS).wrapping_add(index) % self.count == self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_has_exactly_one_shard() {
        let four = ShardCount::new(4).unwrap();
        for (start, index) in [(1, 0), (1024, 0), (1024, 5), (9 * 1024, 3)] {
            assert_eq!(four.shards().filter(|shard| shard.holds(start, index)).count(), 1);
        }
    }

    #[test]
    fn a_count_is_a_power_of_two() {
        for count in [0, 3, 65, 128] {
            assert_eq!(ShardCount::new(count), Err(NoSuchCount(count)));
        }
    }
}
