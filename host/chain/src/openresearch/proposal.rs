//! Proposals: what `ProposalLedger.getProposal` answers (openresearch.md 1.3).

use alloy::primitives::{Address, B256, I256, U256};

use super::{ProjectId, ProposalId};
use crate::{bindings::ProposalLedger, connection::Chain, deployment::OpenResearchContracts, error::ChainError};

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProposalStatus {
    /// Waits for a reviewer.
    Submitted,
    /// Locked by a reviewer for up to a day.
    Reviewing,
    /// Final: the best was raised and the reward minted.
    Approved,
    /// Final: the stake was slashed.
    Rejected,
    /// Final: nobody decided in time, and the stake was slashed.
    Expired,
}

impl ProposalStatus {
    /// Whether nothing can change any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected | Self::Expired)
    }
}

impl TryFrom<u8> for ProposalStatus {
    type Error = ChainError;

    fn try_from(number: u8) -> Result<Self, ChainError> {
        Ok(match number {
            0 => Self::Submitted,
            1 => Self::Reviewing,
            2 => Self::Approved,
            3 => Self::Rejected,
            4 => Self::Expired,
            other => return Err(ChainError::UnknownStatus(other)),
        })
    }
}

/// What `getProposal` answers, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The id that was asked for.
    pub id: ProposalId,
    /// The project it wants to improve.
    pub project_id: ProjectId,
    /// Who staked.
    pub miner: Address,
    /// Who gets the reward.
    pub reward_recipient: Address,
    /// Of the candidate's tar: 0G root or SHA-256.
    pub code_hash: B256,
    /// Of the miner's own log.
    pub benchmark_log_hash: B256,
    /// Of the verdict's evidence; zero before it.
    pub metrics_hash: B256,
    /// What the miner says, in scaled units. It decides nothing.
    pub claimed_score: I256,
    /// What the verifier measured, in scaled units; zero before.
    pub verified_score: I256,
    /// In whole tokens.
    pub stake: U256,
    /// Unix time in seconds.
    pub submitted_at: u64,
    /// Unix time in seconds; zero without a reviewer.
    pub review_lock_until: u64,
    /// Who holds the lock; zero without one.
    pub reviewer: Address,
    /// Where it stands.
    pub status: ProposalStatus,
}

impl Proposal {
    /// Reads one proposal.
    ///
    /// # Errors
    /// [`ChainError::NoProposal`] for an id that was never given out.
    pub async fn read(chain: &Chain, contracts: &OpenResearchContracts, id: ProposalId) -> Result<Self, ChainError> {
        let call = ProposalLedger::getProposalCall { proposalId: id.0 };
        let record = chain.call(contracts.proposal_ledger, &call).await?;
        // The ledger never reverts: an unknown id reads as zeros, and a submitted proposal has a miner.
        if record.miner == Address::ZERO {
            return Err(ChainError::NoProposal(id));
        }
        Ok(Self {
            id,
            project_id: ProjectId(record.projectId),
            miner: record.miner,
            reward_recipient: record.rewardRecipient,
            code_hash: record.codeHash,
            benchmark_log_hash: record.benchmarkLogHash,
            metrics_hash: record.metricsHash,
            claimed_score: record.claimedAggregateScore,
            verified_score: record.verifiedAggregateScore,
            stake: record.stake,
            submitted_at: record.submittedAt,
            review_lock_until: record.reviewLockUntil,
            reviewer: record.reviewer,
            status: ProposalStatus::try_from(record.status)?,
        })
    }

    /// How many proposals there are; the ids are those below.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn count(chain: &Chain, contracts: &OpenResearchContracts) -> Result<U256, ChainError> {
        chain
            .call(contracts.proposal_ledger, &ProposalLedger::nextProposalIdCall {})
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_statuses_have_the_ledgers_numbers() {
        let statuses: Vec<_> = (0..5).map(|number| ProposalStatus::try_from(number).unwrap()).collect();
        let terminal: Vec<_> = statuses.iter().map(|status| status.is_terminal()).collect();
        assert_eq!(terminal, [false, false, true, true, true]);
        assert!(matches!(ProposalStatus::try_from(5), Err(ChainError::UnknownStatus(5))));
    }
}
