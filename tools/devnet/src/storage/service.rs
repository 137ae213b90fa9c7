//! Storage nodes on ports of their own, one for each shard.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use alloy::primitives::Address;

use crate::http::{Port, Server};

use super::gateway::router;
use super::remote::{AddressError, RemoteChain};
use super::shard::ShardCount;
use super::source::ChainSource;
use super::{BODY_LIMIT, FlowOrder, Storage};

/// How storage nodes beside a chain are set up.
#[derive(Debug, Clone, Default)]
pub struct StorageOptions {
    /// JSON-RPC of the chain, plain HTTP; any node, not only ours.
    pub rpc_url: String,
    /// The Flow contract; without it the nodes know no file before [`Storage::follow`].
    pub flow: Option<Address>,
    /// Where the nodes listen and what they keep.
    pub nodes: NodeOptions,
}

/// Where storage nodes listen and what they keep.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    /// Port of the first node on 127.0.0.1, the others have those after it; 0 for any free ones.
    pub port: u16,
    /// Where their segments are kept; in memory when absent.
    pub directory: Option<PathBuf>,
    /// How many nodes there are.
    pub shards: ShardCount,
}

impl NodeOptions {
    /// Port and directory of the node of a shard. A directory belongs to one number of shards.
    fn of(&self, shard: super::Shard) -> (u16, Option<PathBuf>) {
        let offset = u16::try_from(shard.id()).unwrap_or(u16::MAX);
        let port = if self.port == 0 {
            0
        } else {
            self.port.saturating_add(offset)
        };
        let name = format!("shard-{}-of-{}", shard.id(), shard.count());
        (port, self.directory.as_ref().map(|directory| directory.join(name)))
    }
}

/// Why a storage network does not start.
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
    /// There is no shard.
    #[error("a storage network has at least one node")]
    NoNodes,
    /// The directory cannot be used.
    #[error("cannot use the storage directory: {0}")]
    Directory(io::Error),
}

/// One node as the others know it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) url: String,
    pub(super) storage: Storage,
}

/// Running nodes, each with an indexer and a file gateway. Dropping them closes their ports.
#[derive(Debug)]
pub struct StorageNetwork {
    members: Arc<[Member]>,
    servers: Vec<Server>,
    // The same node as the first member.
    first: Member,
}

impl StorageNetwork {
    /// Starts nodes that read a chain by JSON-RPC, within the running tokio runtime. Whether the chain answers shows
    /// with the first request.
    ///
    /// # Errors
    /// See [`StorageStartError`].
    pub async fn start(options: StorageOptions) -> Result<Self, StorageStartError> {
        let chain = RemoteChain::at(&options.rpc_url)?;
        let network = Self::over(chain, &options.nodes).await?;
        if let Some(flow) = options.flow {
            network.storage().follow(flow);
        }
        Ok(network)
    }

    /// Starts nodes over any chain.
    ///
    /// # Errors
    /// See [`StorageStartError`].
    pub async fn over(
        chain: impl ChainSource + Clone + 'static,
        options: &NodeOptions,
    ) -> Result<Self, StorageStartError> {
        let flow = FlowOrder::default();
        let (mut members, mut ports) = (Vec::new(), Vec::new());
        for shard in options.shards.shards() {
            let (port, directory) = options.of(shard);
            let storage = Storage::open(chain.clone(), directory, shard, FlowOrder::clone(&flow))
                .map_err(StorageStartError::Directory)?;
            let bound = Port::bind(port)
                .await
                .map_err(|source| StorageStartError::Listen { port, source })?;
            let url = bound.url();
            members.push(Member { url, storage });
            ports.push(bound);
        }
        let first = members.first().cloned().ok_or(StorageStartError::NoNodes)?;
        let members: Arc<[Member]> = members.into();
        let servers = ports.into_iter().zip(members.iter());
        let servers = servers
            .map(|(port, member)| port.serve(router(member.storage.clone(), Arc::clone(&members)), BODY_LIMIT))
            .collect();
        Ok(Self {
            members,
            servers,
            first,
        })
    }

    /// URL of the first node, which as an indexer names them all.
    pub fn url(&self) -> String {
        self.first.url.clone()
    }

    /// The first node, from inside the process.
    pub fn storage(&self) -> &Storage {
        &self.first.storage
    }

    /// All nodes by their shard's number, from inside the process.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&str, &Storage)> {
        self.members.iter().map(|member| (member.url.as_str(), &member.storage))
    }

    /// Closes the ports and waits until they are closed.
    pub async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
    }
}
