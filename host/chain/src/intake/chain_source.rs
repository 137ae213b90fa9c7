//! The chain as a source of submissions.

use alloy::{
    primitives::Address,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};

use super::{EventPosition, LogSource, ProposalSubmitted};
use crate::{
    ProjectId, ProposalId,
    bindings::ProposalLedger,
    connection::{BlockHeader, Chain},
    error::ChainError,
};

/// `ProposalSubmitted` events of one ledger, as a quorum of the chain's endpoints has them.
#[derive(Debug, Clone)]
pub struct LedgerLogs {
    chain: Chain,
    ledger: Address,
}

impl LedgerLogs {
    /// The events of this ledger.
    pub fn new(chain: Chain, ledger: Address) -> Self {
        Self { chain, ledger }
    }
}

impl LogSource for LedgerLogs {
    async fn head(&self) -> Result<BlockHeader, ChainError> {
        self.chain.agreed().await?.head().await
    }

    async fn block(&self, number: u64) -> Result<Option<BlockHeader>, ChainError> {
        match self.chain.agreed_block(number).await {
            Ok(header) => Ok(Some(header)),
            Err(ChainError::NoBlock(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn submissions(&self, from: u64, to: u64) -> Result<Vec<ProposalSubmitted>, ChainError> {
        let filter = Filter::new()
            .address(self.ledger)
            .event_signature(ProposalLedger::ProposalSubmitted::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to);
        let logs = self.chain.agreed_logs(&filter).await?;
        let mut events: Vec<_> = logs
            .iter()
            .map(|log| read(log, self.ledger, from, to))
            .collect::<Result<_, _>>()?;
        events.sort_by_key(|event| (event.position.block_number, event.position.log_index));
        Ok(events)
    }
}

/// Decodes a log and checks that it is one of those asked for.
fn read(log: &Log, ledger: Address, from: u64, to: u64) -> Result<ProposalSubmitted, ChainError> {
    let malformed = |reason: String| ChainError::Malformed {
        question: "eth_getLogs",
        reason,
    };
    let event = ProposalLedger::ProposalSubmitted::decode_log_validate(&log.inner)
        .map_err(|error| malformed(error.to_string()))?;
    let position = match (log.block_number, log.block_hash, log.transaction_hash, log.log_index) {
        (Some(block_number), Some(block_hash), Some(transaction), Some(log_index)) => EventPosition {
            block_number,
            block_hash,
            transaction,
            log_index,
        },
        _ => return Err(malformed("a log without a block".into())),
    };
    if event.address != ledger || !(from..=to).contains(&position.block_number) || log.removed {
        return Err(malformed("a log that was not asked for".into()));
    }
    Ok(ProposalSubmitted {
        position,
        id: ProposalId(event.id),
        project_id: ProjectId(event.projectId),
        miner: event.miner,
        code_hash: event.codeHash,
        claimed_score: event.claimedAggregateScore,
        stake: event.stake,
    })
}
