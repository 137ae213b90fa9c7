//! What is done for one proposal beside the enclaves.

use super::LOOKS;
use super::stage::Errand;
use crate::decide::{self, Matter, Readiness};
use crate::duty;
use crate::error::VerifierError;
use crate::fetch;
use crate::intake;
use crate::journal::{CloseCause, Detail, Event, JournalError, Record, State, WaitCause};
use crate::operator::Operator;
use crate::run::{self, Attempted, Usefulness};
use crate::settle::{self, Confirmation, Reviews};
use crate::ticket;
use orv_chain::{ChainError, Proposal, ProposalId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What came of an errand or an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything that an attempt needs is there.
    Ready,
    /// The journal has it in another state: go on from there.
    Further,
    /// Nothing more can be done now.
    Rest,
    /// Nothing is left to do, as long as this daemon runs with these settings.
    Done,
    /// The ticket belongs to another enclave's key.
    OtherKey,
}

impl From<Attempted> for Outcome {
    fn from(attempted: Attempted) -> Self {
        match attempted {
            Attempted::Further => Self::Further,
            Attempted::Rest => Self::Rest,
            Attempted::OtherKey => Self::OtherKey,
        }
    }
}

/// What errands share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) operator: Arc<Operator>,
    pub(super) reviews: Arc<Mutex<Reviews>>,
    /// How often in a row the chain did not have what the journal says it had.
    pub(super) missing: Arc<Mutex<BTreeMap<ProposalId, u32>>>,
}

