//! Whether an attempt at a proposal may begin, as a pure function of what the chain says.

use crate::journal::{CloseCause, WaitCause};
use orv_chain::primitives::{B256, U256};
use orv_chain::{ProposalId, ProposalStatus};
use orv_protocol::Verdict;
use orv_protocol::score::{Bips, Score, threshold};

/// Attempts that the gateway grants a proposal, over all keys and for good (DESIGN 5.2): those that the rule's interval
/// is made for.
pub const MOST_ATTEMPTS: usize = orv_protocol::judgement::ATTEMPTS as usize;

/// What the chain says of one proposal, at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The block's time, in seconds.
    pub now: u64,
    /// The proposal.
    pub proposal: ProposalId,
    /// Where the ledger has it.
    pub status: ProposalStatus,
    /// When a reviewer's lock lapses, in seconds.
    pub review_lock_until: u64,
    /// When anyone may expire it, in seconds.
    pub deadline: u64,
    /// Its stake, in whole tokens: what an approval mints.
    pub stake: U256,
    /// What the project's pool can still mint, in whole tokens.
    pub pool_left: U256,
    /// The first id that stands in the way of later ones of the project.
    pub turn: ProposalId,
    /// Whether the gateway is on the ledger's list of verifiers.
    pub listing: Listing,
    /// Tickets that were ever opened.
    pub tickets: usize,
    /// Those of them that this operator opened.
    pub own_tickets: usize,
    /// The ticket that can be used now, if there is one.
    pub open_ticket: Option<OpenTicket>,
    /// Wei of the operator's account.
    pub balance: U256,
    /// The score to beat now.
    pub best: Score,
    /// What an earlier attempt measured before the best moved.
    pub measured: Option<Measured>,
}

/// What an earlier attempt measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// What it was for: an approve or a reject.
    pub verdict: Verdict,
    /// Upper end of the score's interval.
    pub upper: Score,
    /// The project's margin.
    pub margin: Bips,
}

/// Whether the gateway may settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// It may.
    Listed,
    /// It may not: nothing can be settled.
    NotListed,
}

/// A ticket that can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTicket {
    /// The ticket.
    pub id: B256,
    /// Whose it is.
    pub holder: Holder,
}

/// Whose a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// This operator's.
    Own,
    /// Another operator's.
    Other,
}

/// What the operator allows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most seconds that one run may need.
    pub run_seconds: u64,
    /// Wei below which nothing is begun.
    pub least_balance: U256,
    /// Attempts at one proposal by this operator.
    pub attempts: usize,
}

/// What to do with a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Begin an attempt.
    Ready,
    /// This operator's ticket is open already: go on with it.
    Resume(B256),
    /// Not now.
    Wait(WaitCause, String),
    /// Never.
    Close(CloseCause, String),
}

/// Decides. What ends a proposal for good comes first, what passes by itself last.
pub fn readiness(facts: &Facts, limits: &Limits) -> Readiness {
    if facts.status.is_terminal() {
        return Readiness::Close(
            CloseCause::DecidedElsewhere,
            format!("the ledger has it as {:?}", facts.status),
        );
    }
    if let Some(OpenTicket {
        id,
        holder: Holder::Own,
    }) = facts.open_ticket
    {
        return Readiness::Resume(id);
    }
    let ended = too_late(facts, limits).or_else(|| exhausted(facts, limits));
    if let Some(readiness) = ended.or_else(|| hopeless(facts)) {
        return readiness;
    }
    if let Some(OpenTicket { id, .. }) = facts.open_ticket {
        return Readiness::Wait(WaitCause::OtherTicket, format!("ticket {id} is another operator's"));
    }
    if facts.status == ProposalStatus::Reviewing && facts.now < facts.review_lock_until {
        let until = facts.review_lock_until;
        return Readiness::Wait(
            WaitCause::ReviewLocked,
            format!("another verifier's lock lasts until {until}"),
        );
    }
    if facts.listing == Listing::NotListed {
        return Readiness::Wait(
            WaitCause::GatewayNotListed,
            "the ledger does not list the gateway".to_owned(),
        );
    }
    if facts.turn < facts.proposal {
        return Readiness::Wait(
            WaitCause::EarlierUndecided,
            format!("proposal {} comes first", facts.turn),
        );
    }
    if facts.balance < limits.least_balance {
        return Readiness::Wait(WaitCause::LowBalance, format!("{} wei are left", facts.balance));
    }
    Readiness::Ready
}

/// Twice the run's time must be left: one for the run, one for the chain and a second try (DESIGN 4).
fn too_late(facts: &Facts, limits: &Limits) -> Option<Readiness> {
    let needed = limits.run_seconds.saturating_mul(2);
    let left = facts.deadline.saturating_sub(facts.now);
    (left <= needed).then(|| Readiness::Close(CloseCause::TooLate, format!("{left} s left, {needed} s needed")))
}

fn exhausted(facts: &Facts, limits: &Limits) -> Option<Readiness> {
    if facts.stake > facts.pool_left {
        let why = format!("stake {}, the pool has {} left", facts.stake, facts.pool_left);
        return Some(Readiness::Close(CloseCause::PoolExhausted, why));
    }
    // The last of the three may be open at present, and another operator's: then it is not over yet.
    if facts.open_ticket.is_some() {
        return None;
    }
    let why = if facts.tickets >= MOST_ATTEMPTS {
        format!("{} tickets were opened", facts.tickets)
    } else if facts.own_tickets >= limits.attempts {
        "this operator's attempts are used up".to_owned()
    } else {
        return None;
    };
    Some(Readiness::Close(CloseCause::AttemptsExhausted, why))
}

