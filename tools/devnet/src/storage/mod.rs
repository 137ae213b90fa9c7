//! 0G storage nodes with their indexer: ports that answer `zgs_*` and `indexer_*` JSON-RPC and the file gateway.
//!
//! They keep the reference node's rules (0G Storage reference 3): submissions come from the Flow contract's events,
//! segments are taken only with a valid proof, and refusals bear the reference's words. There is one node for each shard
//! of the flow, each on a port of its own; every one of them is an indexer and a gateway too, and knows the others.
//! [`Fault`] makes one of them a bad node on request.
//!
//! They follow the chain of their own process or, as [`StorageNetwork::start`], any chain by JSON-RPC. Either is read
//! when a node is asked, so that an answer is never behind the chain.
//!
//! Where they differ from the reference on purpose: an upload is answered with the number of segments, because the older
//! of 0G's SDKs takes `null` for a failure; flow-wide proofs (`zgs_getSectorProof`, `zgs_getFlowContext`) are not there.

mod error;
mod fault;
mod gateway;
mod methods;
mod node;
mod remote;
mod segments;
mod service;
mod shard;
mod source;
mod submission;
mod view;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::Address;

pub use error::NodeError;
pub use fault::{Fault, Faults, NoSuchFault};
pub use remote::{AddressError, RemoteChain};
pub use service::{NodeOptions, StorageNetwork, StorageOptions, StorageStartError};
pub use shard::{NoSuchCount, Shard, ShardCount};
pub use source::ChainSource;

use node::Node;
use segments::Segments;
use submission::Submissions;

/// Largest request body, in bytes, as the reference node's.
pub(crate) const BODY_LIMIT: usize = 100 << 20;

/// The Flow contract that all nodes of a network follow, once it is named.
type FlowOrder = Arc<Mutex<Option<Address>>>;

/// A running node, as seen from inside the process. Clones share it.
#[derive(Debug, Clone)]
pub struct Storage {
    node: Arc<Mutex<Node>>,
    shard: Shard,
    // These two are kept apart from the node, which is locked while it reads the chain.
    flow: FlowOrder,
    faults: Arc<Mutex<Faults>>,
}

impl Storage {
    /// A node over a chain, with its segments in `directory` or in memory. It knows no file before
    /// [`Storage::follow`] names the Flow contract.
    fn open(
        chain: impl ChainSource + 'static,
        directory: Option<PathBuf>,
        shard: Shard,
        flow: FlowOrder,
    ) -> io::Result<Self> {
        let submissions = Submissions::new(Box::new(chain));
        let node = Node::new(submissions, Segments::open(directory)?, shard);
        Ok(Self {
            node: Arc::new(Mutex::new(node)),
            shard,
            flow,
            faults: Arc::default(),
        })
    }

    /// Reads submissions of this Flow contract from now on; so do the other nodes of the network.
    pub fn follow(&self, flow: Address) {
        *locked(&self.flow) = Some(flow);
    }

    /// Gives the node a fault, or heals it with `None`.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.set_faults(fault.into_iter().collect());
    }

    /// Gives the node several faults at a time.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        *locked(&self.faults) = faults.into();
    }

    fn faults(&self) -> Faults {
        locked(&self.faults).clone()
    }

    /// The part of the flow that this node stores.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// The node, up to date with the chain.
    fn synced(&self) -> Result<MutexGuard<'_, Node>, NodeError> {
        let mut node = locked(&self.node);
        node.faults = self.faults();
        if let Some(flow) = *locked(&self.flow) {
            node.submissions.follow(flow);
        }
        node.submissions.sync()?;
        Ok(node)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
