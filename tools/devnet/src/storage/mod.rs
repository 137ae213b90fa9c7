//! The 0G storage node and indexer: one port that answers `zgs_*` and `indexer_*` JSON-RPC and the file gateway.
//!
//! It keeps the reference node's rules (0G Storage reference 3): submissions come from the Flow contract's events,
//! segments are taken only with a valid proof, and refusals bear the reference's words. It is one node with one shard
//! (numShard 1), trusts nobody and shares with nobody. [`Fault`] makes it a bad node on request.
//!
//! It follows the chain of its own process or, as [`StorageNode::start`], any chain by JSON-RPC. Either is read when the
//! node is asked, so that an answer is never behind the chain.

mod error;
mod fault;
mod files;
mod gateway;
mod methods;
mod node;
mod remote;
mod service;
mod source;
mod submission;
mod view;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::Address;

pub use error::NodeError;
pub use fault::Fault;
pub use remote::{AddressError, RemoteChain};
pub use service::{StorageNode, StorageOptions, StorageStartError};
pub use source::ChainSource;

use files::Files;
use node::Node;
use submission::Submissions;

/// Largest request body, in bytes, as the reference node's.
pub(crate) const BODY_LIMIT: usize = 100 << 20;

/// The running node, as seen from inside the process. Clones share it.
#[derive(Debug, Clone)]
pub struct Storage {
    node: Arc<Mutex<Node>>,
    orders: Arc<Mutex<Orders>>,
}

/// What the node was told from inside the process. Kept apart from the node, which is locked while it reads the chain
/// or is slow on purpose.
#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    flow: Option<Address>,
    fault: Option<Fault>,
}

impl Storage {
    /// A node over a chain, with its files in `directory` or in memory. It knows no file before
    /// [`Storage::follow`] names the Flow contract.
    ///
    /// # Errors
    /// The directory cannot be read, or holds a damaged file.
    pub fn open(chain: impl ChainSource + 'static, directory: Option<PathBuf>) -> io::Result<Self> {
        let node = Node::new(Submissions::new(Box::new(chain)), Files::open(directory)?);
        Ok(Self {
            node: Arc::new(Mutex::new(node)),
            orders: Arc::default(),
        })
    }

    /// Reads submissions of this Flow contract from now on.
    pub fn follow(&self, flow: Address) {
        self.orders().flow = Some(flow);
    }

    /// Gives the node a fault, or heals it with `None`.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.orders().fault = fault;
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node, up to date with the chain.
    fn synced(&self) -> Result<MutexGuard<'_, Node>, NodeError> {
        let mut node = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = *self.orders();
        node.fault = orders.fault;
        if let Some(flow) = orders.flow {
            node.submissions.follow(flow);
        }
        node.sync()?;
        Ok(node)
    }
}
