//! A passphrase that can be read once, as a pipe's can.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod crooked;
mod fake;
mod network;

use network::{Network, only};
use orv_chain::wallet::{Cost, Passphrase, WalletHome, WalletSource};
use orv_devnet::peer::PeerKind;
use orv_verifier::journal::{State, WaitCause};
use orv_verifier::{Controls, Daemon, Notice, Observer, Orders, RpcAddresses, Silent, VerifierConfig};
use serde_json::{Value, json};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const POOR: State = State::Waiting(WaitCause::LowBalance);

/// Questions for the newest block that have been answered with nonsense, and how many are.
static REFUSED: AtomicU8 = AtomicU8::new(0);
const REFUSALS: u8 = 2;

/// An endpoint that serves contracts and old blocks, and at first not the newest one.
fn headless(method: &str, parameters: &Value) -> Option<Value> {
    let asks = method == "eth_getBlockByNumber" && parameters[0] == "latest";
    let refuses = asks && REFUSED.fetch_add(1, Ordering::Relaxed) < REFUSALS;
    refuses.then(|| json!("nonsense"))
}

/// Stops the daemon at the first proposal that it has no coins for.
struct StopPoor(Controls);

impl Observer for StopPoor {
    fn notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Changed { state: POOR, .. }) {
            self.0.stop();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_from_a_pipe_is_read_once_however_often_the_chain_is_tried() {
    let network = Network::start(PeerKind::Embedded).await;
    network.submit().await;
    let directory = network.directory.path().join("wallets");
    let passphrase = Passphrase::new("a passphrase of mine".to_owned()).unwrap();
    WalletHome::new(&directory)
        .create("operator", &passphrase, Cost::Light)
        .unwrap();
    let (pipe, mut writing) = std::io::pipe().unwrap();
    writing.write_all(b"a passphrase of mine\n").unwrap();
    drop(writing);
    let config = VerifierConfig {
        rpc: Some(RpcAddresses::One(
            crooked::start(&network.running.rpc_url(), headless).await,
        )),
        wallet: WalletSource::Keystore {
            directory,
            id: "operator".to_owned(),
            passphrase_file: format!("/proc/self/fd/{}", pipe.as_raw_fd()).into(),
        },
        ..network.config()
    };
    let orders = Orders::new(config, Arc::new(Silent));
    let observer = Arc::new(StopPoor(orders.controls.clone()));
    let worked = Daemon::work(Orders { observer, ..orders }).await.unwrap();
    assert_eq!(only(&worked).state, POOR);
    assert!(REFUSED.load(Ordering::Relaxed) > REFUSALS);
}
