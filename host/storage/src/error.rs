//! Why content could not be got or published.

use std::io;

use orv_chain::{
    ChainError, HttpError, SendError,
    primitives::{Address, U256},
};
use orv_content::Root;

use crate::{
    artifact_index::IndexError,
    fault::{Blames, Fault},
};

/// A failed download.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody gave the right bytes; the blames say who did what instead.
    #[error("no bytes for root {root}: {blames}")]
    NotAvailable {
        /// The root asked for.
        root: Root,
        /// What each server did.
        blames: Blames,
    },
    /// A hash on chain that is neither a root on 0G nor in the artifact index.
    #[error(
        "no bytes for hash 0x{}: as a 0G root, {as_root}; by SHA-256, {by_sha256}",
        hex::encode(hash)
    )]
    UnknownHash {
        /// The hash asked for.
        hash: [u8; 32],
        /// Why it was not found as a root.
        as_root: Blames,
        /// Why it was not found through the artifact index.
        by_sha256: String,
    },
    /// The indexer gave no answer, so whether anybody has the content is not known.
    #[error("the storage network does not answer about root {root}: {blames}")]
    Unreachable {
        /// The root.
        root: Root,
        /// Who failed, and how.
        blames: Blames,
    },
    /// The nodes name different contents for one submission.
    #[error("the storage nodes name different contents for submission {0}")]
    Disputed(u64),
    /// No node knows the submission.
    #[error("no storage node knows submission {sequence}: {blames}")]
    NoSubmission {
        /// The submission's number.
        sequence: u64,
        /// What each node did instead.
        blames: Blames,
    },
    /// The indexer names no storage node.
    #[error("{server} names no storage node: {fault}")]
    Silent {
        /// The indexer's origin.
        server: String,
        /// What it did instead.
        fault: Fault,
    },
    /// Empty content has no root.
    #[error("empty content has no root")]
    Empty,
    /// The cache directory refused.
    #[error("the cache cannot be used: {0}")]
    Cache(#[from] io::Error),
    /// Proved segments were written and other bytes were read back.
    #[error("the cache returned other bytes for root {root} than were written")]
    CacheDamaged {
        /// The root.
        root: Root,
    },
    /// The indexer's address cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The artifact index cannot be used.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The runtime is shutting down.
    #[error("stopped before the end")]
    Stopped,
}

/// A failed upload.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Empty content cannot be stored.
    #[error("empty content cannot be stored")]
    Empty,
    /// The indexer names no node, or nodes that together do not hold everything.
    #[error("the indexer names no set of nodes that covers the flow")]
    NoNodes,
    /// A server failed.
    #[error("{server} {fault}")]
    Server {
        /// Its origin.
        server: String,
        /// What it did.
        fault: Fault,
    },
    /// The nodes follow another chain than the one that pays.
    #[error("the storage nodes follow chain {nodes}, the payer is on chain {payer}")]
    OtherChain {
        /// The nodes' chain id.
        nodes: u64,
        /// The payer's chain id.
        payer: u64,
    },
    /// The nodes name different Flow contracts, so at least one of them lies about where to pay.
    #[error("the storage nodes name different Flow contracts")]
    FlowDisputed,
    /// The nodes name another Flow contract than the one that is pinned.
    #[error("the storage nodes name the Flow contract {named}, pinned is {pinned}")]
    OtherFlow {
        /// The nodes' contract.
        named: Address,
        /// The one of the deployment file.
        pinned: Address,
    },
    /// The content could not be read.
    #[error("the content cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The content is no longer what was hashed.
    #[error("segment {0} of the content changed while it was uploaded")]
    Changed(u64),
    /// The market asks for more than allowed.
    #[error("storing costs {asked} wei, more than the allowed {allowed}")]
    TooExpensive {
        /// The market's price for this content, in wei.
        asked: U256,
        /// The configured limit, in wei.
        allowed: U256,
    },
    /// The chain did not answer a question about price or contract.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The submission did not go through, or it is unknown whether it did.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A node has not reached the expected state in time.
    #[error("{server} has not {expected} submission {sequence} after {seconds} s")]
    TooSlow {
        /// The node's origin.
        server: String,
        /// What it should have done.
        expected: &'static str,
        /// The submission's number.
        sequence: u64,
        /// How long was waited.
        seconds: u64,
    },
    /// A node has recorded something else under the submission's number.
    #[error("{server} names root {found} for submission {sequence}")]
    OtherRecord {
        /// The node's origin.
        server: String,
        /// The submission's number.
        sequence: u64,
        /// The root it names.
        found: Root,
    },
    /// The contract's submission number does not fit 64 bits.
    #[error("the Flow contract answered submission number {0}")]
    OddSequence(U256),
    /// The runtime is shutting down.
    #[error("stopped before the end")]
    Stopped,
}
