//! What a storage node refuses, in the reference node's words (0G Storage reference 3).

use serde_json::Value;

use crate::chain::ChainError;
use crate::rpc::RpcError;

/// Why a storage request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// A parameter that does not hold.
    #[error("Invalid params: {name}: {reason}")]
    InvalidParams {
        /// The parameter.
        name: &'static str,
        /// The reference's reason.
        reason: &'static str,
    },
    /// A root and a sequence number that do not belong together.
    #[error("data root and tx seq not match")]
    RootAndSequence,
    /// A refusal in free text.
    #[error("{0}")]
    Call(&'static str),
    /// A segment that is here already.
    #[error("segment has already been uploaded or is being uploaded")]
    Repeated,
    /// More files wait for their transaction than the node keeps.
    #[error("too many data writing: {0}")]
    TooMany(usize),
    /// The chain could not be read.
    #[error("cannot read submissions: {0}")]
    Chain(String),
    /// The data directory could not be written.
    #[error("cannot write {path}: {reason}")]
    Disk {
        /// File.
        path: String,
        /// The system's reason.
        reason: String,
    },
}

impl NodeError {
    /// A parameter that does not hold.
    pub const fn invalid(name: &'static str, reason: &'static str) -> Self {
        Self::InvalidParams { name, reason }
    }
}

impl From<ChainError> for NodeError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error.to_string())
    }
}

impl From<NodeError> for RpcError {
    fn from(error: NodeError) -> Self {
        let data = |reason: &str| Some(Value::String(reason.to_owned()));
        match error {
            NodeError::InvalidParams { name, reason } => Self {
                code: -32602,
                message: format!("Invalid params: {name}"),
                data: data(reason),
            },
            NodeError::RootAndSequence => Self {
                code: -32603,
                message: "Internal error".to_owned(),
                data: data(&error.to_string()),
            },
            other => Self::server(other),
        }
    }
}
