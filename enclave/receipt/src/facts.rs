//! What the chain says of a project and a proposal and can never change (`reference` openresearch.md 1.2, 1.3).
//!
//! The host tells these to the enclave; they are claims. The enclave signs their digests and the gateway computes the
//! digests again from the contracts, so that a lie makes the statement worthless.

use crate::cbor;
use crate::words::Words;
use alloy_primitives::{Address, B256, I256, U256};
use minicbor::{Decode, Encode};

/// The immutable fields of `getProject`, in the contract's order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProjectFacts {
    /// Project id in the registry.
    #[cbor(n(0), with = "cbor::unsigned")]
    pub id: U256,
    /// 0G root or SHA-256 of protocol.json.
    #[cbor(n(1), with = "cbor::word")]
    pub protocol_hash: B256,
    /// 0G root or SHA-256 of the repository snapshot.
    #[cbor(n(2), with = "cbor::word")]
    pub repo_snapshot_hash: B256,
    /// 0G root or SHA-256 of the benchmark bundle.
    #[cbor(n(3), with = "cbor::word")]
    pub benchmark_hash: B256,
    /// Score of the snapshot when the project was published.
    #[cbor(n(4), with = "cbor::signed")]
    pub baseline_score: I256,
    /// Hash of the baseline's log.
    #[cbor(n(5), with = "cbor::word")]
    pub baseline_metrics_hash: B256,
    /// The project's token.
    #[cbor(n(6), with = "cbor::address")]
    pub token: Address,
    /// Who published the project.
    #[cbor(n(7), with = "cbor::address")]
    pub creator: Address,
    /// Block time of publication, in seconds.
    #[n(8)]
    pub created_at: u64,
}

impl ProjectFacts {
    /// `keccak256(abi.encode(fields 0,1,2,3,4,9,10,11 of getProject))`.
    pub fn digest(&self) -> B256 {
        Words::empty()
            .word(self.protocol_hash)
            .word(self.repo_snapshot_hash)
            .word(self.benchmark_hash)
            .signed(self.baseline_score)
            .word(self.baseline_metrics_hash)
            .address(self.token)
            .address(self.creator)
            .small(self.created_at)
            .keccak()
    }
}

/// The immutable fields of `getProposal`, in the contract's order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProposalFacts {
    /// Proposal id in the ledger.
    #[cbor(n(0), with = "cbor::unsigned")]
    pub id: U256,
    /// Project id in the registry.
    #[cbor(n(1), with = "cbor::unsigned")]
    pub project_id: U256,
    /// Who submitted and staked.
    #[cbor(n(2), with = "cbor::address")]
    pub miner: Address,
    /// Who receives the reward.
    #[cbor(n(3), with = "cbor::address")]
    pub reward_recipient: Address,
    /// 0G root or SHA-256 of the candidate's tar.
    #[cbor(n(4), with = "cbor::word")]
    pub code_hash: B256,
    /// Hash of the miner's own log.
    #[cbor(n(5), with = "cbor::word")]
    pub benchmark_log_hash: B256,
    /// What the miner claims: recorded, never a gate.
    #[cbor(n(6), with = "cbor::signed")]
    pub claimed_score: I256,
    /// Stake in whole tokens.
    #[cbor(n(7), with = "cbor::unsigned")]
    pub stake: U256,
    /// Block time of submission, in seconds.
    #[n(8)]
    pub submitted_at: u64,
}

impl ProposalFacts {
    /// `keccak256(abi.encode(fields 0,1,2,3,4,6,8,9 of getProposal))`.
    pub fn digest(&self) -> B256 {
        Words::empty()
            .unsigned(self.project_id)
            .address(self.miner)
            .address(self.reward_recipient)
            .word(self.code_hash)
            .word(self.benchmark_log_hash)
            .signed(self.claimed_score)
            .unsigned(self.stake)
            .small(self.submitted_at)
            .keccak()
    }
}

/// The best that the candidate has to beat: the registry's current best when the job was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct IncumbentFacts {
    /// `currentBestCodeHash`; zero means the snapshot.
    #[cbor(n(0), with = "cbor::word")]
    pub code_hash: B256,
    /// `currentBestAggregateScore`.
    #[cbor(n(1), with = "cbor::signed")]
    pub score: I256,
}
