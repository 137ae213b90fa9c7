//! The gateway: tickets before a run, statements after it (DESIGN 5.2).

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, I256, U256},
};

use crate::{
    ProjectId, ProposalId,
    bindings::VerifierGateway::{self, Run},
    connection::Chain,
    error::ChainError,
    transaction::{Call, Mined, SendError, TransactionOwner},
};

/// Undecided proposals looked past when asking for the turn.
const TURN_STEPS: u64 = 1000;

/// The one verifier on the ledger.
#[derive(Debug, Clone)]
pub struct Gateway {
    chain: Chain,
    address: Address,
}

/// A ticket that has just been opened. The incumbent in it is the one to hand to the enclave.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenTicket {
    /// The ticket.
    pub ticket: B256,
    /// 1, 2 or 3.
    pub attempt: u8,
    /// Unix time in seconds by which the statement must arrive.
    pub closes_at: u64,
    /// Code hash of the incumbent; zero means the snapshot.
    pub incumbent_code_hash: B256,
    /// Score of the incumbent, in scaled units.
    pub incumbent_score: I256,
    /// The transaction.
    pub mined: Mined,
}

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketState {
    /// Never opened.
    None,
    /// Waits for its statement.
    Open,
    /// Its time ran out.
    Lapsed,
    /// Ended without a verdict.
    Inconclusive,
    /// Its statement waits for another operator's.
    Held,
    /// Its statement settled the proposal.
    Settled,
}

impl TryFrom<u8> for TicketState {
    type Error = ChainError;

    fn try_from(number: u8) -> Result<Self, ChainError> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Open,
            2 => Self::Lapsed,
            3 => Self::Inconclusive,
            4 => Self::Held,
            5 => Self::Settled,
            other => {
                let reason = format!("state {other}");
                return Err(ChainError::Malformed {
                    question: "ticketOf(bytes32)",
                    reason,
                });
            }
        })
    }
}

/// How a recorded statement ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Closed {
    /// Recorded as inconclusive.
    Inconclusive(Mined),
    /// It was a verdict, but something on chain stands against it; recorded as inconclusive.
    SetAside {
        /// The gateway's number of the obstacle.
        obstacle: u8,
        /// The transaction.
        mined: Mined,
    },
    /// A timed verdict that waits for another operator's.
    Held(Mined),
}

/// A settled verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// 1 approve, 2 reject.
    pub verdict: u8,
    /// The score on chain, in scaled units.
    pub score: I256,
    /// The bundle that the ledger's metrics hash names.
    pub bundle_root: B256,
    /// Tokens earned by the operators.
    pub fee: U256,
    /// The transaction.
    pub mined: Mined,
}

/// Whether a proposal may be approved now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing earlier is undecided.
    Reached,
    /// This earlier proposal of the project has to be decided first.
    WaitsFor(ProposalId),
}

impl Gateway {
    /// The gateway of a deployment.
    pub fn new(chain: Chain, address: Address) -> Self {
        Self { chain, address }
    }

    /// Its address: the verifying contract of every statement.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Opens a ticket. The sender must be the key's operator. From here the attempt is public and counts.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`]; the gateway's errors come by name, before anything is sent.
    pub async fn open(
        &self,
        owner: &TransactionOwner,
        proposal: ProposalId,
        key: Address,
    ) -> Result<OpenTicket, SendError> {
        let call = VerifierGateway::openCall {
            proposalId: proposal.0,
            key,
        };
        let mined = owner.send(Call::new(self.address, &call)).await?;
        let event = mined.require_event::<VerifierGateway::TicketOpened>(self.address)?;
        Ok(OpenTicket {
            ticket: event.ticket,
            attempt: event.attempt,
            closes_at: event.closesAt,
            incumbent_code_hash: event.incumbentCodeHash,
            incumbent_score: event.incumbentScore,
            mined,
        })
    }

    /// Hands in a statement that settles nothing by itself. Anyone may.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`]; `MustSettle` for a verdict that [`Self::settle`] would take.
    pub async fn record(&self, owner: &TransactionOwner, run: Run, signature: Bytes) -> Result<Closed, SendError> {
        let call = VerifierGateway::recordCall { run, signature };
        let mined = owner.send(Call::new(self.address, &call)).await?;
        if let Some(event) = mined.event::<VerifierGateway::StatementSetAside>(self.address) {
            return Ok(Closed::SetAside {
                obstacle: event.obstacle,
                mined,
            });
        }
        if mined.event::<VerifierGateway::StatementHeld>(self.address).is_some() {
            return Ok(Closed::Held(mined));
        }
        mined.require_event::<VerifierGateway::StatementInconclusive>(self.address)?;
        Ok(Closed::Inconclusive(mined))
    }

