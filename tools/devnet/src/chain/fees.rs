//! Gas prices: a fixed base fee, what is suggested as a tip, and the fee history.

use alloy::consensus::{Transaction, TxEnvelope};
use alloy::rpc::types::FeeHistory;
use serde::{Deserialize, Serialize};

use super::block::Block;
use super::error::ChainError;

/// Wei per gas that every block burns; it does not move with demand.
pub const BASE_FEE: u64 = 1_000_000_000;
/// Longest fee history one answer holds, in blocks.
const HISTORY_LIMIT: u64 = 1024;

/// What tips the chain asks for and takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FeeRule {
    /// Suggests 1 gwei, takes any.
    #[default]
    Plain,
    /// As 0G Galileo: suggests 1 wei but refuses tips under 2 gwei (EVM reference 5.1).
    Galileo,
}

impl FeeRule {
    /// Answer of `eth_maxPriorityFeePerGas`, wei per gas.
    pub fn suggested_tip(self) -> u128 {
        match self {
            Self::Plain => 1_000_000_000,
            Self::Galileo => 1,
        }
    }

    fn least_tip(self) -> u128 {
        match self {
            Self::Plain => 0,
            Self::Galileo => 2_000_000_000,
        }
    }

    /// Refuses a transaction whose tip is under the least.
    ///
    /// # Errors
    /// [`ChainError::Tip`].
    pub fn check_tip(self, transaction: &TxEnvelope) -> Result<(), ChainError> {
        let (found, minimum) = (transaction.priority_fee_or_price(), self.least_tip());
        if found < minimum {
            Err(ChainError::Tip { found, minimum })
        } else {
            Ok(())
        }
    }
}

/// `eth_feeHistory` over the last blocks of `chain`, ascending, ending with the asked newest one.
pub fn history(chain: &[Block], count: u64, percentiles: Option<&[f64]>) -> FeeHistory {
    let count = usize::try_from(count.min(HISTORY_LIMIT))
        .unwrap_or(usize::MAX)
        .min(chain.len());
    let blocks = chain.get(chain.len() - count..).unwrap_or_default();
    FeeHistory {
        oldest_block: blocks.first().map_or(0, |block| block.header.number),
        base_fee_per_gas: vec![u128::from(BASE_FEE); count + 1],
        gas_used_ratio: blocks
            .iter()
            .map(|b| b.header.gas_used as f64 / b.header.gas_limit as f64)
            .collect(),
        base_fee_per_blob_gas: vec![1; count + 1],
        blob_gas_used_ratio: vec![0.0; count],
        reward: percentiles.map(|percentiles| blocks.iter().map(|block| rewards(block, percentiles)).collect()),
    }
}

/// Tips paid in a block at percentiles of its gas; zeros for an empty block.
fn rewards(block: &Block, percentiles: &[f64]) -> Vec<u128> {
    let mut tips: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .map(|mined| {
            (
                mined.effective_gas_price.saturating_sub(u128::from(BASE_FEE)),
                mined.gas_used,
            )
        })
        .collect();
    tips.sort_unstable();
    let at = |percentile: &f64| {
        let wanted = block.header.gas_used as f64 * percentile / 100.0;
        let mut gas = 0.0;
        let reached = tips.iter().find(|(_, used)| {
            gas += *used as f64;
            gas >= wanted
        });
        reached.or(tips.last()).map_or(0, |(tip, _)| *tip)
    };
    percentiles.iter().map(at).collect()
}
