//! The JSON-RPC methods, by what they do: read, send and run, filter, and steer the development chain.

mod filters;
mod read;
mod send;
mod steer;

use alloy::eips::{BlockId, BlockNumberOrTag};
use serde::Serialize;
use serde_json::Value;

use crate::rpc::{Methods, Params, RpcError};

use super::Chain;

type Answer = Result<Value, RpcError>;

/// Answers JSON-RPC calls on a chain.
pub(crate) struct ChainMethods(pub(crate) Chain);

impl Methods for ChainMethods {
    fn call(&self, method: &str, mut params: Params) -> Answer {
        let params = &mut params;
        read::answer(&self.0, method, params)
            .or_else(|| send::answer(&self.0, method, params))
            .or_else(|| filters::answer(&self.0, method, params))
            .or_else(|| steer::answer(&self.0, method, params))
            .unwrap_or_else(|| Err(RpcError::method_not_found(method)))
    }
}

/// A serialisable value as the result.
fn shown(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(RpcError::server)
}

/// The block parameter at `index`, "latest" when it is absent.
fn block_id(params: &mut Params, index: usize) -> Result<BlockId, RpcError> {
    Ok(params
        .optional(index, "block")?
        .unwrap_or(BlockId::Number(BlockNumberOrTag::Latest)))
}
