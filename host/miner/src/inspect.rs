//! What is public about a proposal: its record on the ledger, and what became of every attempt to judge it.

use alloy::{
    primitives::{Address, B256, I256},
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};
use orv_chain::{
    Chain, ChainError, Deployment, Proposal, ProposalId,
    bindings::VerifierGateway::{self, Run},
};
use orv_content::Root;
use orv_protocol::judgement::Reason;

/// A proposal and its attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The ledger's record.
    pub proposal: Proposal,
    /// Attempts through the gateway, oldest first; `None` where the deployment has no gateway.
    pub attempts: Option<Vec<Attempt>>,
}

/// One ticket of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The ticket.
    pub ticket: B256,
    /// 1, 2 or 3.
    pub number: u8,
    /// Whose key.
    pub operator: Address,
    /// The enclave's key.
    pub key: Address,
    /// Unix time in seconds by which the statement must arrive.
    pub closes_at: u64,
    /// What became of it.
    pub end: AttemptEnd,
}

/// What became of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// No statement yet.
    Open,
    /// Its time ran out.
    Lapsed,
    /// A statement decided nothing.
    Inconclusive {
        /// Why, where this version knows the code; the code itself otherwise.
        reason: Result<Reason, B256>,
        /// The record of the run.
        bundle_root: Root,
    },
    /// A verdict that something on chain stood against.
    SetAside {
        /// The gateway's number of the obstacle.
        obstacle: u8,
        /// The record of the run.
        bundle_root: Root,
    },
    /// A timed verdict that waits for another operator's.
    Held {
        /// The record of the run.
        bundle_root: Root,
    },
    /// The proposal was settled by it.
    Settled {
        /// 1 approve, 2 reject.
        verdict: u8,
        /// The score on chain, in scaled units.
        score: I256,
        /// The statement's reason and interval, where the settling call can be read.
        statement: Option<Box<Statement>>,
        /// The record of the run.
        bundle_root: Root,
        /// The transaction that settled.
        transaction: B256,
    },
}

/// What a statement says beside its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Why, where this version knows the code; the code itself otherwise.
    pub reason: Result<Reason, B256>,
    /// The end of the interval that is worse for the candidate.
    pub lower: I256,
    /// The end that is better.
    pub upper: I256,
}

/// Why a proposal cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The chain's failure, or no such proposal.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The events could not be read; some endpoints refuse wide ranges.
    #[error("the gateway's events: {0}")]
    Events(ChainError),
}

/// Reads a proposal and the gateway's records of it.
///
/// # Errors
/// [`ChainError::NoProposal`] inside, or the endpoint's failure.
pub async fn inspect(chain: &Chain, deployment: &Deployment, id: ProposalId) -> Result<Inspection, InspectError> {
    let proposal = Proposal::read(chain, &deployment.openresearch, id).await?;
    let attempts = match &deployment.enclave {
        Some(ours) => {
            let filter = Filter::new()
                .address(ours.verifier_gateway)
                .topic1(B256::from(id.0))
                .from_block(deployment.network.first_block);
            let logs = chain.logs(&filter).await.map_err(InspectError::Events)?;
            Some(attempts(chain, &logs).await)
        }
        None => None,
    };
    Ok(Inspection { proposal, attempts })
}

/// The logs are in the chain's order, so a later event of a ticket is a later state.
async fn attempts(chain: &Chain, logs: &[Log]) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    for log in logs {
        if let Some(event) = event::<VerifierGateway::TicketOpened>(log) {
            attempts.push(Attempt {
                ticket: event.ticket,
                number: event.attempt,
                operator: event.operator,
                key: event.key,
                closes_at: event.closesAt,
                end: AttemptEnd::Open,
            });
        } else if let Some((ticket, end)) = end_of(log) {
            let end = match (end, log.transaction_hash) {
                (
                    AttemptEnd::Settled {
                        verdict,
                        score,
                        bundle_root,
                        ..
                    },
                    Some(transaction),
                ) => {
                    let statement = statement(chain, transaction, ticket).await.map(Box::new);
                    AttemptEnd::Settled {
                        verdict,
                        score,
                        statement,
                        bundle_root,
                        transaction,
                    }
                }
                (end, _) => end,
            };
            if let Some(attempt) = attempts.iter_mut().find(|attempt| attempt.ticket == ticket) {
                attempt.end = end;
            }
        }
    }
    attempts
}

fn end_of(log: &Log) -> Option<(B256, AttemptEnd)> {
    if let Some(event) = event::<VerifierGateway::TicketLapsed>(log) {
        return Some((event.ticket, AttemptEnd::Lapsed));
    }
    if let Some(event) = event::<VerifierGateway::StatementInconclusive>(log) {
        let end = AttemptEnd::Inconclusive {
            reason: reason(event.reason),
            bundle_root: Root(event.bundleRoot.0),
        };
        return Some((event.ticket, end));
    }
    if let Some(event) = event::<VerifierGateway::StatementSetAside>(log) {
        let end = AttemptEnd::SetAside {
            obstacle: event.obstacle,
            bundle_root: Root(event.bundleRoot.0),
        };
        return Some((event.ticket, end));
    }
    if let Some(event) = event::<VerifierGateway::StatementHeld>(log) {
        return Some((
            event.ticket,
            AttemptEnd::Held {
                bundle_root: Root(event.bundleRoot.0),
            },
        ));
    }
    let event = event::<VerifierGateway::VerdictSettled>(log)?;
    let end = AttemptEnd::Settled {
        verdict: event.verdict,
        score: event.score,
        statement: None,
        bundle_root: Root(event.bundleRoot.0),
        transaction: log.transaction_hash.unwrap_or_default(),
    };
    Some((event.ticket, end))
}

fn event<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log_validate(&log.inner).ok().map(|decoded| decoded.data)
}

fn reason(word: B256) -> Result<Reason, B256> {
    Reason::from_bytes32(&word.0).ok_or(word)
}

/// The statement inside the call that settled: it is in no event. A gateway called by another contract hides it.
async fn statement(chain: &Chain, transaction: B256, ticket: B256) -> Option<Statement> {
    let found = chain.provider().get_transaction_by_hash(transaction).await.ok()??;
    let input = alloy::consensus::Transaction::input(&found).clone();
    let call = VerifierGateway::settleCall::abi_decode_validate(&input).ok()?;
    let run: Run = call.runs.into_iter().find(|run| run.ticket == ticket)?;
    Some(Statement {
        reason: reason(run.reason),
        lower: run.lower,
        upper: run.upper,
    })
}
