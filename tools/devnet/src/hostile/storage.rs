//! Storage nodes that misbehave by a seed.

use std::time::Duration;

use super::draw::mix;
use crate::storage::{Fault, Storage};

/// Faults that are drawn, beside none at all.
const DRAWN: [Fault; 6] = [
    Fault::Flip,
    Fault::Drop,
    Fault::Delay(Duration::from_millis(50)),
    Fault::Truncate,
    Fault::LieSize,
    Fault::Error200,
];

/// Gives a storage node another fault at each step, and none at about every third.
#[derive(Debug)]
pub struct StorageTrouble {
    storage: Storage,
    seed: u64,
    step: u64,
}

impl StorageTrouble {
    /// For a node, by a seed.
    pub fn new(storage: Storage, seed: u64) -> Self {
        Self { storage, seed, step: 0 }
    }

    /// The next fault, told as it is set.
    pub fn step(&mut self) -> Option<Fault> {
        self.step += 1;
        let drawn = mix(self.seed ^ mix(self.step));
        let place = usize::try_from(drawn % 9).unwrap_or_default();
        let fault = DRAWN.get(place).copied();
        tracing::debug!(step = self.step, ?fault, "the storage node misbehaves");
        self.storage.set_faults(fault.into_iter().collect());
        fault
    }

    /// Makes the node honest again.
    pub fn end(self) {
        self.storage.set_faults(Vec::new());
    }
}
