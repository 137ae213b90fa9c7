//! Log queries and installed filters.

use alloy::primitives::U64;
use alloy::rpc::types::Filter;

use super::super::Chain;
use super::super::filter::{self, Changes};
use super::{Answer, shown};
use crate::rpc::{Params, RpcError};

/// Answers `method` when it is one of these.
pub(super) fn answer(chain: &Chain, method: &str, params: &mut Params) -> Option<Answer> {
    Some(match method {
        "eth_getLogs" => filter_of(params).and_then(|filter| shown(filter::select(&chain.lock(), &filter)?)),
        "eth_newFilter" => filter_of(params).and_then(|filter| install(chain, Some(filter))),
        "eth_newBlockFilter" => install(chain, None),
        "eth_getFilterChanges" => id(params).and_then(|id| match filter::changes(&mut chain.lock(), id)? {
            Changes::Blocks(hashes) => shown(hashes),
            Changes::Logs(logs) => shown(logs),
        }),
        "eth_getFilterLogs" => id(params).and_then(|id| shown(filter::all(&chain.lock(), id)?)),
        "eth_uninstallFilter" => id(params).and_then(|id| shown(chain.lock().filters.uninstall(id))),
        _ => return None,
    })
}

fn filter_of(params: &mut Params) -> Result<Filter, RpcError> {
    params.required(0, "filter")
}

fn id(params: &mut Params) -> Result<u64, RpcError> {
    params.required::<U64>(0, "filterId").map(|id| id.to())
}

fn install(chain: &Chain, filter: Option<Filter>) -> Answer {
    let mut ledger = chain.lock();
    let next = ledger.height().saturating_add(1);
    shown(U64::from(ledger.filters.install(filter, next)?))
}
