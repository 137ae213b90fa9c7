//! Methods that run code: calls, estimates, raw transactions.

use alloy::primitives::{Bytes, U64};
use alloy::rpc::types::TransactionRequest;
use serde_json::Value;

use super::super::ledger::Scene;
use super::super::operation::Operation;
use super::super::{Chain, call, wall_clock};
use super::{Answer, block_id, shown};
use crate::rpc::{Params, RpcError};

/// Answers `method` when it is one of these.
pub(super) fn answer(chain: &Chain, method: &str, params: &mut Params) -> Option<Answer> {
    Some(match method {
        "eth_call" => scene(chain, params).and_then(|(scene, request)| shown(call::call(&scene, request)?)),
        "eth_estimateGas" => {
            scene(chain, params).and_then(|(scene, request)| shown(U64::from(call::estimate(&scene, request)?)))
        }
        "eth_sendRawTransaction" => params.required::<Bytes>(0, "transaction").and_then(|raw| {
            let wall = wall_clock();
            shown(chain.change(&Operation::Submit { raw, wall })?)
        }),
        _ => return None,
    })
}

/// The request and the scene it runs on; the ledger is free again when this returns.
fn scene(chain: &Chain, params: &mut Params) -> Result<(Scene, TransactionRequest), RpcError> {
    let request = params.required(0, "transaction")?;
    let id = block_id(params, 1)?;
    for (index, name) in [(2, "state overrides"), (3, "block overrides")] {
        if params.optional::<Value>(index, name)?.is_some() {
            return Err(RpcError::invalid_params(format!("{name} are not supported")));
        }
    }
    Ok((chain.lock().scene(id, wall_clock())?, request))
}
