//! What the chain has: the contracts, the gateway's place on the ledger's list, the account's coins.

use super::chain::Reached;
use super::line::{Check, Line};
use crate::configuration::VerifierConfig;
use orv_chain::bindings::VerifierRegistry;
use orv_chain::primitives::utils::format_ether;
use orv_chain::primitives::{Address, U256};
use orv_chain::{ChainError, Deployment, FeeRules};

/// Gas of one attempt, rounded up: a ticket, the bundle's upload, a settlement (PERFORMANCE.md).
const GAS_OF_AN_ATTEMPT: u64 = 1_200_000;

/// Attempts that an operator is told of before the coins run out.
const FEW: u64 = 20;

/// Code at every address, and the listing.
pub(super) async fn lines(reached: &Reached, deployment: &Deployment) -> Vec<Line> {
    let mut named = vec![
        ("ProjectRegistry", deployment.openresearch.project_registry),
        ("ProposalLedger", deployment.openresearch.proposal_ledger),
        ("VerifierRegistry", deployment.openresearch.verifier_registry),
    ];
    let gateway = deployment.enclave.map(|contracts| contracts.verifier_gateway);
    if let Some(contracts) = deployment.enclave {
        named.extend([
            ("EnclaveRegistry", contracts.enclave_registry),
            ("MeasurementPolicy", contracts.measurement_policy),
            ("AttesterQuorum", contracts.attester_quorum),
            ("VerifierGateway", contracts.verifier_gateway),
        ]);
    }
    for (name, address) in named {
        if let Err(error) = reached.chain.require_code(name, address).await {
            return vec![unreadable(Check::Contracts, &error)];
        }
    }
    let mut lines = vec![Line::pass(Check::Contracts, "all are there")];
    if let Some(gateway) = gateway {
        lines.push(listing(reached, deployment.openresearch.verifier_registry, gateway).await);
    }
    lines
}

fn unreadable(check: Check, error: &ChainError) -> Line {
    let fix = match error {
        ChainError::NoCode { .. } => {
            "use the deployment file of this very chain; a devnet that was started anew has a new one"
        }
        _ => "look at the endpoint: it answers some questions and not this one",
    };
    Line::fail(check, error.to_string(), fix)
}

async fn listing(reached: &Reached, registry: Address, gateway: Address) -> Line {
    let call = VerifierRegistry::isVerifierCall { v: gateway };
    match reached.chain.call(registry, &call).await {
        Ok(true) => Line::pass(Check::Listing, format!("gateway {gateway} may settle")),
        Ok(false) => Line::fail(
            Check::Listing,
            format!("gateway {gateway} is not on the ledger's list of verifiers: nothing can be settled"),
            format!("ask the owner of the ledger's VerifierRegistry {registry} to add it: addVerifier({gateway})"),
        ),
        Err(error) => unreadable(Check::Listing, &error),
    }
}

/// The account's coins, in attempts.
pub(super) async fn balance(reached: &Reached, config: &VerifierConfig, account: Option<Address>) -> Vec<Line> {
    let Some(account) = account else {
        return Vec::new();
    };
    let line = match reached.chain.balance(account).await {
        Ok(balance) => {
            let offer = FeeRules::default().offer(reached.head.base_fee.unwrap_or_default(), 0);
            let per_gas = offer.map_or(u128::MAX, |fees| fees.total);
            enough(account, balance, config.least_balance, per_gas)
        }
        Err(error) => unreadable(Check::Balance, &error),
    };
    vec![line]
}

fn enough(account: Address, balance: U256, least: U256, per_gas: u128) -> Line {
    let cost = U256::from(per_gas).saturating_mul(U256::from(GAS_OF_AN_ATTEMPT));
    let attempts = balance.checked_div(cost).unwrap_or_default();
    let found = format!(
        "{account} has {} coins, enough for about {attempts} attempts",
        format_ether(balance)
    );
    let fix = format!("send coins to {account}: `orv wallet fund` on a devnet, a faucet on the testnet");
    if balance < least {
        let found = format!("{found}; nothing is begun below {}", format_ether(least));
        Line::fail(Check::Balance, found, fix)
    } else if attempts < U256::from(FEW) {
        Line::warn(Check::Balance, found, fix)
    } else {
        Line::pass(Check::Balance, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn coins_are_judged_by_the_least_balance_and_by_what_an_attempt_costs() {
        let coin = U256::from(10).pow(U256::from(18));
        let least = coin / U256::from(100);
        let gwei = 1_000_000_000;
        let judged = [U256::ZERO, coin / U256::from(20), coin]
            .map(|balance| enough(Address::ZERO, balance, least, 5 * gwei).outcome);
        assert_eq!(judged, [Outcome::Fail, Outcome::Warn, Outcome::Pass]);
    }
}
