//! Calls and gas estimates: unsigned requests run on a scene.

use alloy::network::TransactionBuilder;
use alloy::primitives::{Bytes, TxKind};
use alloy::rpc::types::TransactionRequest;
use revm::context::TxEnv;
use revm::context::result::ExecutionResult;

use super::error::ChainError;
use super::execute::{Envelope, execute};
use super::ledger::{BLOCK_GAS, Scene};
use super::world::View;

/// Gas of a bare transfer.
const TRANSFER_GAS: u64 = 21_000;

/// `eth_call`: the returned bytes.
///
/// # Errors
/// [`ChainError::Reverted`] with the revert's bytes, [`ChainError::Halted`], or a request that cannot run.
pub fn call(scene: &Scene, request: TransactionRequest) -> Result<Bytes, ChainError> {
    let gas = request.gas.unwrap_or(BLOCK_GAS).min(BLOCK_GAS);
    outcome(run(scene, &request, gas)?)
}

/// `eth_estimateGas`: the least gas limit with which the request succeeds, found by bisection.
///
/// # Errors
/// As [`call`], and [`ChainError::Allowance`] when the block's gas is not enough.
pub fn estimate(scene: &Scene, request: TransactionRequest) -> Result<u64, ChainError> {
    let cap = request.gas.unwrap_or(BLOCK_GAS).min(BLOCK_GAS);
    let first = run(scene, &request, cap)?;
    let used = first.tx_gas_used();
    if let ExecutionResult::Halt { reason, .. } = &first {
        return match reason {
            revm::context::result::HaltReason::OutOfGas(_) => Err(ChainError::Allowance(cap)),
            other => Err(ChainError::Halted(format!("{other:?}"))),
        };
    }
    outcome(first)?;
    if used == TRANSFER_GAS {
        return Ok(TRANSFER_GAS);
    }
    let (mut fails, mut succeeds) = (used.saturating_sub(1), cap);
    let mut guess = used.saturating_mul(64) / 63 + 2_300;
    while fails + 1 < succeeds {
        let middle = guess.clamp(fails + 1, succeeds - 1);
        match run(scene, &request, middle) {
            Ok(result) if result.is_success() => succeeds = middle,
            _ => fails = middle,
        }
        guess = fails + (succeeds - fails) / 2;
    }
    Ok(succeeds)
}

fn run(scene: &Scene, request: &TransactionRequest, gas: u64) -> Result<ExecutionResult, ChainError> {
    let price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
    let sender = request.from.unwrap_or_default();
    let transaction = TxEnv {
        tx_type: if request.max_fee_per_gas.is_some() { 2 } else { 0 },
        caller: sender,
        gas_limit: gas,
        // Without a price the gas is free, so only the value must be covered.
        gas_price: price,
        gas_priority_fee: request
            .max_fee_per_gas
            .and(request.max_priority_fee_per_gas.or(Some(0))),
        kind: request.kind().unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: request.input.input().cloned().unwrap_or_default(),
        nonce: scene.world.nonce(sender),
        chain_id: Some(scene.context.chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        ..TxEnv::default()
    };
    let view = View {
        world: &scene.world,
        ancestors: &scene.ancestors,
    };
    Ok(execute(view, scene.context, transaction, Envelope::Call)?.result)
}

fn outcome(result: ExecutionResult) -> Result<Bytes, ChainError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(ChainError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(ChainError::Halted(format!("{reason:?}"))),
    }
}
