//! Why the chain refuses, in the words clients look for.

use alloy::eips::eip2718::Eip2718Error;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{ContractError, GenericContractError, Revert, SolInterface};
use serde_json::Value;

use crate::rpc::RpcError;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Bytes that are no signed transaction.
    #[error("rlp: {0}")]
    Undecodable(#[from] Eip2718Error),
    /// A signature nobody could have made.
    #[error("invalid sender: {0}")]
    Signature(String),
    /// Blob and set-code transactions.
    #[error("transaction type {0} not supported")]
    TransactionType(u8),
    /// Signed for another chain, or for any.
    #[error("invalid chain id for signer: have {found:?} want {expected}")]
    ChainId {
        /// Chain id in the transaction.
        found: Option<u64>,
        /// This chain's.
        expected: u64,
    },
    /// The nonce was used.
    #[error("nonce too low: address {sender}, tx: {found} state: {next}")]
    NonceTooLow {
        /// Sender.
        sender: Address,
        /// Nonce in the transaction.
        found: u64,
        /// Next free nonce.
        next: u64,
    },
    /// Another transaction with this nonce waits and pays as much.
    #[error("replacement transaction underpriced")]
    Underpriced,
    /// The same transaction waits already.
    #[error("already known")]
    Known(B256),
    /// Too many waiting transactions.
    #[error("txpool is full")]
    PoolFull,
    /// The sender cannot pay for gas and value.
    #[error("insufficient funds for gas * price + value: address {sender} have {balance} want {cost}")]
    Funds {
        /// Sender.
        sender: Address,
        /// What it holds, in wei.
        balance: U256,
        /// What the transaction may cost, in wei.
        cost: U256,
    },
    /// The fee cap is under the base fee.
    #[error("max fee per gas less than block base fee: maxFeePerGas: {found}, baseFee: {base_fee}")]
    FeeCap {
        /// Fee cap, wei per gas.
        found: u128,
        /// Base fee, wei per gas.
        base_fee: u64,
    },
    /// The tip is under what this chain takes.
    #[error("transaction underpriced: gas tip cap {found}, minimum needed {minimum}")]
    Tip {
        /// Tip, wei per gas.
        found: u128,
        /// Least tip, wei per gas.
        minimum: u128,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit: {found} > {limit}")]
    GasLimit {
        /// Gas asked for.
        found: u64,
        /// Gas of a block.
        limit: u64,
    },
    /// The EVM refuses the transaction as such.
    #[error("{0}")]
    Invalid(String),
    /// The call reverted.
    #[error("execution reverted{}", reason(.0))]
    Reverted(Bytes),
    /// The call ran into an exceptional halt.
    #[error("{0}")]
    Halted(String),
    /// No gas limit lets the transaction succeed.
    #[error("gas required exceeds allowance ({0})")]
    Allowance(u64),
    /// A block this chain does not have.
    #[error("header not found")]
    UnknownBlock,
    /// A block whose state is no longer kept.
    #[error("state of block {number} is not kept, the oldest kept is {oldest}")]
    StateGone {
        /// Block asked for.
        number: u64,
        /// Oldest block that can be asked.
        oldest: u64,
    },
    /// A time before the newest block's.
    #[error("timestamp {asked} is not after the newest block's {newest}")]
    Timestamp {
        /// Time asked for, unix seconds.
        asked: u64,
        /// Time of the newest block.
        newest: u64,
    },
    /// A log query whose answer is too long.
    #[error("query returned more than {0} results")]
    TooManyLogs(usize),
    /// A block range that runs backwards, or a hash together with a range.
    #[error("invalid block range params")]
    BlockRange,
    /// A filter id that was never given or is uninstalled.
    #[error("filter not found")]
    UnknownFilter,
    /// Too many filters.
    #[error("more than {0} filters are installed")]
    TooManyFilters(usize),
    /// More blocks than one request may mine.
    #[error("at most {0} blocks can be mined at once")]
    TooManyBlocks(u64),
    /// The chain is kept on disk, and the disk does not take the change.
    #[error("the chain's log cannot be written: {0}")]
    Log(std::io::Error),
}

impl From<ChainError> for RpcError {
    fn from(error: ChainError) -> Self {
        let message = error.to_string();
        match error {
            ChainError::Reverted(output) => Self {
                code: 3,
                message,
                data: Some(Value::String(output.to_string())),
            },
            ChainError::TooManyLogs(_) => Self {
                code: -32005,
                message,
                data: None,
            },
            ChainError::BlockRange => Self {
                code: -32602,
                message,
                data: None,
            },
            _ => Self {
                code: -32000,
                message,
                data: None,
            },
        }
    }
}

/// `: TEXT` for `Error(string)` and for panics, nothing for custom errors, as geth does.
fn reason(output: &Bytes) -> String {
    match GenericContractError::abi_decode(output) {
        Ok(ContractError::Revert(Revert { reason, .. })) => format!(": {reason}"),
        Ok(ContractError::Panic(panic)) => format!(": {panic}"),
        _ => String::new(),
    }
}
