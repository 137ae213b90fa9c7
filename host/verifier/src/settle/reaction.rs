//! What a gateway's refusal means for a signed statement: a pure function of the contract's error.

use crate::journal::CloseCause;
use orv_chain::Revert;
use orv_chain::bindings::{EnclaveRegistry as Registry, ProjectToken, VerifierGateway as Gateway};

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// An earlier proposal of the project comes first; the ticket stays open. Of a quorum each statement can be held
    /// meanwhile: held, it counts for as long as its key does, beyond its ticket's time.
    AwaitTurn,
    /// Another verifier's lock is in the way; the ticket stays open. Holding the statement would be paid for in vain: the
    /// lock was taken after the ticket was opened and lasts a day, and no key lives longer (DESIGN 5.2).
    Later,
    /// Move the project's turn first, then try again.
    Advance,
    /// Record it instead: an obstacle keeps the verdict from being carried out.
    Record,
    /// Settle it instead: the obstacle is gone.
    Settle,
    /// The ticket was used already, perhaps by this very statement, or the endpoint is behind its opening: see what the
    /// chain has.
    Look,
    /// The ticket or its key counts no more.
    LoseTicket,
    /// Nothing is left to do.
    Close(CloseCause),
    /// Nothing that passes by itself.
    Fail,
}

/// Reads a refusal of `settle` or `record`.
pub fn reaction(revert: &Revert) -> Reaction {
    if revert.is::<Gateway::EarlierUndecided>() {
        Reaction::AwaitTurn
    } else if revert.is::<Gateway::TurnNotReached>() {
        Reaction::Advance
    } else if is_obstacle(revert) {
        Reaction::Record
    } else if revert.is::<Gateway::MustSettle>() {
        Reaction::Settle
    } else if revert.is::<Gateway::TicketNotOpen>() || revert.is::<Gateway::UnknownTicket>() {
        Reaction::Look
    } else if ends_ticket(revert) {
        Reaction::LoseTicket
    } else if revert.is::<ProjectToken::PoolCapExceeded>() {
        Reaction::Close(CloseCause::PoolExhausted)
    } else if let Some(refused) = revert.as_error::<Gateway::NotDecidable>() {
        // 0 and 1 are undecided: then only another verifier's lock is in the way.
        if refused.status <= 1 {
            Reaction::Later
        } else {
            Reaction::Close(CloseCause::DecidedElsewhere)
        }
    } else {
        Reaction::Fail
    }
}

/// The gateway's obstacles, each of which `record` accepts and sets aside.
fn is_obstacle(revert: &Revert) -> bool {
    revert.is::<Gateway::TimedNotCounted>()
        || revert.is::<Gateway::BestRose>()
        || revert.is::<Gateway::SharedNotEntered>()
        || revert.is::<Gateway::JumpAboveBound>()
        || revert.is::<Gateway::Overtaken>()
        || revert.is::<Gateway::BestSetElsewhere>()
        || revert.is::<Gateway::IncumbentChanged>()
        || revert.is::<Gateway::PoolTooSmall>()
}

fn ends_ticket(revert: &Revert) -> bool {
    revert.is::<Gateway::TicketTimedOut>()
        || revert.is::<Registry::KeyExpired>()
        || revert.is::<Registry::KeyIsRevoked>()
        || revert.is::<Registry::TrustWithdrawn>()
        || revert.is::<Registry::NoAdmissionVerifier>()
        // A reorganisation gave the proposal's number to another one, or its project's.
        || revert.is::<Gateway::WrongProposalDigest>()
        || revert.is::<Gateway::WrongProjectDigest>()
        || revert.is::<Gateway::WrongProject>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolError;
    use orv_chain::primitives::{B256, I256, U256};

    fn refused(error: &impl SolError) -> Reaction {
        reaction(&Revert::decode(&error.abi_encode()))
    }

    #[test]
    fn an_earlier_proposal_is_waited_for_and_a_long_way_is_walked() {
        let earlier = Gateway::EarlierUndecided {
            proposalId: U256::ONE,
            earlier: U256::ZERO,
        };
        assert_eq!(refused(&earlier), Reaction::AwaitTurn);
        let far = Gateway::TurnNotReached {
            proposalId: U256::ONE,
            turn: U256::ZERO,
        };
        assert_eq!(refused(&far), Reaction::Advance);
    }

    #[test]
    fn every_obstacle_is_recorded_rather_than_settled() {
        let id = U256::ONE;
        let best = I256::ONE;
        let reactions = [
            refused(&Gateway::TimedNotCounted { proposalId: id }),
            refused(&Gateway::BestRose {
                proposalId: id,
                lower: best,
                best,
            }),
            refused(&Gateway::SharedNotEntered { projectId: id }),
            refused(&Gateway::JumpAboveBound {
                projectId: id,
                score: best,
                best,
            }),
            refused(&Gateway::Overtaken { proposalId: id, by: id }),
            refused(&Gateway::BestSetElsewhere { projectId: id, best }),
            refused(&Gateway::IncumbentChanged { proposalId: id, best }),
            refused(&Gateway::PoolTooSmall {
                proposalId: id,
                stake: id,
            }),
        ];
        assert_eq!(reactions, [Reaction::Record; 8]);
    }

    #[test]
    fn a_decided_proposal_is_closed_and_a_locked_one_waited_for() {
        let status = |status| Gateway::NotDecidable {
            proposalId: U256::ONE,
            status,
            reviewLockUntil: 9,
        };
        assert_eq!(refused(&status(2)), Reaction::Close(CloseCause::DecidedElsewhere));
        assert_eq!(refused(&status(1)), Reaction::Later);
    }

    #[test]
    fn what_contradicts_the_statement_itself_fails_loudly() {
        let wrong = Gateway::WrongEvidence {
            stated: B256::ZERO,
            expected: B256::ZERO,
        };
        assert_eq!(refused(&wrong), Reaction::Fail);
        assert_eq!(reaction(&Revert::decode(&[])), Reaction::Fail);
    }

    #[test]
    fn a_lapsed_ticket_is_lost_and_a_used_or_unknown_one_is_looked_at() {
        let ticket = B256::ZERO;
        assert_eq!(refused(&Gateway::TicketNotOpen { ticket, state: 5 }), Reaction::Look);
        assert_eq!(refused(&Gateway::UnknownTicket { ticket }), Reaction::Look);
        assert_eq!(
            refused(&Gateway::TicketTimedOut { ticket, closesAt: 1 }),
            Reaction::LoseTicket
        );
    }
}
