//! What miners send to `ProposalLedger`, and the ledger's constants (openresearch.md 1.3).

use alloy::primitives::{Address, B256, I256, U256};

use super::{ProjectId, ProposalId};
use crate::{
    bindings::ProposalLedger,
    connection::Chain,
    deployment::OpenResearchContracts,
    error::ChainError,
    transaction::{Call, Mined, SendError, TransactionOwner},
};

/// The ledger's own rules, read from the chain rather than assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constants {
    /// Seconds from submission until anyone may expire a proposal.
    pub expiry_window: u64,
    /// Seconds for which a claim locks a proposal.
    pub review_lock: u64,
    /// Share of a slashed stake that is burned, in basis points.
    pub slash_to_burn: u16,
    /// Share of a slashed stake that goes to who settled, in basis points.
    pub slash_to_verifier: u16,
}

impl Constants {
    /// The deployed ledger's values.
    pub const PUBLISHED: Self = Self {
        expiry_window: 604_800,
        review_lock: 86_400,
        slash_to_burn: 5000,
        slash_to_verifier: 5000,
    };

    /// Reads them.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn read(chain: &Chain, contracts: &OpenResearchContracts) -> Result<Self, ChainError> {
        let ledger = contracts.proposal_ledger;
        Ok(Self {
            expiry_window: chain.call(ledger, &ProposalLedger::EXPIRY_WINDOWCall {}).await?,
            review_lock: chain.call(ledger, &ProposalLedger::REVIEW_LOCKCall {}).await?,
            slash_to_burn: chain.call(ledger, &ProposalLedger::SLASH_BPS_TO_BURNCall {}).await?,
            slash_to_verifier: chain
                .call(ledger, &ProposalLedger::SLASH_BPS_TO_VERIFIER_POOLCall {})
                .await?,
        })
    }
}

/// What a miner stakes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The project to improve.
    pub project_id: ProjectId,
    /// Of the candidate's tar.
    pub code_hash: B256,
    /// Of the miner's log.
    pub benchmark_log_hash: B256,
    /// In scaled units.
    pub claimed_score: I256,
    /// In whole tokens; the ledger pulls them, so they must be approved before.
    pub stake: U256,
    /// Who gets the reward.
    pub reward_recipient: Address,
}

/// A proposal that has just been submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmittedProposal {
    /// Its id, from the event.
    pub id: ProposalId,
    /// The transaction.
    pub mined: Mined,
}

impl Submission {
    /// Submits and reads the id from `ProposalSubmitted`.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`]; the ledger's and the token's errors come as [`SendError::Reverted`].
    pub async fn submit(
        &self,
        owner: &TransactionOwner,
        contracts: &OpenResearchContracts,
    ) -> Result<SubmittedProposal, SendError> {
        let call = ProposalLedger::submitCall {
            projectId: self.project_id.0,
            codeHash: self.code_hash,
            benchmarkLogHash: self.benchmark_log_hash,
            claimedAggregateScore: self.claimed_score,
            stake: self.stake,
            rewardRecipient: self.reward_recipient,
        };
        let mined = owner.send(Call::new(contracts.proposal_ledger, &call)).await?;
        let event = mined.require_event::<ProposalLedger::ProposalSubmitted>(contracts.proposal_ledger)?;
        Ok(SubmittedProposal {
            id: ProposalId(event.id),
            mined,
        })
    }
}
