//! What a storage node reads of a chain, wherever that chain is.

use std::fmt::Debug;

use alloy::primitives::B256;
use alloy::rpc::types::{Filter, Log};

use crate::chain::Chain;

use super::error::NodeError;

/// A chain that submissions are read from. Called on threads that may block.
pub trait ChainSource: Debug + Send {
    /// Chain id.
    ///
    /// # Errors
    /// The chain cannot be read; so in the methods below.
    fn chain_id(&self) -> Result<u64, NodeError>;

    /// Number of the newest block.
    ///
    /// # Errors
    /// As above.
    fn height(&self) -> Result<u64, NodeError>;

    /// Hash of a block, `None` above the newest.
    ///
    /// # Errors
    /// As above.
    fn block_hash(&self, number: u64) -> Result<Option<B256>, NodeError>;

    /// Logs, as `eth_getLogs` gives them.
    ///
    /// # Errors
    /// As above, or the query is refused.
    fn logs(&self, filter: &Filter) -> Result<Vec<Log>, NodeError>;
}

/// The embedded chain, without a way through the network.
impl ChainSource for Chain {
    fn chain_id(&self) -> Result<u64, NodeError> {
        Ok(Chain::chain_id(self))
    }

    fn height(&self) -> Result<u64, NodeError> {
        Ok(Chain::height(self))
    }

    fn block_hash(&self, number: u64) -> Result<Option<B256>, NodeError> {
        Ok(Chain::block_hash(self, number))
    }

    fn logs(&self, filter: &Filter) -> Result<Vec<Log>, NodeError> {
        Ok(Chain::logs(self, filter)?)
    }
}
