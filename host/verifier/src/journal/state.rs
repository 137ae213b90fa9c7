//! The life of one proposal in an operator's hands, as a pure state machine.
//!
//! What is written here is only what this operator did and saw; the chain has the last word, and after a restart every
//! state in flight is compared with it.

use std::fmt;
use std::str::FromStr;

/// Where a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Its event was seen, nothing has been done.
    Seen,
    /// Nothing can be done now, and why.
    Waiting(WaitCause),
    /// A ticket is open: the attempt is public.
    TicketOpen,
    /// The enclave works on it.
    Running,
    /// There is a checked, signed statement in a receipt file, not yet on chain.
    Judged,
    /// The statement is on its way to the chain.
    Settling,
    /// The verdict is on chain. Final.
    Settled(Settlement),
    /// An inconclusive statement is recorded on chain; another attempt may follow.
    Inconclusive,
    /// A verdict that an obstacle keeps from settling is recorded on chain and set aside; another attempt may follow.
    SetAside,
    /// Nothing is left to do for this operator. Final.
    Closed(CloseCause),
}

/// A verdict that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// The stake came back, the best was raised, the reward minted.
    Approved,
    /// The stake was slashed.
    Rejected,
}

/// Why a proposal waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitCause {
    /// An earlier proposal of the project is undecided.
    EarlierUndecided,
    /// Another verifier holds the review lock.
    ReviewLocked,
    /// Another operator's ticket is open.
    OtherTicket,
    /// The gateway is not on the ledger's list of verifiers.
    GatewayNotListed,
    /// The operator's account cannot pay for gas.
    LowBalance,
    /// The enclave's key is not live.
    KeyNotLive,
    /// The ticket's time passes without a statement that could be used.
    TicketLost,
    /// The statement is held until other operators agree.
    HeldForQuorum,
}

/// Why a proposal is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCause {
    /// Somebody else settled it, or it expired.
    DecidedElsewhere,
    /// Too little time is left before anyone may expire it.
    TooLate,
    /// The project's reward pool cannot pay its stake: no approval can succeed.
    PoolExhausted,
    /// Every attempt is used up.
    AttemptsExhausted,
    /// A reorganisation took the submission back, or put another in its place.
    Withdrawn,
    /// The best moved, and the proposal cannot beat the new one.
    CannotWin,
    /// A later proposal, or another verifier, moved the best before its verdict: a reject would blame the wrong one.
    Overtaken,
}

/// How a statement ended on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Carried out.
    Settled(Settlement),
    /// Recorded as inconclusive.
    Inconclusive,
    /// Recorded, and set aside by an obstacle.
    SetAside,
}

/// What happens to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// It cannot start now.
    Wait(WaitCause),
    /// The gateway opened a ticket.
    OpenTicket,
    /// The enclave took the job.
    Start,
    /// The run ended without a statement while the ticket is still open.
    Interrupt,
    /// The statement passed the host's checks and its receipt is on disk.
    Judge,
    /// The statement goes to the chain.
    Settle,
    /// The chain wants it later.
    Postpone,
    /// The gateway holds the statement for its quorum.
    Hold,
    /// The chain has it.
    Finish(Ending),
    /// The ticket can give no usable statement any more.
    LoseTicket,
    /// Another attempt is wanted.
    Retry,
    /// There is nothing left to do.
    Close(CloseCause),
    /// A reorganisation took the statement off the chain again: it is as it was before it was sent.
    TakeBack,
    /// What closed it is so no more: a reorganisation took it back, or it was submitted again.
    Reopen,
}

/// An event that has no place in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} has no place in state {state}")]
pub struct IllegalTransition {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl State {
    /// Whether nothing is left to do, as long as the chain keeps what it says now: a settlement is left by
    /// [`Event::TakeBack`] alone, a closed proposal by [`Event::Reopen`] alone.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Settled(_) | Self::Closed(_))
    }

    /// Whether the state rests on what the chain said at its head, so that a reorganisation can undo it: it is compared
    /// with the chain again until it is deep enough.
    pub fn is_watched(self) -> bool {
        match self {
            Self::Settled(_)
            | Self::Inconclusive
            | Self::SetAside
            | Self::Waiting(WaitCause::HeldForQuorum)
            | Self::Closed(_) => true,
            Self::Seen | Self::Waiting(_) | Self::TicketOpen | Self::Running | Self::Judged | Self::Settling => false,
        }
    }

