//! The host's way to the chain: typed questions, transactions whose fate is always known or said to be unknown,
//! proposals as they appear, and the wallet that pays.
//!
//! Nothing here is trusted by the enclave. What a verdict depends on is claimed by the host, signed by the enclave and
//! recomputed by the contracts (DESIGN 4); this crate only has to be honest to its operator: one owner per nonce, a
//! simulation before each transaction, the contract's own error by name, and [`SendError::Unknown`] instead of a guess.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use orv_chain::{Deployment, Project, ProjectId};
//!
//! let deployment = Deployment::galileo();
//! let chain = deployment.connect().await?;
//! let project = Project::read(&chain, &deployment.openresearch, ProjectId::from(0)).await?;
//! println!("score to beat: {}", project.current_best_score);
//! # Ok(())
//! # }
//! ```

pub mod bindings;
mod connection;
mod deployment;
mod enclave;
mod endpoint;
mod error;
pub mod intake;
mod nodes;
mod openresearch;
mod public;
mod revert;
mod transaction;
mod transport;
pub mod wallet;

pub use alloy::primitives;

pub use self::{
    connection::{BlockHeader, BlockReference, Chain},
    deployment::{Deployment, DeploymentError, EnclaveContracts, Network, OpenResearchContracts, StorageNetwork},
    enclave::{AdmissionChallenge, AdmittedKey, Closed, EnclaveKeys, Gateway, OpenTicket, Settled, TicketState, Turn},
    endpoint::{Answer, Body, Endpoint, HttpClient, HttpError},
    error::ChainError,
    nodes::{NodeHealth, NodeState, Testimony},
    openresearch::{
        Constants, Cost, CreatedProject, Curve, NewProject, NotAnIdentifier, Project, ProjectId, Proposal, ProposalId,
        ProposalStatus, Submission, SubmittedProposal,
    },
    revert::{Reason, Revert},
    transaction::{
        Call, Fate, FeeRules, Fees, Mined, Outbox, OutboxError, Patience, Resumption, SendError, Signer,
        TransactionOwner,
    },
};
