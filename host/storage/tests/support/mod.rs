//! A chain with the Flow contract, our storage node beside it, and somebody who can pay.
// Each suite uses a part of it; the lints know test functions, not the set-up functions beside them.
#![allow(dead_code, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

pub mod server;

use std::time::Duration;

use orv_chain::{Chain, FeeRules, Patience, TransactionOwner, primitives::Address, wallet::Wallet};
use orv_contracts::development::{FixedPrice, Flow};
use orv_devnet::{
    client::connect,
    peer::{self, PeerKind},
    storage::NodeOptions,
};
use orv_storage::{Storage, StorageOptions};
use zeroize::Zeroizing;

/// A running network, and a directory for everything that clients keep.
pub struct Network {
    pub running: peer::Network,
    pub owner: TransactionOwner,
    pub flow: Address,
    pub directory: tempfile::TempDir,
}

impl Network {
    /// Starts a chain, deploys market and Flow, and lets the storage node follow it.
    pub async fn start(kind: PeerKind) -> Self {
        Self::start_with(kind, NodeOptions::default()).await
    }

    /// The same, with storage nodes set up otherwise.
    pub async fn start_with(kind: PeerKind, nodes: NodeOptions) -> Self {
        let running = peer::Network::start_with(kind, nodes).await.unwrap();
        let chain = Chain::connect(&running.rpc_url(), 16602).await.unwrap();
        let provider = connect(&running.rpc_url(), running.accounts()[0].signer.clone()).unwrap();
        let market = FixedPrice::deploy(&provider, 30_733_644_962_u64.try_into().unwrap())
            .await
            .unwrap();
        let flow = Flow::deploy(&provider, *market.address()).await.unwrap();
        running.storage().follow(*flow.address());
        let wallet = Wallet::from_raw_key_dangerously(&Zeroizing::new(running.accounts()[1].key.0)).unwrap();
        let patience = Patience {
            limit: Duration::from_secs(120),
            interval: Duration::from_millis(20),
        };
        let owner = TransactionOwner::start(chain, wallet, FeeRules::default(), patience);
        Self {
            running,
            owner,
            flow: *flow.address(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Options of a client with a cache of its own.
    pub fn options(&self, cache: &str) -> StorageOptions {
        StorageOptions {
            poll_interval: Duration::from_millis(20),
            ..StorageOptions::new(self.running.storage_url(), self.directory.path().join(cache))
        }
    }

    /// A client with a cache of its own.
    pub fn client(&self, cache: &str) -> Storage {
        Storage::connect(self.options(cache)).unwrap()
    }
}

/// Content by the rule of the published vectors.
pub fn content(size: u64) -> Vec<u8> {
    let table: Vec<u8> = (0..251_u64)
        .map(|position| ((31 * position * position + 7 * position + size) % 251) as u8)
        .collect();
    let mut bytes = table.repeat(size as usize / 251 + 1);
    bytes.truncate(size as usize);
    bytes
}
