//! Coins out of nothing, on development chains.

use std::borrow::Cow;

use alloy::providers::Provider;
use orv_chain::{
    Chain, ChainError,
    primitives::{Address, U256},
};

use crate::{code::Code, failure::Failure};

/// Adds coins to an account of a development chain: one on this machine whose node says that it is orv's devnet or
/// anvil. Refuses any other.
pub async fn fund(chain: &Chain, account: Address, amount: U256) -> Result<U256, Failure> {
    let node = chain.provider().get_client_version().await.unwrap_or_default();
    let known = ["orv-devnet/", "anvil/"].iter().any(|name| node.starts_with(name));
    if !known || !chain.endpoint().is_loopback() {
        let message = format!(
            "{} runs {node:?}, which is no development chain on this machine",
            chain.endpoint()
        );
        return Err(Failure::new(Code::NotADevnet, message));
    }
    let balance = chain.balance(account).await?.saturating_add(amount);
    let set: Result<Option<bool>, _> = chain
        .provider()
        .raw_request(Cow::Borrowed("anvil_setBalance"), (account, balance))
        .await;
    set.map_err(|error| Failure::from(ChainError::Unreachable(error.to_string())))?;
    Ok(balance)
}
