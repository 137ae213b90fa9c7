//! Blocks, transactions and receipts in the shapes clients read.

use alloy::consensus::transaction::{Recovered, TransactionInfo};
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::primitives::U256;
use alloy::rlp::Encodable;
use alloy::rpc::types::{Block as BlockView, BlockTransactions, Header, Transaction, TransactionReceipt, Withdrawals};

use super::block::{Block, Mined};
use super::filter::transaction_logs;

/// How much of a block's transactions is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Their hashes.
    Hashes,
    /// All of them.
    Full,
}

/// A block.
pub fn block(block: &Block, detail: Detail) -> BlockView {
    let transactions = match detail {
        Detail::Hashes => BlockTransactions::Hashes(
            block
                .transactions
                .iter()
                .map(|mined| *mined.transaction.tx_hash())
                .collect(),
        ),
        Detail::Full => {
            let all = block.transactions.iter().enumerate();
            BlockTransactions::Full(all.map(|(index, mined)| transaction(block, index, mined)).collect())
        }
    };
    let size = U256::from(block.header.inner().length());
    let header = Header::from_sealed(block.header.clone()).with_size(Some(size));
    BlockView::new(header, transactions).with_withdrawals(Some(Withdrawals::default()))
}

/// A mined transaction.
pub fn transaction(block: &Block, index: usize, mined: &Mined) -> Transaction {
    let place = TransactionInfo {
        hash: Some(*mined.transaction.tx_hash()),
        index: Some(index as u64),
        block_hash: Some(block.header.hash()),
        block_number: Some(block.header.number),
        base_fee: block.header.base_fee_per_gas,
        block_timestamp: Some(block.header.timestamp),
    };
    Transaction::from_transaction(mined.transaction.clone(), place)
}

/// A transaction that waits.
pub fn waiting(transaction: &Recovered<TxEnvelope>) -> Transaction {
    let hash = Some(*transaction.tx_hash());
    Transaction::from_transaction(
        transaction.clone(),
        TransactionInfo {
            hash,
            ..TransactionInfo::default()
        },
    )
}

/// A receipt.
pub fn receipt(block: &Block, index: usize, mined: &Mined) -> TransactionReceipt {
    let mut logs = transaction_logs(block, index);
    let bare = mined.receipt.clone();
    let inner = bare.map_logs(|log| {
        logs.next().unwrap_or_else(|| alloy::rpc::types::Log {
            inner: log,
            ..alloy::rpc::types::Log::default()
        })
    });
    TransactionReceipt {
        inner,
        transaction_hash: *mined.transaction.tx_hash(),
        transaction_index: Some(index as u64),
        block_hash: Some(block.header.hash()),
        block_number: Some(block.header.number),
        gas_used: mined.gas_used,
        effective_gas_price: mined.effective_gas_price,
        blob_gas_used: None,
        blob_gas_price: None,
        from: mined.transaction.signer(),
        to: mined.transaction.to(),
        contract_address: mined.contract,
    }
}