impl Shared {
    /// Does one errand. The proposal is claimed.
    ///
    /// # Errors
    /// What passes by itself.
    pub(super) async fn run(&self, errand: Errand, record: &Record) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        match errand {
            Errand::Prepare => self.prepare(record).await,
            Errand::TakeUp => Ok(run::take_up(operator, record).await?.into()),
            Errand::Settle => {
                settle::settle(operator, record).await?;
                self.moved_from(record).await
            }
            Errand::Reconcile => {
                settle::reconcile(operator, record).await?;
                self.moved_from(record).await
            }
            Errand::Quorum => self.quorum(record).await,
            Errand::End => self.end(record).await,
            Errand::Watch => self.watch(record).await,
        }
    }

    /// Another state is worked on at once.
    async fn moved_from(&self, record: &Record) -> Result<Outcome, VerifierError> {
        let now = self.operator.journal.get(record.proposal).await?;
        Ok(if now.state == record.state {
            Outcome::Rest
        } else {
            Outcome::Further
        })
    }

    /// Decides whether an attempt may begin, and fetches what it needs.
    async fn prepare(&self, record: &Record) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        let matter = match decide::matter(operator, record.proposal).await {
            Err(ChainError::NoProposal(_)) => return self.withdrawn(record).await,
            matter => matter?,
        };
        self.found(record.proposal);
        if is_another(record, &matter) {
            if matter.proposal.status.is_terminal() {
                // Intake notes nothing that is decided, so the row would stay what it is.
                let close = Event::Close(CloseCause::DecidedElsewhere);
                let why = "the number holds another submission, which the ledger has decided";
                self.change(record, close, why, Detail::None).await?;
                return Ok(Outcome::Further);
            }
            intake::note_by_number(operator, record.proposal).await?;
            return Ok(Outcome::Further);
        }
        if run::resume(operator, record).await? {
            return Ok(Outcome::Further);
        }
        match decide::look(operator, record, &matter).await? {
            Readiness::Ready => {
                fetch::ahead(&operator.storage, &matter).await?;
                Ok(Outcome::Ready)
            }
            Readiness::Resume(id) => {
                if let Some(left) = record.ticket.filter(|left| left.id == id) {
                    // Another run of what the enclave had would count as another attempt.
                    let reopened = run::reopen(operator, record, &left).await?;
                    return Ok(if reopened { Outcome::Further } else { Outcome::Rest });
                }
                let ticket = ticket::recover(operator, record.proposal, id).await?;
                self.change(record, Event::OpenTicket, "found open on chain", Detail::Ticket(ticket))
                    .await?;
                Ok(Outcome::Further)
            }
            Readiness::Wait(cause, why) => {
                run::wait(operator, record, cause, &why).await?;
                Ok(Outcome::Rest)
            }
            Readiness::Close(cause, why) => {
                // Noted first, as a crash may come between: whether it is to be done is asked when its time has come.
                duty::note(operator, record, State::Closed(cause)).await?;
                self.change(record, Event::Close(cause), &why, Detail::None).await?;
                Ok(Outcome::Rest)
            }
        }
    }

    /// A proposal that the chain does not have: a reorganisation took it, or the endpoint is behind.
    async fn withdrawn(&self, record: &Record) -> Result<Outcome, VerifierError> {
        if self.is_still_missing(record.proposal) {
            let why = "the ledger has no such proposal: a reorganisation took the submission back";
            self.change(record, Event::Close(CloseCause::Withdrawn), why, Detail::None)
                .await?;
        }
        Ok(Outcome::Rest)
    }

    /// A held statement settles by itself when others agree, or by anyone. That it stays on chain says nothing about the
    /// others: it is looked at until the proposal is decided.
    async fn quorum(&self, record: &Record) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        // Read before the ticket: whoever settles with this very statement decides both in one block.
        let decided = self.is_decided(record.proposal).await?;
        settle::reconcile(operator, record).await?;
        let now = operator.journal.get(record.proposal).await?;
        if now.state != record.state {
            return Ok(Outcome::Further);
        }
        if decided {
            return self.overtaken(&now).await;
        }
        if now.confirmed {
            self.found(record.proposal);
        } else if self.look_again(&now).await? == Outcome::Further {
            return Ok(Outcome::Further);
        }
        settle::settle(operator, &now).await?;
        let moved = self.moved_from(record).await?;
        if moved == Outcome::Further || !settle::key_has_ended(operator, &now).await? {
            return Ok(moved);
        }
        // Another attempt, where one is left, or the end: nobody settles with it any more.
        let why = "its key ended before others agreed";
        self.change(&now, Event::LoseTicket, why, Detail::None).await?;
        Ok(Outcome::Further)
    }

    /// A held statement whose proposal others have decided without it. An endpoint behind the other may still have it as
    /// held.
    async fn overtaken(&self, record: &Record) -> Result<Outcome, VerifierError> {
        if !self.is_still_missing(record.proposal) {
            return Ok(Outcome::Rest);
        }
        let close = Event::Close(CloseCause::DecidedElsewhere);
        self.change(record, close, "the ledger has it decided", Detail::None)
            .await?;
        Ok(Outcome::Further)
    }

    /// Whether the ledger has decided a proposal; one that it does not have is not decided.
    async fn is_decided(&self, proposal: ProposalId) -> Result<bool, VerifierError> {
        let operator = self.operator.as_ref();
        match Proposal::read(&operator.chain, &operator.contracts, proposal).await {
            Ok(proposal) => Ok(proposal.status.is_terminal()),
            Err(ChainError::NoProposal(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An attempt has ended without a verdict on chain: its review is written before another one begins.
    async fn end(&self, record: &Record) -> Result<Outcome, VerifierError> {
        self.review(record)?;
        let looked = if record.confirmed {
            Outcome::Done
        } else {
            self.look_again(record).await?
        };
        if looked == Outcome::Further || self.operator.config().attempts <= 1 {
            return Ok(looked);
        }
        let matter = decide::matter(&self.operator, record.proposal).await?;
        match decide::look(&self.operator, record, &matter).await? {
            Readiness::Ready | Readiness::Resume(_) | Readiness::Wait(..) => {
                self.change_if_free(record, Event::Retry, "another attempt is allowed")
                    .await
            }
            Readiness::Close(cause @ (CloseCause::CannotWin | CloseCause::Overtaken), why) => {
                self.change_if_free(record, Event::Close(cause), &why).await
            }
            Readiness::Close(..) => Ok(looked),
        }
    }

    async fn watch(&self, record: &Record) -> Result<Outcome, VerifierError> {
        self.review(record)?;
        self.look_again(record).await
    }

    /// Looks whether the chain still has it. What is missing often enough is undone.
    async fn look_again(&self, record: &Record) -> Result<Outcome, VerifierError> {
        match settle::look_again(&self.operator, record).await? {
            Confirmation::Deep => {
                self.found(record.proposal);
                // What is confirmed is not looked at again, so its duty is noted before.
                duty::note(&self.operator, record, record.state).await?;
                self.operator.journal.confirm(record.proposal).await?;
                Ok(Outcome::Done)
            }
            Confirmation::Young => {
                self.found(record.proposal);
                Ok(Outcome::Rest)
            }
            Confirmation::Missing if self.is_still_missing(record.proposal) => {
                let why = "the chain has it no more: a reorganisation";
                self.change_if_free(record, settle::undoing(record.state), why).await
            }
            Confirmation::Missing => Ok(Outcome::Rest),
        }
    }

    /// The line for upstream's tools, in the file of the daemon that has the receipt.
    fn review(&self, record: &Record) -> Result<(), VerifierError> {
        let own = record
            .statement
            .as_ref()
            .is_some_and(|statement| statement.receipt.starts_with(self.operator.config().receipts()));
        if !own {
            return Ok(());
        }
        let mut reviews = self.reviews.lock().unwrap_or_else(PoisonError::into_inner);
        reviews.append(record, self.operator.clock())
    }

    fn is_still_missing(&self, proposal: ProposalId) -> bool {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let times = missing.entry(proposal).or_default();
        *times = times.saturating_add(1);
        let believed = *times >= LOOKS;
        if believed {
            missing.remove(&proposal);
        }
        believed
    }

    /// Whether the chain did not have something that another look may find.
    pub(super) fn misses_any(&self) -> bool {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        !missing.is_empty()
    }

    fn found(&self, proposal: ProposalId) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.remove(&proposal);
    }

    /// Claims the proposal for one change, unless it moved meanwhile.
    async fn change_if_free(&self, seen: &Record, event: Event, why: &str) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        if !operator.claim(seen.proposal).await? {
            return Ok(Outcome::Rest);
        }
        let now = operator.journal.get(seen.proposal).await?;
        let changed = if now.state == seen.state {
            self.change(&now, event, why, Detail::None).await
        } else {
            Ok(())
        };
        operator.unclaim(seen.proposal).await?;
        changed.map(|()| Outcome::Further)
    }

    async fn change(&self, record: &Record, event: Event, cause: &str, detail: Detail) -> Result<(), VerifierError> {
        self.operator.change(record.proposal, event, cause, detail).await?;
        Ok(())
    }

    /// Claims, reads the row as it is now, and does the errand; a row that moved meanwhile is left to the next look. What
    /// only looks claims nothing before it has found something to change.
    pub(super) async fn claimed(&self, errand: Errand, seen: &Record) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        if matches!(errand, Errand::End | Errand::Watch) {
            return taken_over(self.run(errand, seen).await);
        }
        if !operator.claim(seen.proposal).await? {
            return Ok(Outcome::Rest);
        }
        let record = operator.journal.get(seen.proposal).await?;
        let outcome = if record.state == seen.state {
            self.run(errand, &record).await
        } else {
            Ok(Outcome::Further)
        };
        match errand {
            Errand::Settle if outcome.as_ref().is_err_and(VerifierError::sent_nothing) => {
                operator.hand_over(seen.proposal).await?;
            }
            // Also what is ready: an enclave of another daemon may be free before this one's.
            _ => operator.unclaim(seen.proposal).await?,
        }
        taken_over(outcome)
    }

    /// Looks after a ticket that none of this daemon's enclaves has the key of. Its statement is carried on if there is
    /// one; the ticket itself is left to the enclave that has the key, whose daemon may be back before it lapses.
    pub(super) async fn leave(&self, seen: &Record) -> Result<Outcome, VerifierError> {
        let operator = self.operator.as_ref();
        if !operator.claim(seen.proposal).await? {
            return Ok(Outcome::Rest);
        }
        let record = operator.journal.get(seen.proposal).await?;
        let outcome = if record.state == State::TicketOpen {
            self.leave_claimed(&record).await
        } else {
            Ok(Outcome::Further)
        };
        if matches!(outcome, Ok(Outcome::Further)) {
            operator.unclaim(seen.proposal).await?;
        } else {
            operator.journal.release(seen.proposal).await?;
        }
        taken_over(outcome)
    }

    async fn leave_claimed(&self, record: &Record) -> Result<Outcome, VerifierError> {
        match run::usefulness(&self.operator, record).await? {
            Usefulness::Open | Usefulness::Unclear => Ok(Outcome::Rest),
            Usefulness::Stated => Ok(Outcome::Further),
            Usefulness::Lost(why) => {
                self.change(record, Event::LoseTicket, &why, Detail::None).await?;
                Ok(Outcome::Further)
            }
        }
    }
}

