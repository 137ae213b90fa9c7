//! Reorganisations of the chain behind a hostile node, by `evm_snapshot` and `evm_revert`, which anvil has as well.
//!
//! A snapshot is kept for each of the newest heights. To reorganise, the chain goes back to one of them, an empty block
//! takes the place of the first lost one, and the lost transactions are offered again in their order, as nodes do with
//! what falls out of the chain; or some of them are not.

use std::collections::VecDeque;

use alloy::consensus::Transaction as _;
use alloy::eips::eip2718::Encodable2718;
use alloy::rpc::types::Transaction;
use serde_json::{Value, json};

use super::draw::mix;
use crate::storage::{NodeError, RemoteChain};

/// Deepest reorganisation.
pub const DEEPEST: u64 = 10;

/// Watches a chain and reorganises it.
#[derive(Debug)]
pub struct Reorganiser {
    chain: RemoteChain,
    /// Heights with the snapshot that was taken when each was the newest.
    snapshots: VecDeque<(u64, String)>,
}

/// Why a chain could not be reorganised.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// It gives no usable answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Its address is none.
    #[error(transparent)]
    Address(#[from] crate::storage::AddressError),
    /// An answer is not what the method promises.
    #[error("{method} answered {answer}")]
    Answer {
        /// The method.
        method: &'static str,
        /// Its answer.
        answer: String,
    },
}

impl Reorganiser {
    /// Of the chain at this address. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Stuck::Address`].
    pub fn of(rpc_url: &str) -> Result<Self, Stuck> {
        Ok(Self {
            chain: RemoteChain::at(rpc_url)?,
            snapshots: VecDeque::new(),
        })
    }

    /// Remembers the chain as it is now, if it has grown. Blocks the thread.
    ///
    /// # Errors
    /// [`Stuck`].
    pub fn watch(&mut self) -> Result<(), Stuck> {
        let height = self.height()?;
        if self.snapshots.back().is_some_and(|(newest, _)| *newest >= height) {
            return Ok(());
        }
        let id = self.text("evm_snapshot", json!([]))?;
        self.snapshots.push_back((height, id));
        while self.snapshots.len() > 4 * usize::try_from(DEEPEST).unwrap_or(1) {
            self.snapshots.pop_front();
        }
        Ok(())
    }

    /// Takes up to `depth` blocks back and puts others in their place; of the lost transactions those are offered again
    /// that `kept_of_ten` and the seed say. Answers how many blocks were lost: 0 where nothing was remembered that is
    /// near enough. Blocks the thread.
    ///
    /// # Errors
    /// [`Stuck`].
    pub fn reorganise(&mut self, depth: u64, kept_of_ten: u64, seed: u64) -> Result<u64, Stuck> {
        let head = self.height()?;
        let lowest = head.saturating_sub(depth.min(DEEPEST));
        let near = |(height, _): &(u64, String)| *height >= lowest && *height < head;
        let Some(place) = self.snapshots.iter().position(near) else {
            return Ok(0);
        };
        let Some((base, id)) = self.snapshots.get(place).cloned() else {
            return Ok(0);
        };
        let lost = self.transactions(base + 1, head)?;
        // A revert uses its snapshot up, and those after it.
        self.snapshots.truncate(place);
        let reverted: Value = self.chain.ask("evm_revert", json!([id]))?;
        if reverted != json!(true) {
            return Err(unexpected("evm_revert", &reverted));
        }
        self.mine()?;
        for (number, raw) in lost.iter().enumerate() {
            if mix(seed ^ number as u64) % 10 < kept_of_ten {
                // One whose forerunner was dropped is refused, as it would be elsewhere.
                if let Err(error) = self.chain.ask::<Value>("eth_sendRawTransaction", json!([raw])) {
                    tracing::debug!(%error, "a transaction did not come back");
                }
            }
        }
        while self.height()? <= head {
            self.mine()?;
        }
        tracing::info!(base, head, transactions = lost.len(), "the chain was reorganised");
        Ok(head - base)
    }

    fn transactions(&self, from: u64, to: u64) -> Result<Vec<String>, Stuck> {
        let mut raw = Vec::new();
        for number in from..=to {
            let block: Value = self
                .chain
                .ask("eth_getBlockByNumber", json!([format!("{number:#x}"), true]))?;
            let listed = block.get("transactions").cloned().unwrap_or(Value::Null);
            let listed: Vec<Transaction> = serde_json::from_value(listed).map_err(|error| Stuck::Answer {
                method: "eth_getBlockByNumber",
                answer: error.to_string(),
            })?;
            let encoded = listed.iter().map(|transaction| {
                tracing::debug!(nonce = transaction.nonce(), number, "falls out of the chain");
                alloy::hex::encode_prefixed(transaction.inner.inner().encoded_2718())
            });
            raw.extend(encoded);
        }
        Ok(raw)
    }

    fn mine(&self) -> Result<(), Stuck> {
        let _: Value = self.chain.ask("evm_mine", json!([]))?;
        Ok(())
    }

    fn height(&self) -> Result<u64, Stuck> {
        let answer = self.text("eth_blockNumber", json!([]))?;
        u64::from_str_radix(answer.trim_start_matches("0x"), 16)
            .map_err(|_| unexpected("eth_blockNumber", &json!(answer)))
    }

    fn text(&self, method: &'static str, parameters: Value) -> Result<String, Stuck> {
        let answer: Value = self.chain.ask(method, parameters)?;
        answer
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| unexpected(method, &answer))
    }
}

fn unexpected(method: &'static str, answer: &Value) -> Stuck {
    Stuck::Answer {
        method,
        answer: answer.to_string().chars().take(200).collect(),
    }
}
