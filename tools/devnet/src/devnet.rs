//! Starting and stopping the whole network.

use std::io;
use std::path::PathBuf;

use alloy::primitives::{Address, U256};
use alloy::signers::k256::ecdsa::Error as KeyError;
use tokio::task::JoinHandle;

use crate::account::{DevAccount, PREFUNDED, dev_accounts};
use crate::chain::{Chain, ChainMethods, ChainOptions, LogError, Mining};
use crate::http::{Port, Server, rpc_router};
use crate::storage::{NodeOptions, Storage, StorageNetwork, StorageStartError};

/// Largest request body of the chain's port, in bytes.
const CHAIN_BODY_LIMIT: usize = 4 << 20;

/// The chain's log, in the folder that a devnet is kept in.
const CHAIN_LOG: &str = "chain.log";

/// How a devnet is set up. Port 0 means any free one.
#[derive(Debug, Clone, Default)]
pub struct DevnetOptions {
    /// The chain.
    pub chain: ChainOptions,
    /// Port of the chain's JSON-RPC.
    pub rpc_port: u16,
    /// The storage nodes.
    pub storage: NodeOptions,
    /// Accounts to fund besides the ten of [`dev_accounts`], with wei.
    pub funded: Vec<(Address, U256)>,
    /// Where chain and storage are kept, so that the network is the same again after its process was killed: what was
    /// answered is there, what was not may be. In memory when absent.
    pub data: Option<PathBuf>,
}

/// Why a devnet does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken.
    #[error("cannot listen on port {port} of 127.0.0.1: {source}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder that everything is kept in cannot be made.
    #[error("{}: {source}", path.display())]
    Data {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The chain that was kept cannot be taken up.
    #[error("chain: {0}")]
    Log(#[from] LogError),
    /// The storage node does not start.
    #[error("storage: {0}")]
    Storage(#[from] StorageStartError),
    /// The runtime is shutting down.
    #[error("the program is ending")]
    Stopped,
    /// The table of development keys is damaged.
    #[error("a development key is not valid: {0}")]
    Key(#[from] KeyError),
}

/// A running network. Dropping it stops it.
#[derive(Debug)]
pub struct Devnet {
    chain: Chain,
    accounts: Vec<DevAccount>,
    rpc: Server,
    storage: StorageNetwork,
    miner: Option<Miner>,
}

impl Devnet {
    /// Starts the network within the running tokio runtime.
    ///
    /// # Errors
    /// A port that cannot be bound.
    pub async fn start(options: DevnetOptions) -> Result<Self, StartError> {
        let accounts = dev_accounts()?;
        let mut funded: Vec<_> = accounts.iter().map(|account| (account.address, PREFUNDED)).collect();
        funded.extend(options.funded);
        let chain = match &options.data {
            Some(data) => kept(data.clone(), options.chain, funded).await?,
            None => Chain::new(options.chain, &funded),
        };
        let mut nodes = options.storage;
        nodes.directory = nodes.directory.or(options.data);
        let methods = std::sync::Arc::new(ChainMethods(chain.clone()));
        let port = options.rpc_port;
        let rpc = Port::bind(port)
            .await
            .map_err(|source| StartError::Listen { port, source })?;
        let rpc = rpc.serve(rpc_router(methods), CHAIN_BODY_LIMIT);
        let storage = StorageNetwork::over(chain.clone(), &nodes).await?;
        let miner = match options.chain.mining {
            Mining::Instant => None,
            Mining::Interval(interval) => Some(Miner(tokio::spawn(mine_each(chain.clone(), interval)))),
        };
        Ok(Self {
            chain,
            accounts,
            rpc,
            storage,
            miner,
        })
    }

    /// URL of the chain's JSON-RPC.
    pub fn rpc_url(&self) -> String {
        self.rpc.url()
    }

    /// URL of the first storage node, which is the indexer and the file gateway of all.
    pub fn storage_url(&self) -> String {
        self.storage.url()
    }

    /// The storage nodes.
    pub fn storage_network(&self) -> &StorageNetwork {
        &self.storage
    }

    /// The first storage node, from inside the process.
    pub fn storage(&self) -> &Storage {
        self.storage.storage()
    }

    /// The chain, from inside the process.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The prefunded accounts.
    pub fn accounts(&self) -> &[DevAccount] {
        &self.accounts
    }

    /// Stops the network and waits until its ports are closed.
    pub async fn stop(self) {
        drop(self.miner);
        self.storage.stop().await;
        self.rpc.stop().await;
    }
}

/// The task that makes blocks at an interval; it ends with this value.
#[derive(Debug)]
struct Miner(JoinHandle<()>);

impl Drop for Miner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The chain of a folder, which takes as long to read as its transactions take to run.
async fn kept(data: PathBuf, options: ChainOptions, funded: Vec<(Address, U256)>) -> Result<Chain, StartError> {
    let read = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&data).map_err(|source| StartError::Data {
            path: data.clone(),
            source,
        })?;
        Ok(Chain::kept(&data.join(CHAIN_LOG), options, &funded)?)
    });
    read.await.map_err(|_| StartError::Stopped)?
}

async fn mine_each(chain: Chain, interval: std::time::Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let chain = chain.clone();
        // The block is made or the runtime is shutting down.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || chain.mine()).await {
            tracing::error!(%error, "no block was made");
        }
    }
}
