//! Methods that only look: chain identity, blocks, accounts, transactions, receipts, fees.

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, U64, U256};
use serde_json::{Value, json};

use super::super::ledger::Ledger;
use super::super::view::{self, Detail};
use super::super::{BASE_FEE, Chain, ChainError, fees};
use super::{Answer, block_id, shown};
use crate::rpc::Params;

/// Answers `method` when it is one of these.
pub(super) fn answer(chain: &Chain, method: &str, params: &mut Params) -> Option<Answer> {
    let ledger = &*chain.lock();
    Some(match method {
        "eth_chainId" => shown(U64::from(ledger.options().chain_id)),
        "net_version" => shown(ledger.options().chain_id.to_string()),
        "net_listening" => shown(true),
        "web3_clientVersion" => shown(concat!("orv-devnet/", env!("CARGO_PKG_VERSION"))),
        "eth_syncing" => shown(false),
        "eth_accounts" => shown(Vec::<Address>::new()),
        "eth_blockNumber" => shown(U64::from(ledger.height())),
        "eth_gasPrice" => shown(U256::from(BASE_FEE) + U256::from(ledger.options().fees.suggested_tip())),
        "eth_maxPriorityFeePerGas" => shown(U256::from(ledger.options().fees.suggested_tip())),
        "eth_feeHistory" => fee_history(ledger, params),
        "eth_getBlockByNumber" | "eth_getBlockByHash" => block(ledger, params),
        "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => {
            block_id(params, 0).and_then(|id| shown(ledger.block(id).map(|block| U64::from(block.transactions.len()))))
        }
        "eth_getBlockReceipts" => block_receipts(ledger, params),
        "eth_getTransactionByHash" => transaction(ledger, params),
        "eth_getTransactionReceipt" => receipt(ledger, params),
        "eth_getBalance" => account(ledger, params, |world, address| json!(world.balance(address))),
        "eth_getCode" => account(ledger, params, |world, address| json!(world.code(address))),
        "eth_getTransactionCount" => transaction_count(ledger, params),
        "eth_getStorageAt" => storage(ledger, params),
        _ => return None,
    })
}

fn fee_history(ledger: &Ledger, params: &mut Params) -> Answer {
    let count: U64 = params.required(0, "blockCount")?;
    let newest: BlockNumberOrTag = params.required(1, "newestBlock")?;
    let percentiles: Option<Vec<f64>> = params.optional(2, "rewardPercentiles")?;
    let newest = ledger
        .block(BlockId::Number(newest))
        .ok_or(ChainError::UnknownBlock)?
        .header
        .number;
    let end = usize::try_from(newest).unwrap_or(usize::MAX).saturating_add(1);
    let blocks = ledger.blocks().get(..end).unwrap_or_default();
    shown(fees::history(blocks, count.to(), percentiles.as_deref()))
}

fn block(ledger: &Ledger, params: &mut Params) -> Answer {
    let id: BlockId = params.required(0, "block")?;
    let detail = match params.optional(1, "fullTransactions")? {
        Some(true) => Detail::Full,
        Some(false) | None => Detail::Hashes,
    };
    shown(ledger.block(id).map(|block| view::block(block, detail)))
}

fn block_receipts(ledger: &Ledger, params: &mut Params) -> Answer {
    let id: BlockId = params.required(0, "block")?;
    shown(ledger.block(id).map(|block| {
        let all = block.transactions.iter().enumerate();
        all.map(|(index, mined)| view::receipt(block, index, mined))
            .collect::<Vec<_>>()
    }))
}

fn transaction(ledger: &Ledger, params: &mut Params) -> Answer {
    let hash: B256 = params.required(0, "transactionHash")?;
    let mined = ledger
        .transaction(&hash)
        .map(|(block, index, mined)| view::transaction(block, index, mined));
    shown(mined.or_else(|| ledger.pool.find(&hash).map(view::waiting)))
}

fn receipt(ledger: &Ledger, params: &mut Params) -> Answer {
    let hash: B256 = params.required(0, "transactionHash")?;
    shown(
        ledger
            .transaction(&hash)
            .map(|(block, index, mined)| view::receipt(block, index, mined)),
    )
}

fn account(
    ledger: &Ledger,
    params: &mut Params,
    read: impl FnOnce(&super::super::world::World, Address) -> Value,
) -> Answer {
    let address: Address = params.required(0, "address")?;
    let world = ledger.world(block_id(params, 1)?)?;
    Ok(read(&world, address))
}

fn transaction_count(ledger: &Ledger, params: &mut Params) -> Answer {
    let address: Address = params.required(0, "address")?;
    let id = block_id(params, 1)?;
    shown(U64::from(match id {
        BlockId::Number(BlockNumberOrTag::Pending) => ledger.pool.pending_nonce(address, ledger.head_state()),
        id => ledger.world(id)?.nonce(address),
    }))
}

fn storage(ledger: &Ledger, params: &mut Params) -> Answer {
    let address: Address = params.required(0, "address")?;
    let slot: U256 = params.required(1, "slot")?;
    shown(B256::from(ledger.world(block_id(params, 2)?)?.slot(address, slot)))
}