    /// Claims and settles in one transaction. Anyone may. A revert leaves nothing locked.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`]; the gateway's errors come by name, before anything is sent.
    pub async fn settle(
        &self,
        owner: &TransactionOwner,
        runs: Vec<Run>,
        signatures: Vec<Bytes>,
    ) -> Result<Settled, SendError> {
        let call = VerifierGateway::settleCall { runs, signatures };
        let mined = owner.send(Call::new(self.address, &call)).await?;
        let event = mined.require_event::<VerifierGateway::VerdictSettled>(self.address)?;
        Ok(Settled {
            verdict: event.verdict,
            score: event.score,
            bundle_root: event.bundleRoot,
            fee: event.fee,
            mined,
        })
    }

    /// After the ledger's deadline, expires a proposal so that the miner gets the verifier's share back.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn expire_for(&self, owner: &TransactionOwner, proposal: ProposalId) -> Result<Mined, SendError> {
        owner
            .send(Call::new(
                self.address,
                &VerifierGateway::expireForCall { proposalId: proposal.0 },
            ))
            .await
    }

    /// Pays what an operator has earned in a project to the operator's payout address.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn withdraw(
        &self,
        owner: &TransactionOwner,
        project: ProjectId,
        operator: Address,
    ) -> Result<Mined, SendError> {
        owner
            .send(Call::new(
                self.address,
                &VerifierGateway::withdrawCall {
                    projectId: project.0,
                    operator,
                },
            ))
            .await
    }

    /// Moves a project's turn forward; needed when many proposals were decided outside the gateway.
    ///
    /// # Errors
    /// As [`TransactionOwner::send`].
    pub async fn advance(&self, owner: &TransactionOwner, project: ProjectId) -> Result<Mined, SendError> {
        let call = VerifierGateway::advanceCall {
            projectId: project.0,
            steps: U256::from(TURN_STEPS),
        };
        owner.send(Call::new(self.address, &call)).await
    }

    /// Whether an approve of this proposal would have to wait for an earlier one.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn turn(&self, project: ProjectId, proposal: ProposalId) -> Result<Turn, ChainError> {
        let call = VerifierGateway::advanceCall {
            projectId: project.0,
            steps: U256::from(TURN_STEPS),
        };
        let turn = self.chain.call_at(self.address, &call, BlockId::latest()).await?;
        Ok(if turn >= proposal.0 {
            Turn::Reached
        } else {
            Turn::WaitsFor(ProposalId(turn))
        })
    }

    /// What became of a ticket.
    ///
    /// # Errors
    /// [`ChainError::Malformed`] for a state that the contract does not have.
    pub async fn ticket_state(&self, ticket: B256) -> Result<TicketState, ChainError> {
        let stored = self
            .chain
            .call(self.address, &VerifierGateway::ticketOfCall { ticket })
            .await?;
        TicketState::try_from(stored.state)
    }

    /// All tickets that a proposal has had.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn tickets(&self, proposal: ProposalId) -> Result<Vec<B256>, ChainError> {
        self.chain
            .call(self.address, &VerifierGateway::ticketsOfCall { proposalId: proposal.0 })
            .await
    }

    /// Tokens that an operator has earned in a project and not withdrawn.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn owed(&self, project: ProjectId, operator: Address) -> Result<U256, ChainError> {
        self.chain
            .call(
                self.address,
                &VerifierGateway::owedCall {
                    projectId: project.0,
                    operator,
                },
            )
            .await
    }

    /// The digest that the enclave's key signs for a statement, as the contract computes it.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn run_digest(&self, run: Run) -> Result<B256, ChainError> {
        self.chain
            .call(self.address, &VerifierGateway::runDigestCall { run })
            .await
    }

    /// How many statements of different operators a timed verdict needs.
    ///
    /// # Errors
    /// The endpoint's failure.
    pub async fn timed_quorum(&self) -> Result<u8, ChainError> {
        self.chain
            .call(self.address, &VerifierGateway::timedQuorumCall {})
            .await
    }
}