    /// Whether an attempt of this operator's is under way or has been carried out, so that a submission with other
    /// content cannot simply take its place.
    pub fn is_in_flight(self) -> bool {
        match self {
            Self::TicketOpen | Self::Running | Self::Judged | Self::Settling | Self::Settled(_) => true,
            Self::Waiting(cause) => cause == WaitCause::HeldForQuorum,
            Self::Seen | Self::Inconclusive | Self::SetAside | Self::Closed(_) => false,
        }
    }

    /// Every state.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(state, _)| *state)
    }

    /// Whether a new attempt may begin from here, as far as the journal knows.
    pub fn may_start(self) -> bool {
        matches!(self, Self::Seen | Self::Waiting(_)) && self != Self::Waiting(WaitCause::HeldForQuorum)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`IllegalTransition`]: the event has no place here.
    pub fn after(self, event: Event) -> Result<Self, IllegalTransition> {
        let held = Self::Waiting(WaitCause::HeldForQuorum);
        Ok(match (self, event) {
            (state, Event::Close(cause)) if !state.is_final() => Self::Closed(cause),
            (state, Event::Wait(cause)) if state.may_start() => Self::Waiting(cause),
            (state, Event::OpenTicket) if state.may_start() => Self::TicketOpen,
            (Self::TicketOpen, Event::Start) => Self::Running,
            (Self::Running, Event::Interrupt) => Self::TicketOpen,
            (Self::Running, Event::Judge) => Self::Judged,
            (Self::Judged, Event::Settle) => Self::Settling,
            (Self::Settling, Event::Postpone) => Self::Judged,
            (Self::Settling, Event::Hold) => held,
            (Self::Settling, Event::Finish(ending)) => ending.state(),
            (state, Event::Finish(ending)) if state == held => ending.state(),
            (Self::TicketOpen | Self::Running | Self::Judged | Self::Settling, Event::LoseTicket) => {
                Self::Waiting(WaitCause::TicketLost)
            }
            (state, Event::LoseTicket) if state == held => Self::Waiting(WaitCause::TicketLost),
            (Self::Inconclusive | Self::SetAside, Event::Retry) => Self::Seen,
            (Self::Settled(_) | Self::Inconclusive | Self::SetAside, Event::TakeBack) => Self::Judged,
            (state, Event::TakeBack) if state == held => Self::Judged,
            (Self::Closed(_), Event::Reopen) => Self::Seen,
            (state, event) => return Err(IllegalTransition { state, event }),
        })
    }
}

impl Ending {
    /// The state that it leads to.
    pub fn state(self) -> State {
        match self {
            Self::Settled(settlement) => State::Settled(settlement),
            Self::Inconclusive => State::Inconclusive,
            Self::SetAside => State::SetAside,
        }
    }
}

/// Every state with its name in the journal, in reports and in JSON.
const NAMES: [(State, &str); 24] = [
    (State::Seen, "seen"),
    (State::Waiting(WaitCause::EarlierUndecided), "waiting:earlier-undecided"),
    (State::Waiting(WaitCause::ReviewLocked), "waiting:review-locked"),
    (State::Waiting(WaitCause::OtherTicket), "waiting:other-ticket"),
    (
        State::Waiting(WaitCause::GatewayNotListed),
        "waiting:gateway-not-listed",
    ),
    (State::Waiting(WaitCause::LowBalance), "waiting:low-balance"),
    (State::Waiting(WaitCause::KeyNotLive), "waiting:key-not-live"),
    (State::Waiting(WaitCause::TicketLost), "waiting:ticket-lost"),
    (State::Waiting(WaitCause::HeldForQuorum), "waiting:held-for-quorum"),
    (State::TicketOpen, "ticket-open"),
    (State::Running, "running"),
    (State::Judged, "judged"),
    (State::Settling, "settling"),
    (State::Settled(Settlement::Approved), "settled:approved"),
    (State::Settled(Settlement::Rejected), "settled:rejected"),
    (State::Inconclusive, "inconclusive"),
    (State::SetAside, "set-aside"),
    (State::Closed(CloseCause::DecidedElsewhere), "closed:decided-elsewhere"),
    (State::Closed(CloseCause::TooLate), "closed:too-late"),
    (State::Closed(CloseCause::PoolExhausted), "closed:pool-exhausted"),
    (
        State::Closed(CloseCause::AttemptsExhausted),
        "closed:attempts-exhausted",
    ),
    (State::Closed(CloseCause::Withdrawn), "closed:withdrawn"),
    (State::Closed(CloseCause::CannotWin), "closed:cannot-win"),
    (State::Closed(CloseCause::Overtaken), "closed:overtaken"),
];

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(state, _)| state == self).map(|(_, name)| *name);
        formatter.write_str(name.unwrap_or("unnamed"))
    }
}

