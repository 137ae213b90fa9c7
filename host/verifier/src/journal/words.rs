//! What a proposal's state is called, and what comes next: the same words on the page, at the terminal and in JSON.

use super::state::{CloseCause, Settlement, State, WaitCause};

/// A state for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateWords {
    /// One word or two, for a label; the cause of waiting or closing is not in it.
    pub label: &'static str,
    /// Where the proposal is, with the cause of waiting or closing.
    pub state: &'static str,
    /// What happens next, or what its operator can do: a sentence.
    pub next: &'static str,
}

impl State {
    /// Its words. `docs/operator.md` has a longer explanation of each.
    ///
    /// ```
    /// use orv_verifier::journal::{State, WaitCause};
    ///
    /// let words = State::Waiting(WaitCause::LowBalance).words();
    /// assert_eq!((words.label, words.state), ("waiting", "waits: too few coins"));
    /// assert_eq!(words.next, "Send coins to the operator's account.");
    /// ```
    pub fn words(self) -> StateWords {
        let (label, next) = match self {
            Self::Seen => ("seen", "It is begun in its turn: by stake, expiry and age."),
            Self::Waiting(cause) => return waiting(cause),
            Self::TicketOpen => ("ticket open", "The enclave gets the job next."),
            Self::Running => ("running", "The enclave works on it."),
            Self::Judged => ("judged", "The statement goes to the chain next."),
            Self::Settling => ("settling", "The transaction is on its way."),
            Self::Settled(Settlement::Approved) => ("approved", "Nothing: the miner has stake and reward."),
            Self::Settled(Settlement::Rejected) => ("rejected", "Nothing: the stake is slashed."),
            Self::Inconclusive => ("inconclusive", "Another attempt follows if one is left."),
            Self::SetAside => ("set aside", "Another attempt follows if one is left."),
            Self::Closed(cause) => return closed(cause),
        };
        StateWords {
            label,
            state: label,
            next,
        }
    }
}

fn waiting(cause: WaitCause) -> StateWords {
    let (state, next) = match cause {
        WaitCause::EarlierUndecided => (
            "waits for an earlier proposal",
            "Goes on when the project's earlier proposal is decided or expires.",
        ),
        WaitCause::ReviewLocked => (
            "waits: another verifier reviews it",
            "Goes on when the other verifier's lock lapses, after 24 h at most.",
        ),
        WaitCause::OtherTicket => (
            "waits: another operator has a ticket",
            "Goes on when the other operator's ticket ends or lapses.",
        ),
        WaitCause::GatewayNotListed => (
            "waits: the gateway is not listed",
            "The ledger's owner has to list the gateway.",
        ),
        WaitCause::LowBalance => ("waits: too few coins", "Send coins to the operator's account."),
        WaitCause::KeyNotLive => (
            "waits: no live enclave key",
            "Needs a live key: look at the enclave and at its admission.",
        ),
        WaitCause::TicketLost => (
            "waits: its ticket was lost",
            "Its ticket lapses; a new attempt follows if one is left.",
        ),
        WaitCause::HeldForQuorum => (
            "held for other operators",
            "Goes on when enough operators have stated the same before its key ends.",
        ),
    };
    StateWords {
        label: "waiting",
        state,
        next,
    }
}

fn closed(cause: CloseCause) -> StateWords {
    let (state, next) = match cause {
        CloseCause::DecidedElsewhere => ("closed: decided elsewhere", "Nothing."),
        CloseCause::TooLate => ("closed: too late", "Nothing: anybody may expire it after its deadline."),
        CloseCause::PoolExhausted => ("closed: the pool is empty", "Nothing: no approval can be paid."),
        CloseCause::AttemptsExhausted => ("closed: attempts used up", "Nothing: every attempt is used."),
        CloseCause::Withdrawn => (
            "closed: withdrawn by a reorganisation",
            "Nothing, unless it is submitted again.",
        ),
        CloseCause::CannotWin => ("closed: cannot win any more", "Nothing: the best has moved beyond it."),
        CloseCause::Overtaken => ("closed: overtaken", "Nothing: the best moved before its verdict."),
    };
    StateWords {
        label: "closed",
        state,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_state_has_words_of_its_own_and_a_row_in_the_operators_guide() {
        let guide = include_str!("../../../../docs/operator.md");
        let states: BTreeSet<&str> = State::all().map(|state| state.words().state).collect();
        assert_eq!(states.len(), State::all().count());
        for state in State::all() {
            let words = state.words();
            assert!(words.next.ends_with('.') && !words.label.contains(':'), "{words:?}");
            assert!(
                guide.contains(&format!("| `{state}` |")),
                "docs/operator.md says nothing of {state}"
            );
        }
    }
}