/// The best moved since an attempt measured an improvement: another run is worth its time only if what was measured
/// could beat the new best, too.
fn hopeless(facts: &Facts) -> Option<Readiness> {
    let measured = facts.measured?;
    (!can_still_win(&measured, facts.best)).then(|| {
        let why = format!(
            "measured at most {}, the best is {} now",
            measured.upper.0, facts.best.0
        );
        let cause = match measured.verdict {
            Verdict::Approve | Verdict::Inconclusive => CloseCause::CannotWin,
            // Set aside, since the best was not what it was measured against: a reject would blame the wrong one.
            Verdict::Reject => CloseCause::Overtaken,
        };
        Readiness::Close(cause, why)
    })
}

/// Whether a score that was measured can reach the best and the margin. The best only ever rises.
pub fn can_still_win(measured: &Measured, best: Score) -> bool {
    threshold(best, measured.margin).is_some_and(|least| measured.upper >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        run_seconds: 100,
        least_balance: U256::from_limbs([5, 0, 0, 0]),
        attempts: 2,
    };

    fn score(number: i64) -> Score {
        Score(number.try_into().unwrap())
    }

    fn facts() -> Facts {
        Facts {
            now: 1000,
            proposal: ProposalId::from(4),
            status: ProposalStatus::Submitted,
            review_lock_until: 0,
            deadline: 1201,
            stake: U256::from(7),
            pool_left: U256::from(7),
            turn: ProposalId::from(4),
            listing: Listing::Listed,
            tickets: 2,
            own_tickets: 1,
            open_ticket: None,
            balance: U256::from(5),
            best: score(100),
            measured: None,
        }
    }

    fn cause(change: impl FnOnce(&mut Facts)) -> Readiness {
        let mut changed = facts();
        change(&mut changed);
        match readiness(&changed, &LIMITS) {
            Readiness::Wait(cause, _) => Readiness::Wait(cause, String::new()),
            Readiness::Close(cause, _) => Readiness::Close(cause, String::new()),
            other => other,
        }
    }

    fn waits(cause: WaitCause) -> Readiness {
        Readiness::Wait(cause, String::new())
    }

    fn closes(cause: CloseCause) -> Readiness {
        Readiness::Close(cause, String::new())
    }

    #[test]
    fn a_proposal_at_every_limit_is_ready() {
        assert_eq!(readiness(&facts(), &LIMITS), Readiness::Ready);
    }

    #[test]
    fn what_cannot_be_decided_any_more_is_closed() {
        assert_eq!(
            cause(|f| f.status = ProposalStatus::Expired),
            closes(CloseCause::DecidedElsewhere)
        );
        assert_eq!(cause(|f| f.deadline = 1200), closes(CloseCause::TooLate));
        assert_eq!(
            cause(|f| f.pool_left = U256::from(6)),
            closes(CloseCause::PoolExhausted)
        );
        assert_eq!(cause(|f| f.tickets = 3), closes(CloseCause::AttemptsExhausted));
        assert_eq!(cause(|f| f.own_tickets = 2), closes(CloseCause::AttemptsExhausted));
    }

    #[test]
    fn after_the_best_has_moved_only_what_can_still_win_is_run_again() {
        let measured = |verdict, upper| {
            move |f: &mut Facts| {
                f.measured = Some(Measured {
                    verdict,
                    upper: score(upper),
                    margin: Bips(100),
                });
            }
        };
        assert_eq!(cause(measured(Verdict::Approve, 101)), Readiness::Ready);
        assert_eq!(cause(measured(Verdict::Approve, 100)), closes(CloseCause::CannotWin));
        assert_eq!(cause(measured(Verdict::Reject, 90)), closes(CloseCause::Overtaken));
    }

    #[test]
    fn what_passes_by_itself_is_waited_for() {
        let locked = |f: &mut Facts| {
            f.status = ProposalStatus::Reviewing;
            f.review_lock_until = 1001;
        };
        assert_eq!(cause(locked), waits(WaitCause::ReviewLocked));
        assert_eq!(
            cause(|f| f.turn = ProposalId::from(3)),
            waits(WaitCause::EarlierUndecided)
        );
        assert_eq!(
            cause(|f| f.listing = Listing::NotListed),
            waits(WaitCause::GatewayNotListed)
        );
        assert_eq!(cause(|f| f.balance = U256::from(4)), waits(WaitCause::LowBalance));
        let other = OpenTicket {
            id: B256::ZERO,
            holder: Holder::Other,
        };
        assert_eq!(cause(|f| f.open_ticket = Some(other)), waits(WaitCause::OtherTicket));
    }

    #[test]
    fn a_lapsed_lock_stands_in_nobodys_way() {
        let lapsed = |f: &mut Facts| {
            f.status = ProposalStatus::Reviewing;
            f.review_lock_until = 1000;
        };
        assert_eq!(cause(lapsed), Readiness::Ready);
    }

    #[test]
    fn an_own_open_ticket_is_resumed_even_when_it_is_late() {
        let own = OpenTicket {
            id: B256::repeat_byte(1),
            holder: Holder::Own,
        };
        let late = |f: &mut Facts| {
            f.open_ticket = Some(own);
            f.deadline = f.now;
        };
        assert_eq!(cause(late), Readiness::Resume(own.id));
    }
}