/// A text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no state")]
pub struct UnknownState(pub String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let found = NAMES.iter().find(|(_, name)| *name == text).map(|(state, _)| *state);
        found.ok_or_else(|| UnknownState(text.chars().take(60).collect()))
    }
}

impl serde::Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event() -> impl Strategy<Value = Event> {
        let waits = prop::sample::select(vec![
            WaitCause::EarlierUndecided,
            WaitCause::ReviewLocked,
            WaitCause::KeyNotLive,
            WaitCause::LowBalance,
        ]);
        let endings = prop::sample::select(vec![
            Ending::Settled(Settlement::Approved),
            Ending::Settled(Settlement::Rejected),
            Ending::Inconclusive,
            Ending::SetAside,
        ]);
        prop_oneof![
            waits.prop_map(Event::Wait),
            endings.prop_map(Event::Finish),
            Just(Event::OpenTicket),
            Just(Event::Start),
            Just(Event::Interrupt),
            Just(Event::Judge),
            Just(Event::Settle),
            Just(Event::Postpone),
            Just(Event::Hold),
            Just(Event::LoseTicket),
            Just(Event::Retry),
            Just(Event::Close(CloseCause::TooLate)),
            Just(Event::TakeBack),
            Just(Event::Reopen),
        ]
    }

    /// Applies what has a place and leaves the rest, as a long unlucky life would.
    fn live(events: &[Event]) -> Vec<State> {
        let mut states = vec![State::Seen];
        for event in events {
            let state = *states.last().unwrap();
            if let Ok(next) = state.after(*event) {
                states.push(next);
            }
        }
        states
    }

    #[test]
    fn the_plain_way_leads_from_seen_to_settled() {
        let approved = Ending::Settled(Settlement::Approved);
        let way = [
            Event::OpenTicket,
            Event::Start,
            Event::Judge,
            Event::Settle,
            Event::Finish(approved),
        ];
        assert_eq!(live(&way).last(), Some(&State::Settled(Settlement::Approved)));
    }

    #[test]
    fn every_named_state_reads_back_and_names_are_unique() {
        for (state, name) in NAMES {
            assert_eq!(name.parse::<State>().unwrap(), state);
            assert_eq!(state.to_string(), name);
        }
        assert!("settled".parse::<State>().is_err());
    }

    proptest! {
        #[test]
        fn only_a_reorganisation_leaves_a_final_state(event in event()) {
            for state in State::all().filter(|state| state.is_final()) {
                let undoing = match state {
                    State::Settled(_) => Event::TakeBack,
                    _ => Event::Reopen,
                };
                prop_assert_eq!(state.after(event).is_ok(), event == undoing, "{} {:?}", state, event);
            }
        }

        #[test]
        fn a_settlement_is_left_only_to_be_carried_out_again(events in prop::collection::vec(event(), 0..60)) {
            for pair in live(&events).windows(2) {
                if matches!(pair[0], State::Settled(_)) {
                    prop_assert_eq!(pair[1], State::Judged);
                }
            }
        }

        #[test]
        fn a_taken_back_statement_needs_no_second_run(events in prop::collection::vec(event(), 0..60)) {
            for state in live(&events).into_iter().filter(|state| state.is_watched()) {
                if let Ok(back) = state.after(Event::TakeBack) {
                    prop_assert_eq!(back.after(Event::Settle), Ok(State::Settling));
                }
            }
        }

        #[test]
        fn nothing_runs_without_a_ticket_and_nothing_is_sent_without_a_judged_statement(
            events in prop::collection::vec(event(), 0..60),
        ) {
            for pair in live(&events).windows(2) {
                match pair[1] {
                    State::Running => prop_assert_eq!(pair[0], State::TicketOpen),
                    State::Judged => prop_assert!(pair[0] == State::Running
                        || pair[0] == State::Settling
                        || pair[0].after(Event::TakeBack).is_ok()),
                    State::Settling => prop_assert_eq!(pair[0], State::Judged),
                    State::Settled(_) | State::Inconclusive | State::SetAside => prop_assert!(matches!(
                        pair[0],
                        State::Settling | State::Waiting(WaitCause::HeldForQuorum)
                    )),
                    _ => {}
                }
            }
        }

        #[test]
        fn reading_any_text_gives_a_state_or_a_typed_error(text in ".{0,40}") {
            let _ = text.parse::<State>();
        }
    }
}
