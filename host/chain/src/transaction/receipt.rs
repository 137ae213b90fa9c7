//! What became of a sent transaction.

use std::time::Duration;

use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use tokio::time::{Instant, sleep};

use super::{Call, Mined, SendError, task::SharedBook};
use crate::{
    connection::{BlockReference, Chain},
    error::ChainError,
    nodes::NodeProvider,
    revert::Revert,
};

/// How long and how often a receipt is asked for. Galileo shows receipts some blocks late (evm.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// When to stop waiting and report [`SendError::Unknown`].
    pub limit: Duration,
    /// Pause between two questions.
    pub interval: Duration,
}

impl Default for Patience {
    /// 120 s, twice a second.
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(120),
            interval: Duration::from_millis(500),
        }
    }
}

/// What the endpoints know of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// In a block, executed with success.
    Mined(Mined),
    /// In a block, executed and failed.
    Failed(BlockReference),
    /// Known, not in a block yet, or not by as many endpoints as have to agree.
    Pending,
    /// Not known. It may still arrive from elsewhere until its nonce is used.
    NotKnown,
}

/// Asks once. That it is in a block is believed when a quorum shows the same receipt; that it is known, when anybody
/// knows it; that nobody does, when a quorum does not.
pub(super) async fn fate(chain: &Chain, hash: B256) -> Result<Fate, ChainError> {
    let quorum = chain.quorum();
    if quorum == 1 {
        return fate_at(chain.provider().clone(), hash).await;
    }
    let seen = chain.every_node().survey(move |node| fate_at(node, hash)).await;
    let in_block = seen.iter().find(|fate| {
        matches!(fate, Fate::Mined(_) | Fate::Failed(_)) && seen.iter().filter(|other| other == fate).count() >= quorum
    });
    if let Some(fate) = in_block {
        return Ok(fate.clone());
    }
    if seen.iter().any(|fate| *fate != Fate::NotKnown) {
        return Ok(Fate::Pending);
    }
    if seen.len() < quorum {
        return Err(ChainError::Unreachable(format!(
            "{} endpoints answered about a transaction, {quorum} are needed",
            seen.len()
        )));
    }
    Ok(Fate::NotKnown)
}

/// The fate of the one among several transactions with one number that is furthest.
pub(super) async fn fate_of_any(chain: &Chain, hashes: &[B256]) -> Result<Fate, ChainError> {
    let mut furthest = Fate::NotKnown;
    for hash in hashes {
        match fate(chain, *hash).await? {
            decided @ (Fate::Mined(_) | Fate::Failed(_)) => return Ok(decided),
            Fate::Pending => furthest = Fate::Pending,
            Fate::NotKnown => {}
        }
    }
    Ok(furthest)
}

async fn fate_at(node: NodeProvider, hash: B256) -> Result<Fate, ChainError> {
    let receipt = node.get_transaction_receipt(hash).await.map_err(ChainError::from_rpc)?;
    if let Some(receipt) = receipt {
        return read(hash, receipt);
    }
    let known = node.get_transaction_by_hash(hash).await.map_err(ChainError::from_rpc)?;
    Ok(if known.is_some() { Fate::Pending } else { Fate::NotKnown })
}

fn read(asked: B256, receipt: TransactionReceipt) -> Result<Fate, ChainError> {
    let (Some(number), Some(block_hash)) = (receipt.block_number, receipt.block_hash) else {
        return Ok(Fate::Pending);
    };
    let (hash, gas_used) = (receipt.transaction_hash, receipt.gas_used);
    if hash != asked {
        return Err(ChainError::Malformed {
            question: "eth_getTransactionReceipt",
            reason: format!("asked for {asked}, told of {hash}"),
        });
    }
    let block = BlockReference {
        number,
        hash: block_hash,
    };
    if !receipt.status() {
        return Ok(Fate::Failed(block));
    }
    // Some nodes tell each log's time and some do not: the block's hash says the same.
    let mut logs = receipt.logs().to_vec();
    logs.iter_mut().for_each(|log| log.block_timestamp = None);
    Ok(Fate::Mined(Mined {
        hash,
        block,
        gas_used,
        logs,
    }))
}

