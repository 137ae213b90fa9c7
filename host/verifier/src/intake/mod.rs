//! Which proposals there are: by event as they appear, with a cursor that notices when the chain takes blocks back, and
//! by number what was there before and what an endpoint kept back.
//!
//! Every project's proposals are noted: which are worked on is asked anew in each round, so that a project which is
//! allowed later is not missed.

mod priority;

pub use self::priority::{Candidate, Urgency, in_order};

use crate::error::VerifierError;
use crate::journal::{NewProposal, Noted, Withdrawn};
use crate::operator::Operator;
use orv_chain::intake::{Cursor, LedgerLogs, ProposalStream, ProposalSubmitted};
use orv_chain::primitives::U256;
use orv_chain::{ChainError, Proposal, ProposalId};
use tokio::time::Instant;

/// Blocks below the head at which a first start begins to read events: those may still be replaced.
const REORGANISATION: u64 = 32;

/// Looks of one round: each reaches a thousand blocks further. More are left to the next round, which follows at once.
const LOOKS: u32 = 20;

/// Numbers that are asked for in one round.
const NUMBERS: u32 = 500;

/// The daemon's view of the ledger.
pub(crate) struct Intake {
    stream: ProposalStream<LedgerLogs>,
    /// Every undecided proposal below this number is in the journal.
    known_below: U256,
}

/// How far a round came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Everything that the chain has.
    Head,
    /// Not everything.
    Behind,
}

impl Intake {
    /// Goes on where the journal's cursor stands. A first start begins at the configured block, or close to the newest
    /// one, and finds what is older by number.
    ///
    /// # Errors
    /// The endpoint's failure, or the journal's.
    pub(crate) async fn start(operator: &Operator) -> Result<Self, VerifierError> {
        let cursor = match operator.journal.cursor().await? {
            Some(cursor) => cursor,
            None => first_cursor(operator).await?,
        };
        let source = LedgerLogs::new(operator.chain.clone(), operator.contracts.proposal_ledger);
        Ok(Self {
            stream: ProposalStream::new(source, cursor),
            known_below: U256::ZERO,
        })
    }

    /// The first block that has not been searched.
    pub(crate) fn next_block(&self) -> Option<u64> {
        self.stream.cursor().newest().map(|seen| seen.number.saturating_add(1))
    }

    /// Brings the journal up to the newest block, or as far as it comes until `until`: an endpoint that is slow must not
    /// keep the daemon from what it has at hand.
    ///
    /// # Errors
    /// The endpoint's failure, or the journal's; the cursor only moves over what was written.
    pub(crate) async fn look(&mut self, operator: &Operator, until: Instant) -> Result<Reached, VerifierError> {
        for looks in 0..LOOKS {
            if looks > 0 && Instant::now() >= until {
                break;
            }
            let before = self.stream.cursor().clone();
            let batch = self.stream.look().await?;
            let noted = note(operator, &batch.added, &batch.withdrawn, self.stream.cursor()).await;
            if let Err(error) = noted {
                // The look is repeated from where the journal is.
                let source = LedgerLogs::new(operator.chain.clone(), operator.contracts.proposal_ledger);
                self.stream = ProposalStream::new(source, before);
                return Err(error);
            }
            if batch.reached_head {
                return self.by_number(operator, until).await;
            }
        }
        Ok(Reached::Behind)
    }

    /// What the events did not bring: the ledger numbers its proposals without gaps.
    async fn by_number(&mut self, operator: &Operator, until: Instant) -> Result<Reached, VerifierError> {
        let count = Proposal::count(&operator.chain, &operator.contracts).await?;
        if self.known_below >= count {
            // A shorter ledger: a reorganisation may give the numbers away again.
            self.known_below = count;
            return Ok(Reached::Head);
        }
        let known: std::collections::BTreeSet<_> = match self.known_below {
            U256::ZERO => operator.journal.states().await?.into_keys().collect(),
            _ => std::collections::BTreeSet::new(),
        };
        for _ in 0..NUMBERS {
            if self.known_below >= count {
                break;
            }
            let id = ProposalId(self.known_below);
            if !known.contains(&id) {
                note_by_number(operator, id).await?;
            }
            self.known_below = self.known_below.saturating_add(U256::ONE);
            if Instant::now() >= until {
                break;
            }
        }
        Ok(if self.known_below >= count {
            Reached::Head
        } else {
            Reached::Behind
        })
    }
}

async fn first_cursor(operator: &Operator) -> Result<Cursor, VerifierError> {
    let head = operator.chain.head().await?.reference.number;
    let first = operator.config().first_block;
    Ok(Cursor::before(
        first.unwrap_or_else(|| head.saturating_sub(REORGANISATION)).min(head),
    ))
}

/// Writes a look's events with the cursor behind them.
async fn note(
    operator: &Operator,
    added: &[ProposalSubmitted],
    withdrawn: &[ProposalSubmitted],
    cursor: &Cursor,
) -> Result<(), VerifierError> {
    let mut new = Vec::with_capacity(added.len());
    for event in added {
        // Its time is not in the event; and an event without its proposal is of a block that is gone.
        match Proposal::read(&operator.chain, &operator.contracts, event.id).await {
            Ok(proposal) if !proposal.status.is_terminal() => new.push(new_proposal(&proposal)),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let gone: Vec<_> = withdrawn.iter().map(gone).collect();
    let noted = operator
        .journal
        .note_batch(&new, &gone, cursor, operator.clock())
        .await?;
    for (proposal, noted) in noted {
        tell(proposal, noted);
    }
    Ok(())
}

/// Notes one proposal as the chain has it now; a decided one that is not known is of no interest.
///
/// # Errors
/// The endpoint's failure, or the journal's.
pub(crate) async fn note_by_number(operator: &Operator, id: ProposalId) -> Result<(), VerifierError> {
    let proposal = match Proposal::read(&operator.chain, &operator.contracts, id).await {
        Err(ChainError::NoProposal(_)) => return Ok(()),
        read => read?,
    };
    if !proposal.status.is_terminal() {
        let noted = operator
            .journal
            .note(&new_proposal(&proposal), operator.clock())
            .await?;
        tell(id, noted);
    }
    Ok(())
}

fn tell(proposal: ProposalId, noted: Noted) {
    match noted {
        Noted::New | Noted::Known => {}
        Noted::Again | Noted::Replaced | Noted::Withdrawn => {
            tracing::info!(%proposal, ?noted, "a reorganisation moved a submission");
        }
        // Its tickets and settlements are looked at again by themselves; then it is noted anew.
        Noted::InFlight(state) => {
            tracing::warn!(%proposal, %state, "a reorganisation took a submission whose attempt is under way");
        }
    }
}

pub(crate) fn new_proposal(proposal: &Proposal) -> NewProposal {
    NewProposal {
        proposal: proposal.id,
        project: proposal.project_id,
        claimed_score: proposal.claimed_score,
        stake: proposal.stake,
        submitted_at: proposal.submitted_at,
        code_hash: proposal.code_hash,
        miner: proposal.miner,
    }
}

fn gone(event: &ProposalSubmitted) -> Withdrawn {
    Withdrawn {
        proposal: event.id,
        code_hash: event.code_hash,
    }
}
