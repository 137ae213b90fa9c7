//! What became of a transaction.

use std::time::Duration;

use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use tokio::time::{Instant, sleep};

use super::{Call, Mined, SendError};
use crate::{
    connection::{BlockReference, Chain},
    error::ChainError,
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

/// What the endpoint knows of a transaction hash.
#[derive(Debug)]
pub enum Fate {
    /// In a block, executed with success.
    Mined(Mined),
    /// In a block, executed and failed.
    Failed(BlockReference),
    /// Known, not in a block yet.
    Pending,
    /// Not known. It may still arrive from elsewhere until its nonce is used.
    NotKnown,
}

/// Asks once.
pub(super) async fn fate(chain: &Chain, hash: B256) -> Result<Fate, ChainError> {
    let receipt = chain
        .provider()
        .get_transaction_receipt(hash)
        .await
        .map_err(ChainError::from_rpc)?;
    if let Some(receipt) = receipt {
        return read(receipt);
    }
    let known = chain
        .provider()
        .get_transaction_by_hash(hash)
        .await
        .map_err(ChainError::from_rpc)?;
    Ok(if known.is_some() { Fate::Pending } else { Fate::NotKnown })
}

fn read(receipt: TransactionReceipt) -> Result<Fate, ChainError> {
    let (Some(number), Some(block_hash)) = (receipt.block_number, receipt.block_hash) else {
        return Ok(Fate::Pending);
    };
    let block = BlockReference {
        number,
        hash: block_hash,
    };
    if !receipt.status() {
        return Ok(Fate::Failed(block));
    }
    let (hash, gas_used) = (receipt.transaction_hash, receipt.gas_used);
    Ok(Fate::Mined(Mined {
        hash,
        block,
        gas_used,
        logs: receipt.logs().to_vec(),
    }))
}

/// Asks until there is a receipt. A question without an answer is asked again: only silence until the limit ends it.
pub(super) async fn wait(
    chain: &Chain,
    hash: B256,
    from: Address,
    call: &Call,
    patience: Patience,
) -> Result<Mined, SendError> {
    let begun = Instant::now();
    loop {
        match fate(chain, hash).await {
            Ok(Fate::Mined(mined)) => return Ok(mined),
            Ok(Fate::Failed(block)) => {
                return Err(SendError::Failed {
                    hash,
                    reason: replay(chain, from, call, block).await,
                });
            }
            Ok(Fate::Pending | Fate::NotKnown) => {}
            Err(error) => tracing::warn!(%hash, %error, "no answer about a sent transaction"),
        }
        let waited = begun.elapsed();
        if waited >= patience.limit {
            return Err(SendError::Unknown { hash, waited });
        }
        sleep(patience.interval).await;
    }
}

/// The refusal that the same call meets in the state before the block it failed in.
async fn replay(chain: &Chain, from: Address, call: &Call, block: BlockReference) -> Option<Revert> {
    match simulate(chain, from, call, BlockId::number(block.number.saturating_sub(1))).await {
        Err(ChainError::Reverted(revert)) => Some(revert),
        Err(_) | Ok(()) => None,
    }
}

/// Runs a call without sending it.
pub(super) async fn simulate(chain: &Chain, from: Address, call: &Call, block: BlockId) -> Result<(), ChainError> {
    let answer = chain.provider().call(request(from, call)).block(block).await;
    answer.map(|_| ()).map_err(ChainError::from_rpc)
}

pub(super) fn request(from: Address, call: &Call) -> TransactionRequest {
    TransactionRequest::default()
        .from(from)
        .to(call.to)
        .value(call.value)
        .input(call.data.clone().into())
}
