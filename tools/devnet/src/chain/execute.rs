//! One transaction or call through the EVM, under Cancun rules.

use alloy::consensus::{Transaction, TxEnvelope, Typed2718, transaction::Recovered};
use alloy::eips::eip4844::BLOB_TX_MIN_BLOB_GASPRICE;
use alloy::primitives::{Address, B256, U256};
use revm::context::result::{EVMError, ExecResultAndState, ExecutionResult, InvalidTransaction};
use revm::context::{BlockEnv, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteEvm, MainBuilder, MainContext};

use super::ChainError;
use super::world::View;

/// What code sees of the block it runs in.
#[derive(Debug, Clone, Copy)]
pub struct BlockContext {
    /// Chain id.
    pub chain_id: u64,
    /// Block number.
    pub number: u64,
    /// Unix seconds.
    pub timestamp: u64,
    /// Gas the block may use.
    pub gas_limit: u64,
    /// Wei per gas that is burned.
    pub base_fee: u64,
    /// PREVRANDAO.
    pub randomness: B256,
}

/// How strictly a transaction's envelope is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// A signed transaction: nonce, fees, balance and code of the sender count.
    Signed,
    /// A call or an estimate: only the value must be covered.
    Call,
}

/// Result and state changes of one execution.
pub type Executed = ExecResultAndState<ExecutionResult>;

/// Runs `transaction` on `view` without changing it.
///
/// # Errors
/// [`ChainError::Funds`] or [`ChainError::Invalid`] when the transaction may not run at all. A revert is a result, not
/// an error.
pub fn execute(view: View<'_>, block: BlockContext, tx: TxEnv, envelope: Envelope) -> Result<Executed, ChainError> {
    let sender = tx.caller;
    let context = Context::mainnet()
        .with_ref_db(view)
        .with_block(block_environment(block))
        .modify_cfg_chained(|configuration| {
            configuration.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
            configuration.chain_id = block.chain_id;
            if envelope == Envelope::Call {
                configuration.disable_nonce_check = true;
                configuration.disable_base_fee = true;
                configuration.disable_eip3607 = true;
            }
        });
    context.build_mainnet().transact(tx).map_err(|error| match error {
        // In a node's words, not the EVM's: clients look for them.
        EVMError::Transaction(InvalidTransaction::LackOfFundForMaxFee { fee, balance }) => ChainError::Funds {
            sender,
            balance: *balance,
            cost: *fee,
        },
        EVMError::Transaction(reason) => ChainError::Invalid(reason.to_string()),
        other => ChainError::Invalid(other.to_string()),
    })
}

fn block_environment(block: BlockContext) -> BlockEnv {
    BlockEnv {
        number: U256::from(block.number),
        beneficiary: Address::ZERO,
        timestamp: U256::from(block.timestamp),
        gas_limit: block.gas_limit,
        basefee: block.base_fee,
        prevrandao: Some(block.randomness),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: BLOB_TX_MIN_BLOB_GASPRICE,
        }),
        ..BlockEnv::default()
    }
}

/// A signed transaction in the EVM's terms.
pub fn signed(transaction: &Recovered<TxEnvelope>) -> TxEnv {
    TxEnv {
        tx_type: transaction.ty(),
        caller: transaction.signer(),
        gas_limit: transaction.gas_limit(),
        gas_price: transaction.max_fee_per_gas(),
        gas_priority_fee: transaction.max_priority_fee_per_gas(),
        kind: transaction.kind(),
        value: transaction.value(),
        data: transaction.input().clone(),
        nonce: transaction.nonce(),
        chain_id: transaction.chain_id(),
        access_list: transaction.access_list().cloned().unwrap_or_default(),
        ..TxEnv::default()
    }
}
