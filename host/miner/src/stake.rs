//! How many tokens are missing for a stake, and what may be paid for them (openresearch.md 7.6).

use orv_chain::primitives::{U256, U512};
use orv_protocol::score::Bips;

/// What a miner lets be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// How far the price may have risen between the quote and the purchase.
    pub slippage: Bips,
    /// Most wei for missing tokens; none means as much as the account has.
    pub budget: Option<U256>,
    /// Wei that stay in the account for gas.
    pub reserve: U256,
}

impl Default for Spending {
    /// Upstream's: 1 % of slippage, no budget, 0.005 coins kept for gas.
    fn default() -> Self {
        Self {
            slippage: Bips(100),
            budget: None,
            reserve: U256::from(5_000_000_000_000_000_u64),
        }
    }
}

/// A purchase of tokens that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Tokens that are missing.
    pub missing: U256,
    /// What the curve asks for them now, in wei.
    pub quote: U256,
    /// What is sent, in wei: the quote and the slippage. The curve gives as many tokens as it pays for and returns the
    /// rest, so a price that has not risen can give some tokens more.
    pub value: U256,
}

/// Why tokens are not bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StakeError {
    /// A stake of nothing is refused by the ledger.
    #[error("the stake is zero")]
    Zero,
    /// An approval would revert: the reward is as large as the stake and the pool holds less.
    #[error("the stake is {stake} tokens, the reward pool has {pool} left, so an approval could not be paid")]
    AbovePool {
        /// The stake.
        stake: U256,
        /// What rewards may still mint.
        pool: U256,
    },
    /// The price is beyond 2^256.
    #[error("the price of {quote} wei with its slippage is beyond 2^256")]
    Overflow {
        /// The quote.
        quote: U256,
    },
    /// More than the budget.
    #[error("missing tokens cost up to {value} wei, the budget is {budget}")]
    AboveBudget {
        /// What would be sent, in wei.
        value: U256,
        /// What may be.
        budget: U256,
    },
    /// More than the account has beside what it keeps for gas.
    #[error("missing tokens cost up to {value} wei; the account has {balance} and keeps {reserve} for gas")]
    AboveBalance {
        /// What would be sent, in wei.
        value: U256,
        /// What the account has, in wei.
        balance: U256,
        /// What it keeps, in wei.
        reserve: U256,
    },
}

impl Purchase {
    /// Checks a quote against what may be spent.
    ///
    /// # Errors
    /// [`StakeError`], with the numbers.
    pub fn plan(missing: U256, quote: U256, balance: U256, spending: &Spending) -> Result<Self, StakeError> {
        let extra = U512::from(quote) * U512::from(spending.slippage.0) / U512::from(10_000_u64);
        let value = U256::uint_try_from_wide(extra)
            .and_then(|extra| quote.checked_add(extra))
            .ok_or(StakeError::Overflow { quote })?;
        if let Some(budget) = spending.budget.filter(|budget| value > *budget) {
            return Err(StakeError::AboveBudget { value, budget });
        }
        let reserve = spending.reserve;
        if value > balance.saturating_sub(reserve) {
            return Err(StakeError::AboveBalance {
                value,
                balance,
                reserve,
            });
        }
        Ok(Self { missing, quote, value })
    }
}

trait Narrow: Sized {
    /// The same number in 256 bits, where it fits.
    fn uint_try_from_wide(wide: U512) -> Option<Self>;
}

impl Narrow for U256 {
    fn uint_try_from_wide(wide: U512) -> Option<Self> {
        let [a, b, c, d, rest @ ..] = wide.into_limbs();
        (rest == [0; 4]).then_some(Self::from_limbs([a, b, c, d]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wei(amount: u64) -> U256 {
        U256::from(amount)
    }

    fn spending(budget: Option<u64>) -> Spending {
        Spending {
            slippage: Bips(100),
            budget: budget.map(U256::from),
            reserve: wei(50),
        }
    }

    #[test]
    fn the_slippage_is_rounded_down_as_upstream_rounds_it() {
        let purchase = Purchase::plan(wei(3), wei(1099), wei(5000), &spending(None)).unwrap();
        assert_eq!(purchase.value, wei(1109));
    }

    #[test]
    fn budget_and_balance_are_bounds_that_may_be_reached() {
        let plan =
            |balance, budget| Purchase::plan(wei(1), wei(1000), wei(balance), &spending(budget)).map(|p| p.value);
        assert_eq!(plan(1060, Some(1010)), Ok(wei(1010)));
        let above = Err(StakeError::AboveBudget {
            value: wei(1010),
            budget: wei(1009),
        });
        assert_eq!(plan(1060, Some(1009)), above);
        let poor = Err(StakeError::AboveBalance {
            value: wei(1010),
            balance: wei(1059),
            reserve: wei(50),
        });
        assert_eq!(plan(1059, None), poor);
        assert!(plan(0, None).is_err());
    }

    proptest! {
        #[test]
        fn what_is_sent_is_never_below_the_quote_nor_above_the_account(quote: u64, balance: u64, slippage in 0u16..=10_000) {
            let spending = Spending { slippage: Bips(slippage), budget: None, reserve: wei(7) };
            if let Ok(purchase) = Purchase::plan(wei(1), wei(quote), wei(balance), &spending) {
                prop_assert!(purchase.value >= wei(quote));
                prop_assert!(purchase.value + wei(7) <= wei(balance.max(7)));
            }
        }
    }

    #[test]
    fn an_absurd_quote_is_an_overflow() {
        let absurd = Purchase::plan(wei(1), U256::MAX, U256::MAX, &spending(None));
        assert_eq!(absurd, Err(StakeError::Overflow { quote: U256::MAX }));
    }
}