/// Somebody who waits for one transaction, under whichever hash it is mined.
pub(super) struct Wait<'a> {
    pub(super) chain: &'a Chain,
    pub(super) book: &'a SharedBook,
    pub(super) account: Address,
    pub(super) patience: Patience,
}

impl Wait<'_> {
    /// Asks until there is a receipt. A question without an answer is asked again: only silence until the limit ends it.
    pub(super) async fn until_mined(&self, hash: B256, call: &Call) -> Result<Mined, SendError> {
        let begun = Instant::now();
        loop {
            let hashes = self.hashes(hash);
            match fate_of_any(self.chain, &hashes).await {
                Ok(Fate::Mined(mined)) => {
                    self.book.lock().answer(hash);
                    return Ok(mined);
                }
                Ok(Fate::Failed(block)) => {
                    self.book.lock().answer(hash);
                    let reason = self.replay(call, block).await;
                    return Err(SendError::Failed { hash, reason });
                }
                Ok(Fate::Pending | Fate::NotKnown) => {}
                Err(error) => tracing::warn!(%hash, %error, "no answer about a sent transaction"),
            }
            let waited = begun.elapsed();
            if waited >= self.patience.limit {
                return Err(self.give_up(hash, waited).await);
            }
            sleep(self.patience.interval).await;
        }
    }

    fn hashes(&self, hash: B256) -> Vec<B256> {
        let siblings = self.book.lock().siblings(hash);
        siblings.map_or_else(|| vec![hash], |(_, hashes)| hashes)
    }

    /// Its number is used and nobody knows any of its transactions: another user of the key has taken it. Else nobody
    /// can say.
    async fn give_up(&self, hash: B256, waited: Duration) -> SendError {
        let unknown = SendError::Unknown { hash, waited };
        let siblings = self.book.lock().siblings(hash);
        let Some((number, hashes)) = siblings else {
            return unknown;
        };
        let mined = self.chain.mined_count(self.account).await;
        if !mined.is_ok_and(|mined| mined > number) {
            return unknown;
        }
        match fate_of_any(self.chain, &hashes).await {
            Ok(Fate::NotKnown) => SendError::Superseded { hash, number },
            _ => unknown,
        }
    }

    /// The refusal that the same call meets in the state before the block it failed in.
    async fn replay(&self, call: &Call, block: BlockReference) -> Option<Revert> {
        let before = BlockId::number(block.number.saturating_sub(1));
        match simulate(self.chain, self.account, call, before).await {
            Err(ChainError::Reverted(revert)) => Some(revert),
            Err(_) | Ok(()) => None,
        }
    }
}

/// Runs a call without sending it, at the newest block that a quorum has when the newest is asked for: a refusal makes
/// callers give up, so no endpoint may say it alone.
pub(super) async fn simulate(chain: &Chain, from: Address, call: &Call, block: BlockId) -> Result<(), ChainError> {
    chain.run("eth_call", request(from, call), block).await.map(|_| ())
}

/// Gas that a call will use. Of several endpoints' words the one counts that a quorum does not exceed, so that one
/// cannot starve the transaction; what an exaggeration costs is bounded by the fee rules.
pub(super) async fn estimate(chain: &Chain, from: Address, call: &Call) -> Result<u64, ChainError> {
    let request = request(from, call);
    let quorum = chain.quorum();
    if quorum > 1 {
        let ask = |node: NodeProvider| {
            let request = request.clone();
            async move { node.estimate_gas(request).await.map_err(ChainError::from_rpc) }
        };
        let mut estimates = chain.every_node().survey(ask).await;
        estimates.sort_unstable();
        if let Some(estimate) = estimates.get(quorum.saturating_sub(1)) {
            return Ok(*estimate);
        }
    }
    let estimate = chain.provider().estimate_gas(request).await;
    estimate.map_err(ChainError::from_rpc)
}

fn request(from: Address, call: &Call) -> TransactionRequest {
    TransactionRequest::default()
        .from(from)
        .to(call.to)
        .value(call.value)
        .input(call.data.clone().into())
}
