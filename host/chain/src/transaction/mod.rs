//! Sending: what a transaction is, how it ends, and who owns the nonce.

mod book;
mod fees;
mod outbox;
mod owner;
mod receipt;
mod resumption;
mod task;

use std::time::Duration;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    rpc::types::Log,
    sol_types::{SolCall, SolEvent},
};

pub use self::{
    fees::{FeeRules, Fees},
    outbox::{Outbox, OutboxError, Signer},
    owner::TransactionOwner,
    receipt::{Fate, Patience},
    resumption::Resumption,
};
use crate::{connection::BlockReference, error::ChainError, revert::Revert};

/// A call that changes the chain's state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Wei sent along.
    pub value: U256,
    /// The encoded function call.
    pub data: Bytes,
}

impl Call {
    /// A typed call that sends no coin.
    pub fn new<C: SolCall>(to: Address, call: &C) -> Self {
        Self {
            to,
            value: U256::ZERO,
            data: call.abi_encode().into(),
        }
    }

    /// The same call with `value` wei sent along.
    #[must_use]
    pub fn paying(mut self, value: U256) -> Self {
        self.value = value;
        self
    }
}

/// A transaction in a block whose execution succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Mined {
    /// The transaction's hash.
    pub hash: B256,
    /// The block it is in. Blocks can be replaced; see [`crate::intake`].
    pub block: BlockReference,
    /// Gas used.
    pub gas_used: u64,
    /// The logs it left.
    pub logs: Vec<Log>,
}

impl Mined {
    /// The first event of this kind that this contract emitted.
    pub fn event<E: SolEvent>(&self, emitter: Address) -> Option<E> {
        let own = self.logs.iter().filter(|log| log.address() == emitter);
        own.filter_map(|log| E::decode_log(&log.inner).ok())
            .map(|decoded| decoded.data)
            .next()
    }

    /// As [`Self::event`], where its absence means that the contract is not what it should be.
    ///
    /// # Errors
    /// [`SendError::NoEvent`].
    pub fn require_event<E: SolEvent>(&self, emitter: Address) -> Result<E, SendError> {
        self.event(emitter).ok_or(SendError::NoEvent {
            hash: self.hash,
            event: E::SIGNATURE,
        })
    }
}

/// How a transaction did not succeed. Only [`SendError::Unknown`] leaves open what happened.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Simulated beforehand and refused by the contract; nothing was sent, nothing was paid.
    #[error("refused before sending: {0}")]
    Reverted(Revert),
    /// It was mined and failed; gas was paid.
    #[error("transaction {hash} failed on chain: {}", reason.as_ref().map_or_else(|| "reason unknown".to_owned(), ToString::to_string))]
    Failed {
        /// The transaction.
        hash: B256,
        /// What the same call answers at the block before, when it can be replayed.
        reason: Option<Revert>,
    },
    /// The endpoint refused the signed transaction, so it is in no pool.
    #[error("the endpoint refused the transaction: {message}")]
    Refused {
        /// The endpoint's text.
        message: String,
    },
    /// The transaction may be mined later, or never: ask [`TransactionOwner::fate`] before doing anything twice.
    #[error("the fate of transaction {hash} is unknown after {} s", waited.as_secs())]
    Unknown {
        /// The transaction.
        hash: B256,
        /// How long its receipt was waited for.
        waited: Duration,
    },
    /// Another user of the key has used its number: none of its transactions is known, and none can be mined any more.
    /// Read what the call was to change before sending it anew.
    #[error("transaction {hash} is void: another user of the key has used its number {number}")]
    Superseded {
        /// The transaction.
        hash: B256,
        /// Its number.
        number: u64,
    },
    /// The whole transaction may cost more than the rules allow; nothing was sent.
    #[error("the transaction may cost {asked} wei, more than the allowed {allowed}")]
    TooDear {
        /// Wei that it may cost: gas limit times the most per gas.
        asked: u128,
        /// The configured ceiling.
        allowed: u128,
    },
    /// What was signed could not be written down, so nothing was sent.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The chain asks for more per gas than the rules allow.
    #[error("the chain asks {asked} wei per gas, more than the allowed {allowed}")]
    TooExpensive {
        /// Wei per gas that would be needed.
        asked: u128,
        /// The configured ceiling.
        allowed: u128,
    },
    /// The transaction succeeded but did not emit what its contract promises.
    #[error("transaction {hash} emitted no {event}")]
    NoEvent {
        /// The transaction.
        hash: B256,
        /// The event's signature.
        event: &'static str,
    },
    /// The key refused.
    #[error(transparent)]
    Wallet(#[from] crate::wallet::WalletError),
    /// A question that has to be answered before sending was not.
    #[error(transparent)]
    Chain(ChainError),
    /// The owner's task has ended, because the runtime shuts down.
    #[error("the owner of this key's nonce has stopped")]
    OwnerStopped,
}

impl From<ChainError> for SendError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Reverted(revert) => Self::Reverted(revert),
            other => Self::Chain(other),
        }
    }
}
