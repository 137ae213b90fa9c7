//! Methods that steer a development chain: blocks, time, snapshots, coins.

use alloy::primitives::{Address, U256};
use serde::Deserialize;

use super::super::operation::Operation;
use super::super::{Chain, wall_clock};
use super::{Answer, shown};
use crate::rpc::{Params, RpcError};

/// A number as clients write it: JSON number, 0x quantity or decimal text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Text(String),
}

impl Number {
    fn value(self) -> Result<u64, RpcError> {
        match self {
            Self::Plain(number) => Ok(number),
            Self::Text(text) => {
                let number: U256 = text
                    .parse()
                    .map_err(|_| RpcError::invalid_params(format!("no number: {text:?}")))?;
                u64::try_from(number).map_err(|_| RpcError::invalid_params(format!("number too large: {text}")))
            }
        }
    }
}

/// Answers `method` when it is one of these.
pub(super) fn answer(chain: &Chain, method: &str, params: &mut Params) -> Option<Answer> {
    Some(match method {
        "evm_mine" => mine(chain, params),
        "anvil_mine" | "hardhat_mine" => mine_many(chain, params),
        "evm_increaseTime" => {
            number(params, 0, "seconds").and_then(|seconds| shown(chain.change(&Operation::Advance { seconds })?))
        }
        "evm_setNextBlockTimestamp" => number(params, 0, "timestamp")
            .and_then(|timestamp| shown(chain.change(&Operation::FixTimestamp { timestamp })?)),
        "evm_snapshot" => chain.change(&Operation::Snapshot).map_err(Into::into).and_then(shown),
        "evm_revert" => number(params, 0, "snapshot").and_then(|id| shown(chain.change(&Operation::Revert { id })?)),
        "devnet_setBalance" | "anvil_setBalance" | "hardhat_setBalance" => set_balance(chain, params),
        _ => return None,
    })
}

fn number(params: &mut Params, index: usize, name: &str) -> Result<u64, RpcError> {
    params.required::<Number>(index, name)?.value()
}

fn mine(chain: &Chain, params: &mut Params) -> Answer {
    let timestamp = params
        .optional::<Number>(0, "timestamp")?
        .map(Number::value)
        .transpose()?;
    let wall = wall_clock();
    chain.change(&Operation::Mine { timestamp, wall })?;
    shown("0x0")
}

fn mine_many(chain: &Chain, params: &mut Params) -> Answer {
    let count = params.optional::<Number>(0, "blocks")?.map_or(Ok(1), Number::value)?;
    let spacing = params
        .optional::<Number>(1, "interval")?
        .map(Number::value)
        .transpose()?;
    let wall = wall_clock();
    shown(chain.change(&Operation::MineMany { count, spacing, wall })?)
}

fn set_balance(chain: &Chain, params: &mut Params) -> Answer {
    let address: Address = params.required(0, "address")?;
    let balance: U256 = params.required(1, "balance")?;
    let wall = wall_clock();
    shown(chain.change(&Operation::SetBalance { address, balance, wall })?)
}
