//! How far a stream has come, in a form that can be saved.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::connection::BlockReference;

/// Blocks remembered: ends of ranges far back, each look's end near the head.
const MAX_TRAIL: usize = 128;

/// A position in the chain, with enough of the way there to find back after a reorganisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    first_block: u64,
    trail: Trail,
}

/// Blocks that were the newest when they were looked at, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trail(VecDeque<BlockReference>);

impl Trail {
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &BlockReference> {
        self.0.iter().rev()
    }
}

impl Cursor {
    /// Before the first block that can hold an event.
    pub fn before(first_block: u64) -> Self {
        Self {
            first_block,
            trail: Trail::default(),
        }
    }

    /// The newest block that has been seen, when any.
    pub fn newest(&self) -> Option<BlockReference> {
        self.trail.0.back().copied()
    }

    pub(super) fn trail(&self) -> &Trail {
        &self.trail
    }

    pub(super) fn first_after(&self, base: Option<BlockReference>) -> u64 {
        base.map_or(self.first_block, |base| base.number.saturating_add(1))
    }

    pub(super) fn advance(&mut self, end: BlockReference) {
        self.trail.0.push_back(end);
        if self.trail.0.len() > MAX_TRAIL {
            self.trail.0.pop_front();
        }
    }

    pub(super) fn rewind(&mut self, base: Option<BlockReference>) {
        while self
            .trail
            .0
            .back()
            .is_some_and(|newest| base.is_none_or(|base| newest.number > base.number))
        {
            self.trail.0.pop_back();
        }
    }
}
