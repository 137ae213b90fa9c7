//! A storage node on a port of its own.

use std::io;
use std::path::PathBuf;

use alloy::primitives::Address;

use crate::http::{Port, Server};

use super::gateway::router;
use super::remote::{AddressError, RemoteChain};
use super::source::ChainSource;
use super::{BODY_LIMIT, Storage};

/// How a storage node beside a chain is set up.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// JSON-RPC of the chain, plain HTTP; any node, not only ours.
    pub rpc_url: String,
    /// The Flow contract; without it the node knows no file before [`Storage::follow`].
    pub flow: Option<Address>,
    /// Port of the node on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// Where its files are kept; in memory when absent.
    pub directory: Option<PathBuf>,
}

/// Why a storage node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StorageStartError {
    /// The chain's address is of no use.
    #[error("chain: {0}")]
    Chain(#[from] AddressError),
    /// The port is taken.
    #[error("cannot listen on port {port} of 127.0.0.1: {source}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The directory cannot be used.
    #[error("cannot use the storage directory: {0}")]
    Directory(io::Error),
}

/// A running node with its indexer and file gateway. Dropping it closes the port.
#[derive(Debug)]
pub struct StorageNode {
    storage: Storage,
    server: Server,
}

impl StorageNode {
    /// Starts a node that reads a chain by JSON-RPC, within the running tokio runtime. Whether the chain answers shows
    /// with the first request.
    ///
    /// # Errors
    /// See [`StorageStartError`].
    pub async fn start(options: StorageOptions) -> Result<Self, StorageStartError> {
        let chain = RemoteChain::at(&options.rpc_url)?;
        let node = Self::over(chain, options.port, options.directory).await?;
        if let Some(flow) = options.flow {
            node.storage.follow(flow);
        }
        Ok(node)
    }

    /// Starts a node over any chain.
    ///
    /// # Errors
    /// See [`StorageStartError`].
    pub async fn over(
        chain: impl ChainSource + 'static,
        port: u16,
        directory: Option<PathBuf>,
    ) -> Result<Self, StorageStartError> {
        let storage = Storage::open(chain, directory).map_err(StorageStartError::Directory)?;
        let bound = Port::bind(port)
            .await
            .map_err(|source| StorageStartError::Listen { port, source })?;
        let router = router(storage.clone(), bound.url());
        let server = bound.serve(router, BODY_LIMIT);
        Ok(Self { storage, server })
    }

    /// URL of the node, the indexer and the file gateway.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The node, from inside the process.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Closes the port and waits until it is closed.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
