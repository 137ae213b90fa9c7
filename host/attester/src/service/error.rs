//! Everything that can stop the service or one of its steps, with a stable code and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use alloy::primitives::Address;
use orv_chain::wallet::WalletError;
use orv_chain::{ChainError, DeploymentError, SendError};
use orv_storage::FetchError;
use orv_verify::{PolicyError, RootError};

use crate::{AttesterError, CollateralFolderError, TermsError};

/// A failed step.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The configuration makes no sense.
    #[error("configuration: {0}")]
    Configuration(String),
    /// The policy file is none.
    #[error("policy {}: {source}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PolicyError,
    },
    /// The deployment file cannot be used.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The deployment has no registry of enclave keys.
    #[error("the deployment names no enclave registry")]
    NoRegistry,
    /// Neither deployment nor configuration names an indexer.
    #[error("neither deployment nor configuration names a storage indexer, and admitted keys are to be watched")]
    NoStorage,
    /// The attester's key cannot be used.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The quorum does not count this key.
    #[error("{0} is no attester of the quorum")]
    NotAnAttester(Address),
    /// The simulator's root is damaged.
    #[error("the simulator's root: {0}")]
    Root(#[from] RootError),
    /// The port cannot be used.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The collateral cannot be used.
    #[error("collateral: {0}")]
    Collateral(#[from] CollateralFolderError),
    /// A task of the service stopped.
    #[error("a task of the service stopped")]
    TaskStopped,
    /// The chain gave no usable answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The storage client cannot be set up.
    #[error(transparent)]
    Storage(Box<FetchError>),
    /// A revocation did not succeed.
    #[error("revoking {key}: {source}")]
    Revoke {
        /// The key.
        key: Address,
        /// How it failed.
        source: Box<SendError>,
    },
    /// A request is none.
    #[error("no request: {0}")]
    Request(String),
    /// The challenge's block is not among those that the registry still knows.
    #[error("the challenge is of block {asked}, the newest is {newest}: the registry knows the last 256")]
    ChallengeOutOfReach {
        /// The block named.
        asked: u64,
        /// The newest block.
        newest: u64,
    },
    /// The candidate is not admitted.
    #[error(transparent)]
    Candidate(#[from] AttesterError),
    /// More is asked than is granted.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// Too many requests at a time.
    #[error("too many candidates at a time")]
    Busy,
}

impl ServiceError {
    /// The stable code, a row of `docs/errors.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "ORV-T-001",
            Self::Configuration(_) => "ORV-T-002",
            Self::Policy { .. } => "ORV-T-003",
            Self::Deployment(_) | Self::NoRegistry | Self::NoStorage => "ORV-T-004",
            Self::Wallet(_) => "ORV-T-005",
            Self::NotAnAttester(_) => "ORV-T-006",
            Self::Listen { .. } => "ORV-T-007",
            Self::Collateral(_) => "ORV-T-008",
            Self::TaskStopped | Self::Root(_) => "ORV-T-009",
            Self::Chain(_) => "ORV-T-010",
            Self::Storage(_) => "ORV-T-011",
            Self::Revoke { .. } => "ORV-T-012",
            Self::Request(_) => "ORV-T-020",
            Self::ChallengeOutOfReach { .. } => "ORV-T-021",
            Self::Candidate(_) => "ORV-T-022",
            Self::Terms(_) => "ORV-T-023",
            Self::Busy => "ORV-T-024",
        }
    }

    /// What to do next.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path",
            Self::Configuration(_) => "compare it with host/attester/attester.example.toml",
            Self::Policy { .. } => "correct the policy",
            Self::Deployment(_) | Self::NoRegistry | Self::NoStorage => "give the network's own deployment file",
            Self::Wallet(_) => "check the keystore and its passphrase",
            Self::NotAnAttester(_) => "use a key that AttesterQuorum lists, after its public delay",
            Self::Listen { .. } => "choose another address",
            Self::Collateral(_) => "remove or replace the file",
            Self::TaskStopped | Self::Root(_) => "start it again; report the words",
            Self::Chain(_) => "check the RPC endpoint",
            Self::Storage(_) => "check the indexer and the cache's folder",
            Self::Revoke { .. } => "check the account's coins; the next look tries again",
            Self::Request(_) => "send what docs/formats.md says",
            Self::ChallengeOutOfReach { .. } => "collect fresh evidence",
            Self::Candidate(_) => "compare the evidence with the attester's policy",
            Self::Terms(_) => "ask for what every attester grants",
            Self::Busy => "ask again",
        }
    }
}

impl From<FetchError> for ServiceError {
    fn from(error: FetchError) -> Self {
        Self::Storage(Box::new(error))
    }
}
