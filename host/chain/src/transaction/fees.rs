//! What is paid per gas.

use alloy::providers::Provider;

use super::SendError;
use crate::{connection::Chain, error::ChainError};

const GWEI: u128 = 1_000_000_000;

/// Bounds on fees, in wei per gas.
///
/// Galileo's `eth_maxPriorityFeePerGas` answers 1 wei while its pool drops tips below 2 gwei (evm.md 5.1), so the
/// endpoint's advice is only ever raised; the ceiling keeps a lying endpoint from burning the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRules {
    /// Least tip offered.
    pub tip_floor: u128,
    /// Least total offered.
    pub total_floor: u128,
    /// Most total offered.
    pub total_ceiling: u128,
}

impl Default for FeeRules {
    /// 2 gwei tip, 5 gwei total, never above 500 gwei.
    fn default() -> Self {
        Self {
            tip_floor: 2 * GWEI,
            total_floor: 5 * GWEI,
            total_ceiling: 500 * GWEI,
        }
    }
}

/// The two fields of an EIP-1559 transaction, in wei per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// Goes to the block's maker.
    pub tip: u128,
    /// Most that is paid, tip included.
    pub total: u128,
}

impl FeeRules {
    /// The offer for a base fee and an advised tip: room for the base fee to double before the offer is too low.
    ///
    /// # Errors
    /// [`SendError::TooExpensive`].
    pub fn offer(&self, base_fee: u64, advised_tip: u128) -> Result<Fees, SendError> {
        let tip = advised_tip.max(self.tip_floor);
        let total = u128::from(base_fee)
            .saturating_mul(2)
            .saturating_add(tip)
            .max(self.total_floor);
        if total > self.total_ceiling {
            return Err(SendError::TooExpensive {
                asked: total,
                allowed: self.total_ceiling,
            });
        }
        Ok(Fees { tip, total })
    }

    pub(super) async fn current(&self, chain: &Chain) -> Result<Fees, SendError> {
        let head = chain.head().await?;
        let advised = match chain
            .provider()
            .get_max_priority_fee_per_gas()
            .await
            .map_err(ChainError::from_rpc)
        {
            Ok(tip) => tip,
            // A node without this method leaves the floor to decide.
            Err(ChainError::Refused { .. }) => 0,
            Err(other) => return Err(other.into()),
        };
        self.offer(head.base_fee.unwrap_or_default(), advised)
    }
}

/// Gas limit for an estimate: a fifth more, since the state moves between estimate and block.
pub(super) fn gas_limit(estimate: u64) -> u64 {
    estimate.saturating_add(estimate / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galileos_advice_of_one_wei_is_raised_to_its_pools_floor() {
        let fees = FeeRules::default().offer(7, 1).unwrap();
        assert_eq!(
            fees,
            Fees {
                tip: 2 * GWEI,
                total: 5 * GWEI
            }
        );
    }

    #[test]
    fn the_offer_survives_a_doubled_base_fee() {
        let fees = FeeRules::default().offer(10_000_000_000, 3 * GWEI).unwrap();
        assert_eq!(
            fees,
            Fees {
                tip: 3 * GWEI,
                total: 23 * GWEI
            }
        );
    }

    #[test]
    fn an_endpoint_cannot_burn_the_wallet() {
        let offer = FeeRules::default().offer(u64::MAX, 0);
        assert!(matches!(offer, Err(SendError::TooExpensive { .. })));
        assert!(matches!(
            FeeRules::default().offer(0, u128::MAX),
            Err(SendError::TooExpensive { .. })
        ));
    }

    #[test]
    fn the_gas_limit_is_a_fifth_above_the_estimate() {
        assert_eq!(gas_limit(100_000), 120_000);
        assert_eq!(gas_limit(u64::MAX), u64::MAX);
    }
}
