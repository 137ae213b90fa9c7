//! A mined block: a consensus header over real transaction, receipt and state roots.

use std::sync::Arc;

use alloy::consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy::consensus::{
    EMPTY_OMMER_ROOT_HASH, Eip658Value, Header, Receipt, ReceiptEnvelope, Sealed, Transaction, TxEnvelope, TxReceipt,
    constants::EMPTY_WITHDRAWALS, transaction::Recovered,
};
use alloy::primitives::{Address, B256, Bloom, Bytes, keccak256};
use revm::context::result::ExecutionResult;

use super::execute::BlockContext;
use super::world::World;

/// A transaction in its block.
#[derive(Debug, Clone)]
pub struct Mined {
    /// The transaction and its sender.
    pub transaction: Recovered<TxEnvelope>,
    /// Its receipt as it enters the receipt trie.
    pub receipt: ReceiptEnvelope,
    /// Gas it used by itself.
    pub gas_used: u64,
    /// Wei per gas it paid.
    pub effective_gas_price: u128,
    /// The contract it created, for a creation that succeeded or failed alike.
    pub contract: Option<Address>,
    /// Index of its first log within the block.
    pub first_log: u64,
}

/// A sealed block.
#[derive(Debug, Clone)]
pub struct Block {
    /// Header and its hash.
    pub header: Sealed<Header>,
    /// Transactions in order.
    pub transactions: Vec<Mined>,
    /// Accounts after the block; `None` when the block is too old.
    pub state: Option<Arc<World>>,
}

/// A block while it is filled.
#[derive(Debug)]
pub struct Draft {
    parent: B256,
    context: BlockContext,
    transactions: Vec<Mined>,
    gas_used: u64,
    logs: u64,
}

impl Draft {
    /// Begins the block after `parent`.
    pub fn new(parent: B256, context: BlockContext) -> Self {
        Self {
            parent,
            context,
            transactions: Vec::new(),
            gas_used: 0,
            logs: 0,
        }
    }

    /// Gas that is left.
    pub fn gas_left(&self) -> u64 {
        self.context.gas_limit.saturating_sub(self.gas_used)
    }

    /// Appends an executed transaction.
    pub fn push(&mut self, transaction: Recovered<TxEnvelope>, result: ExecutionResult) {
        let (gas_used, success) = (result.tx_gas_used(), result.is_success());
        let logs = if success { result.into_logs() } else { Vec::new() };
        self.gas_used = self.gas_used.saturating_add(gas_used);
        let first_log = self.logs;
        self.logs = self.logs.saturating_add(logs.len() as u64);
        let receipt = Receipt {
            status: Eip658Value::Eip658(success),
            cumulative_gas_used: self.gas_used,
            logs,
        }
        .with_bloom();
        let sender = transaction.signer();
        self.transactions.push(Mined {
            receipt: ReceiptEnvelope::from_typed(transaction.tx_type(), receipt),
            gas_used,
            effective_gas_price: transaction.effective_gas_price(Some(self.context.base_fee)),
            contract: transaction.is_create().then(|| sender.create(transaction.nonce())),
            first_log,
            transaction,
        });
    }

    /// Seals the block over the state after it.
    pub fn seal(self, state: Arc<World>) -> Block {
        let transactions: Vec<_> = self
            .transactions
            .iter()
            .map(|mined| mined.transaction.inner())
            .collect();
        let receipts: Vec<_> = self.transactions.iter().map(|mined| &mined.receipt).collect();
        let header = Header {
            parent_hash: self.parent,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: Address::ZERO,
            state_root: state.root(),
            transactions_root: calculate_transaction_root(&transactions),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom: receipts
                .iter()
                .fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom()),
            number: self.context.number,
            gas_limit: self.context.gas_limit,
            gas_used: self.gas_used,
            timestamp: self.context.timestamp,
            extra_data: Bytes::from_static(b"orv devnet"),
            mix_hash: self.context.randomness,
            base_fee_per_gas: Some(self.context.base_fee),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            ..Header::default()
        };
        Block {
            header: Sealed::new(header),
            transactions: self.transactions,
            state: Some(state),
        }
    }
}

/// PREVRANDAO of a block: follows from its parent and the branch, so that the same height after a revert differs.
pub fn randomness(parent: B256, branch: u64) -> B256 {
    keccak256([parent.as_slice(), &branch.to_be_bytes()].concat())
}
