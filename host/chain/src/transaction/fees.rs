//! What is paid per gas.

use std::time::Duration;

use alloy::providers::Provider;
use serde::{Deserialize, Serialize};

use super::SendError;
use crate::{connection::Chain, error::ChainError};

const GWEI: u128 = 1_000_000_000;

/// Bounds on fees, in wei per gas, and when more is offered.
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
    /// Most wei that one transaction may cost: its gas limit times the total offered.
    pub transaction_ceiling: u128,
    /// How long the transaction that is next in line may wait until it is offered for more.
    pub raise_after: Duration,
}

impl Default for FeeRules {
    /// 2 gwei tip, 5 gwei total, never above 500 gwei or one coin in all; more after 45 s.
    fn default() -> Self {
        Self {
            tip_floor: 2 * GWEI,
            total_floor: 5 * GWEI,
            total_ceiling: 500 * GWEI,
            transaction_ceiling: 1_000_000_000 * GWEI,
            raise_after: Duration::from_secs(45),
        }
    }
}

/// The two fields of an EIP-1559 transaction, in wei per gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

    /// The least offer that pools take in place of another: both fields more than a tenth higher. `None` when that is
    /// above a ceiling: then the transaction waits as it is.
    pub fn raised(&self, fees: Fees, gas_limit: u64) -> Option<Fees> {
        let raise = |fee: u128| fee.saturating_add(fee / 10).saturating_add(1);
        let raised = Fees {
            tip: raise(fees.tip),
            total: raise(fees.total),
        };
        let allowed = raised.total <= self.total_ceiling && self.check_whole(raised, gas_limit).is_ok();
        allowed.then_some(raised)
    }

    /// Checks what a transaction may cost in all.
    ///
    /// # Errors
    /// [`SendError::TooDear`].
    pub fn check_whole(&self, fees: Fees, gas_limit: u64) -> Result<(), SendError> {
        let asked = fees.total.saturating_mul(u128::from(gas_limit));
        if asked > self.transaction_ceiling {
            let allowed = self.transaction_ceiling;
            return Err(SendError::TooDear { asked, allowed });
        }
        Ok(())
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
    fn a_replacement_offers_a_tenth_more_in_both_fields_until_a_ceiling() {
        let rules = FeeRules::default();
        let raised = rules
            .raised(
                Fees {
                    tip: 2 * GWEI,
                    total: 5 * GWEI,
                },
                21_000,
            )
            .unwrap();
        assert_eq!((raised.tip, raised.total), (2_200_000_001, 5_500_000_001));
        let highest = Fees {
            tip: GWEI,
            total: 480 * GWEI,
        };
        assert_eq!(rules.raised(highest, 21_000), None);
        assert_eq!(
            rules.raised(
                Fees {
                    tip: GWEI,
                    total: 100 * GWEI
                },
                30_000_000
            ),
            None
        );
    }

    #[test]
    fn the_gas_limit_is_a_fifth_above_the_estimate() {
        assert_eq!(gas_limit(100_000), 120_000);
        assert_eq!(gas_limit(u64::MAX), u64::MAX);
    }
}
