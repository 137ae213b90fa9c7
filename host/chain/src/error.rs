//! Why a question to the chain got no answer that can be used.

use alloy::{
    primitives::Address,
    transports::{RpcError, TransportErrorKind},
};

use crate::{
    endpoint::HttpError,
    nodes::{OtherChain, Testimony},
    revert::Revert,
};

/// A failed read. A failed transaction is a [`SendError`](crate::SendError).
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// No JSON-RPC answer: no connection, a broken one, a time limit, or a body that is no JSON-RPC.
    #[error("the chain's endpoint gives no answer: {0}")]
    Unreachable(String),
    /// The address is no HTTP address, or no client could be made.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The endpoint serves another chain.
    #[error("the endpoint serves chain {found}, expected chain {expected}")]
    WrongChainId {
        /// The configured chain id.
        expected: u64,
        /// The endpoint's chain id.
        found: u64,
    },
    /// A quorum that the configured endpoints can never reach.
    #[error("a quorum of {quorum} among {endpoints} endpoints: expected 1 to {endpoints}")]
    BadQuorum {
        /// The configured quorum.
        quorum: usize,
        /// The configured endpoints.
        endpoints: usize,
    },
    /// One endpoint counted twice would agree with itself.
    #[error("the endpoint {0} is configured twice")]
    SameEndpointTwice(String),
    /// As many endpoints answered as the quorum needs, and no quorum says the same. Nothing may be concluded; the
    /// question is asked again later.
    #[error("ORV-N-004: the endpoints disagree on {question}: {}", listed(answers))]
    Disagreement {
        /// What was asked.
        question: &'static str,
        /// Who said what.
        answers: Vec<Testimony>,
    },
    /// Fewer endpoints answered than the quorum needs.
    #[error("ORV-N-005: fewer than {needed} endpoints answered {question}: {}", listed(answers))]
    NoQuorum {
        /// What was asked.
        question: &'static str,
        /// How many equal answers are needed.
        needed: usize,
        /// Who said what.
        answers: Vec<Testimony>,
    },
    /// The configured address holds no contract.
    #[error("no code at {address}, where {contract} should be")]
    NoCode {
        /// The contract's name.
        contract: &'static str,
        /// The configured address.
        address: Address,
    },
    /// The call ran and the contract refused it.
    #[error("reverted with {0}")]
    Reverted(Revert),
    /// The endpoint refused the request.
    #[error("the endpoint refused: {message} (code {code})")]
    Refused {
        /// The JSON-RPC error code.
        code: i64,
        /// The endpoint's text.
        message: String,
    },
    /// The answer does not decode as what the contract's interface promises.
    #[error("malformed answer to {question}: {reason}")]
    Malformed {
        /// What was asked.
        question: &'static str,
        /// Why it does not decode.
        reason: String,
    },
    /// The endpoint does not know a block it must know.
    #[error("the endpoint does not have block {0}")]
    NoBlock(u64),
    /// No project with this id: the registry answers zeros, never a revert.
    #[error("no project {0}")]
    NoProject(crate::ProjectId),
    /// No proposal with this id: the ledger answers zeros, never a revert.
    #[error("no proposal {0}")]
    NoProposal(crate::ProposalId),
    /// The ledger answered a status that its interface does not have.
    #[error("unknown proposal status {0}")]
    UnknownStatus(u8),
}

impl ChainError {
    /// Sorts a transport's error into: refused with revert data, refused otherwise, no answer.
    pub(crate) fn from_rpc(error: RpcError<TransportErrorKind>) -> Self {
        match error {
            RpcError::ErrorResp(payload) => match payload.as_revert_data() {
                Some(data) => Self::Reverted(Revert::decode(&data)),
                // Nodes report a revert without data as error 3, or as -32000 with this text.
                None if payload.code == 3 || payload.message.starts_with("execution reverted") => {
                    Self::Reverted(Revert::decode(&[]))
                }
                None => Self::Refused {
                    code: payload.code,
                    message: payload.message.chars().take(300).collect(),
                },
            },
            RpcError::Transport(TransportErrorKind::Custom(cause)) => match cause.downcast_ref::<OtherChain>() {
                Some(&OtherChain { expected, found }) => Self::WrongChainId { expected, found },
                None => Self::Unreachable(cause.to_string().chars().take(500).collect()),
            },
            other => Self::Unreachable(other.to_string().chars().take(500).collect()),
        }
    }
}

fn listed(answers: &[Testimony]) -> String {
    let answers: Vec<_> = answers.iter().map(Testimony::to_string).collect();
    answers.join("; ")
}
