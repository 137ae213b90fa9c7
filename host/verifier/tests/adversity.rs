//! What an operator relies on when the chain, or the way to it, is not as it should be.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod crooked;
mod fake;
mod network;

use alloy::providers::Provider;
use fake::Script;
use network::{Network, only};
use orv_chain::bindings::VerifierGateway;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{Settlement, State, WaitCause};
use orv_verifier::{Daemon, Notice, Observer, RpcAddresses, Silent, StatusRow, Summary, VerifierConfig};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

on_both_chains!(
    a_settlement_that_fails_on_chain_is_paid_for_a_few_times_and_let_go,
    a_settlement_that_failed_on_chain_is_sent_again_after_a_pause,
);

/// The same configuration, with another way to the chain.
fn by_way_of(network: &Network, url: String) -> VerifierConfig {
    VerifierConfig {
        rpc: Some(RpcAddresses::One(url)),
        ..network.config()
    }
}

/// An estimate with which every settlement passes the simulation and runs out of gas on chain.
fn too_little_gas(method: &str, parameters: &Value) -> Option<Value> {
    let settle = format!("0x{}", hex::encode(settle_selector()));
    let call = &parameters[0];
    let input = call["input"].as_str().or(call["data"].as_str()).unwrap_or_default();
    (method == "eth_estimateGas" && input.starts_with(&settle)).then(|| json!("0x1d4c0"))
}

fn settle_selector() -> [u8; 4] {
    <VerifierGateway::settleCall as alloy::sol_types::SolCall>::SELECTOR
}

/// Transactions of the operator that are in blocks.
async fn paid_for(network: &Network) -> u64 {
    let chain = network.deployment.connect().await.unwrap();
    let operator = network.running.accounts()[2].address;
    chain.provider().get_transaction_count(operator).await.unwrap()
}

/// As if every pause were over.
async fn let_time_pass(network: &Network) {
    let path = network.config().data_directory.join("journal.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::sqlite::SqlitePool::connect_with(options).await.unwrap();
    let update = sqlx::query("UPDATE proposals SET failed_at = 0");
    update.execute(&pool).await.unwrap();
    pool.close().await;
}

async fn once(config: &VerifierConfig) -> Summary {
    Daemon::once(config.clone(), Arc::new(Silent)).await.unwrap()
}

/// Keeps the codes of what failed.
#[derive(Default)]
struct Failed(Mutex<Vec<&'static str>>);

impl Observer for Failed {
    fn notice(&self, notice: &Notice) {
        if let Notice::Failed { code, .. } = notice {
            self.0.lock().unwrap().push(code);
        }
    }
}

async fn failures_of_once(config: &VerifierConfig) -> Vec<&'static str> {
    let failed = Arc::new(Failed::default());
    Daemon::once(config.clone(), failed.clone()).await.unwrap();
    let codes = failed.0.lock().unwrap().clone();
    codes
}

async fn row(config: &VerifierConfig) -> StatusRow {
    Daemon::status(config).await.unwrap().remove(0)
}

fn codes(summary: &Summary) -> Vec<&'static str> {
    summary.failures.iter().map(|failure| failure.code).collect()
}

async fn a_settlement_that_fails_on_chain_is_paid_for_a_few_times_and_let_go(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let config = by_way_of(
        &network,
        crooked::start(&network.running.rpc_url(), too_little_gas).await,
    );
    let first = once(&config).await;
    assert_eq!(codes(&first), ["ORV-V-013"]);
    assert_eq!(only(&first).state, State::Judged);
    let paid = paid_for(&network).await;
    assert!(codes(&once(&config).await).is_empty());
    assert_eq!(paid_for(&network).await, paid, "the pause is not over");
    for (times, code) in [(1, "ORV-V-013"), (2, "ORV-V-013"), (3, "ORV-V-073")] {
        let_time_pass(&network).await;
        assert_eq!(failures_of_once(&config).await, [code]);
        assert_eq!(paid_for(&network).await, paid + times);
    }
    let lost = row(&config).await;
    assert_eq!(lost.state, State::Waiting(WaitCause::TicketLost));
    assert!(lost.cause.contains("paid for in vain"), "{}", lost.cause);
    let_time_pass(&network).await;
    assert!(once(&network.config()).await.outcomes.is_empty());
    assert_eq!(paid_for(&network).await, paid + 3, "it is never sent again");
}

async fn a_settlement_that_failed_on_chain_is_sent_again_after_a_pause(kind: PeerKind) {
    let network = Network::start(kind).await;
    network.enclave(Script::Improvement);
    network.submit().await;
    let config = by_way_of(
        &network,
        crooked::start(&network.running.rpc_url(), too_little_gas).await,
    );
    once(&config).await;
    let_time_pass(&network).await;
    let mended = once(&network.config()).await;
    assert_eq!(only(&mended).state, State::Settled(Settlement::Approved));
}
