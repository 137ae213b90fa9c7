//! The independent reference: anvil and the devnet use the same gas for the same transactions.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use alloy::primitives::U256;
use alloy::providers::Provider;
use orv_devnet::account::dev_accounts;
use orv_devnet::deployment::deploy;
use orv_devnet::peer::Anvil;
use support::{Probe, devnet, plan_of, wallet_at};

/// Deploys the whole network and the probe, writes, overwrites, clears, reverts: the gas of every transaction.
async fn scenario(url: &str) -> Vec<u64> {
    let signer = dev_accounts().unwrap()[0].signer.clone();
    deploy(url, plan_of(signer.clone(), String::new())).await.unwrap();
    let wallet = wallet_at(url, signer);
    let probe = Probe::deploy(&wallet).await.unwrap();
    for value in [7u64, 8, 0] {
        probe
            .store(U256::from(1), U256::from(value))
            .send()
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
    }
    let sent = probe
        .storeAndRefuse(U256::from(1), U256::from(7))
        .gas(100_000)
        .send()
        .await
        .unwrap();
    sent.get_receipt().await.unwrap();
    let mut gas = Vec::new();
    for number in 1..=wallet.get_block_number().await.unwrap() {
        let receipts = wallet.get_block_receipts(number.into()).await.unwrap().unwrap();
        gas.extend(receipts.iter().map(|receipt| receipt.gas_used));
    }
    gas
}

#[tokio::test]
async fn anvil_and_the_devnet_use_the_same_gas() {
    let anvil = Anvil::start().unwrap();
    let (devnet, _wallet) = devnet().await;
    let expected = scenario(anvil.url()).await;
    assert!(expected.len() >= 15, "{expected:?}");
    assert_eq!(scenario(&devnet.rpc_url()).await, expected);
}