/// A proposal that another daemon has taken over is no failure: it is in good hands. Nor is a row that intake moved
/// under the work, because a reorganisation took its submission: the next round reads it again.
pub(super) fn taken_over(outcome: Result<Outcome, VerifierError>) -> Result<Outcome, VerifierError> {
    match outcome {
        Err(VerifierError::Journal(JournalError::ClaimLost { proposal, .. })) => {
            tracing::warn!(%proposal, "another daemon has taken the proposal over");
            Ok(Outcome::Rest)
        }
        Err(VerifierError::Journal(JournalError::Transition { proposal, source })) => {
            tracing::warn!(%proposal, %source, "the proposal moved under the work");
            Ok(Outcome::Rest)
        }
        other => other,
    }
}

/// Whether the chain has another submission under the record's number now.
fn is_another(record: &Record, matter: &Matter) -> bool {
    let Some(known) = record.submission else { return true };
    let now = &matter.proposal;
    known.code_hash != now.code_hash || known.miner != now.miner || known.stake != now.stake
}

/// Whether a record waits for an earlier proposal, as far as the project's turn says.
pub(super) fn waits_for_turn(record: &Record) -> bool {
    record.state == State::Waiting(WaitCause::EarlierUndecided)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::IllegalTransition;

    #[test]
    fn a_row_that_intake_moved_under_the_work_ends_no_daemon() {
        let moved = JournalError::Transition {
            proposal: ProposalId::from(4),
            source: IllegalTransition {
                state: State::Closed(CloseCause::Withdrawn),
                event: Event::OpenTicket,
            },
        };
        assert!(!moved.may_pass());
        assert_eq!(taken_over(Err(moved.into())).unwrap(), Outcome::Rest);
        let damaged = JournalError::TooLarge(9);
        assert!(taken_over(Err(damaged.into())).is_err());
    }
}
