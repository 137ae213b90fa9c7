//! Proposals as they appear: a cursor over canonical blocks that notices when the chain takes blocks back.
//!
//! Logs are asked for in ranges, which reaches a week back in a few hundred requests. Before each range the newest
//! block seen is compared with the chain; when it is no longer there, everything above the last common block is
//! reported as withdrawn and read again. Consumers save the cursor together with what they did; an event may come
//! twice after a crash, so they tell events apart by [`EventPosition`].

mod chain_source;
mod cursor;

use std::{collections::VecDeque, future::Future};

pub use self::{
    chain_source::LedgerLogs,
    cursor::{Cursor, Trail},
};
use crate::{
    ProjectId, ProposalId,
    connection::{BlockHeader, BlockReference},
    error::ChainError,
    primitives::{Address, B256, I256, U256},
};

/// Blocks asked for at a time; public endpoints commonly refuse more.
const RANGE: u64 = 1000;
/// Withdrawn-event candidates kept in memory: events of blocks that may still be replaced.
const MAX_RECENT: usize = 4096;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct EventPosition {
    /// Its block's number.
    pub block_number: u64,
    /// Its block's hash.
    pub block_hash: B256,
    /// Its transaction.
    pub transaction: B256,
    /// Its number in the block.
    pub log_index: u64,
}

/// A proposal appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalSubmitted {
    /// Where.
    pub position: EventPosition,
    /// The proposal.
    pub id: ProposalId,
    /// Its project.
    pub project_id: ProjectId,
    /// Who staked.
    pub miner: Address,
    /// The candidate's hash.
    pub code_hash: B256,
    /// What the miner says, in scaled units.
    pub claimed_score: I256,
    /// In whole tokens.
    pub stake: U256,
}

/// What happened since the last look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Events of blocks that are no longer in the chain, newest first. Only those seen since this stream was started.
    pub withdrawn: Vec<ProposalSubmitted>,
    /// New events, oldest first.
    pub added: Vec<ProposalSubmitted>,
    /// Whether everything up to the newest block has been seen.
    pub reached_head: bool,
}

/// What the stream asks. The chain answers it, or a test.
pub trait LogSource: Send + Sync {
    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<BlockHeader, ChainError>> + Send;
    /// A block by number, or `None` when the chain is shorter.
    fn block(&self, number: u64) -> impl Future<Output = Result<Option<BlockHeader>, ChainError>> + Send;
    /// Submissions from one block to another, both included, oldest first.
    fn submissions(
        &self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Vec<ProposalSubmitted>, ChainError>> + Send;
}

/// The stream of proposals.
#[derive(Debug)]
pub struct ProposalStream<S> {
    source: S,
    cursor: Cursor,
    recent: VecDeque<ProposalSubmitted>,
}

impl<S: LogSource> ProposalStream<S> {
    /// Continues at a cursor.
    pub fn new(source: S, cursor: Cursor) -> Self {
        Self {
            source,
            cursor,
            recent: VecDeque::new(),
        }
    }

    /// Where it stands: save this together with what was done about the batch.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Looks once: at most one range of blocks further. On an error nothing has moved, and the look can be repeated.
    ///
    /// # Errors
    /// The source's failure; [`ChainError::Malformed`] when the chain changed while it was being read.
    pub async fn look(&mut self) -> Result<Batch, ChainError> {
        let head = self.source.head().await?.reference;
        let base = self.common().await?;
        let from = self.cursor.first_after(base);
        if from > head.number {
            return Ok(Batch {
                withdrawn: self.rewind(base),
                added: Vec::new(),
                reached_head: true,
            });
        }
        let to = head.number.min(from.saturating_add(RANGE - 1));
        let end = self.reference(to).await?;
        let added = self.source.submissions(from, to).await?;
        if self.reference(to).await? != end {
            return Err(changed(to));
        }
        let withdrawn = self.rewind(base);
        self.cursor.advance(end);
        self.recent.extend(added.iter().cloned());
        while self.recent.len() > MAX_RECENT {
            self.recent.pop_front();
        }
        Ok(Batch {
            withdrawn,
            added,
            reached_head: to == head.number,
        })
    }

    /// The newest block of the trail that the chain still has.
    async fn common(&self) -> Result<Option<BlockReference>, ChainError> {
        for seen in self.cursor.trail().newest_first() {
            let now = self.source.block(seen.number).await?;
            if now.is_some_and(|header| header.reference == *seen) {
                return Ok(Some(*seen));
            }
        }
        Ok(None)
    }

    async fn reference(&self, number: u64) -> Result<BlockReference, ChainError> {
        self.source
            .block(number)
            .await?
            .map(|header| header.reference)
            .ok_or_else(|| changed(number))
    }

    fn rewind(&mut self, base: Option<BlockReference>) -> Vec<ProposalSubmitted> {
        self.cursor.rewind(base);
        let first = self.cursor.first_after(base);
        let mut withdrawn = Vec::new();
        while self
            .recent
            .back()
            .is_some_and(|event| event.position.block_number >= first)
        {
            withdrawn.extend(self.recent.pop_back());
        }
        withdrawn
    }
}

fn changed(number: u64) -> ChainError {
    ChainError::Malformed {
        question: "eth_getLogs",
        reason: format!("block {number} changed while it was read"),
    }
}

#[cfg(test)]
mod tests;
