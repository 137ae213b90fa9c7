//! A project's token and its bonding curve (openresearch.md 1.5). Amounts are whole tokens: the token has no decimals.

use alloy::primitives::{Address, U256};

use crate::{
    bindings::ProjectToken,
    connection::Chain,
    error::ChainError,
    transaction::{Call, Mined, SendError, TransactionOwner},
};

/// Wei for some tokens, as the contract itself computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(pub U256);

/// A project's token.
#[derive(Debug, Clone)]
pub struct Curve {
    chain: Chain,
    token: Address,
}

impl Curve {
    /// The token at an address that `Project::token` named.
    pub fn new(chain: Chain, token: Address) -> Self {
        Self { chain, token }
    }

    /// The token's address.
    pub fn address(&self) -> Address {
        self.token
    }

    /// Tokens an account holds.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn balance_of(&self, account: Address) -> Result<U256, ChainError> {
        self.chain
            .call(self.token, &ProjectToken::balanceOfCall { account })
            .await
    }

    /// Tokens that `spender` may pull from `owner`.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn allowance(&self, owner: Address, spender: Address) -> Result<U256, ChainError> {
        self.chain
            .call(self.token, &ProjectToken::allowanceCall { owner, spender })
            .await
    }

    /// Tokens in existence.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn total_supply(&self) -> Result<U256, ChainError> {
        self.chain.call(self.token, &ProjectToken::totalSupplyCall {}).await
    }

    /// Tokens that rewards may still mint: the largest stake whose approval can succeed.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn reward_pool_left(&self) -> Result<U256, ChainError> {
        let cap = self.chain.call(self.token, &ProjectToken::minerPoolCapCall {}).await?;
        let minted = self
            .chain
            .call(self.token, &ProjectToken::minerPoolMintedCall {})
            .await?;
        Ok(cap.saturating_sub(minted))
    }

    /// Wei that raise the supply from one amount to another.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when `to` is below `from`.
    pub async fn cost_between(&self, from: U256, to: U256) -> Result<Cost, ChainError> {
        self.chain
            .call(self.token, &ProjectToken::costBetweenCall { from, to })
            .await
            .map(Cost)
    }

    /// Wei for `amount` more tokens at the present supply.
    ///
    /// # Errors
    /// The endpoint's failure, or an amount beyond 2^256.
    pub async fn cost_of(&self, amount: U256) -> Result<Cost, ChainError> {
        let supply = self.total_supply().await?;
        let target = supply.checked_add(amount).ok_or_else(|| ChainError::Malformed {
            question: "totalSupply()",
            reason: format!("{amount} more tokens than {supply} are beyond 2^256"),
        })?;
        self.cost_between(supply, target).await
    }

    /// Buys as many whole tokens as `value` wei pay for; the rest comes back. Answers the tokens bought.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn buy(&self, owner: &TransactionOwner, value: U256) -> Result<(U256, Mined), SendError> {
        let mined = owner
            .send(Call::new(self.token, &ProjectToken::buyCall {}).paying(value))
            .await?;
        let bought = mined.require_event::<ProjectToken::Bought>(self.token)?;
        Ok((bought.tokensOut, mined))
    }

    /// Lets `spender` pull exactly `amount` tokens.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn approve(&self, owner: &TransactionOwner, spender: Address, amount: U256) -> Result<Mined, SendError> {
        owner
            .send(Call::new(
                self.token,
                &ProjectToken::approveCall { spender, value: amount },
            ))
            .await
    }
}
