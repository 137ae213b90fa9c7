//! Changes of the journal that this suite's network cannot bring about, and why: all that the state machine allows,
//! without those that were seen.

use crate::transition::Transition;
use orv_verifier::journal::{CloseCause, Ending, Event, State, WaitCause};
use std::collections::BTreeMap;

/// Why a change was not seen, with how many such changes there are.
pub fn unseen<'a>(seen: impl Iterator<Item = &'a Transition>) -> BTreeMap<&'static str, Vec<Transition>> {
    let seen: Vec<_> = seen.collect();
    let mut unseen: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for from in State::all() {
        for event in events().into_iter().filter(|event| from.after(*event).is_ok()) {
            let transition = Transition::new(from, event);
            if !seen.contains(&&transition) {
                unseen.entry(reason(from, event)).or_default().push(transition);
            }
        }
    }
    unseen
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::OpenTicket,
        Event::Start,
        Event::Interrupt,
        Event::Judge,
        Event::Settle,
        Event::Postpone,
        Event::Hold,
        Event::LoseTicket,
        Event::Retry,
        Event::TakeBack,
        Event::Reopen,
        Event::Finish(Ending::Inconclusive),
        Event::Finish(Ending::SetAside),
    ];
    events.extend(State::all().filter_map(|state| match state {
        State::Waiting(cause) => Some(Event::Wait(cause)),
        State::Closed(cause) => Some(Event::Close(cause)),
        State::Settled(settlement) => Some(Event::Finish(Ending::Settled(settlement))),
        _ => None,
    }));
    events
}

fn reason(from: State, event: Event) -> &'static str {
    let held = State::Waiting(WaitCause::HeldForQuorum);
    match event {
        Event::TakeBack | Event::Reopen | Event::Close(CloseCause::Withdrawn) => {
            "nothing is reorganised here: the hostile chain's suite does that"
        }
        Event::Hold => "one statement settles here: tests/two_operators has a quorum that holds them",
        Event::Wait(WaitCause::HeldForQuorum) => "a hold is written as such, never as a wait before a ticket",
        _ if from == held => "one statement settles here: tests/two_operators has a quorum that holds them",
        Event::Wait(WaitCause::GatewayNotListed) => "the gateway stays on the ledger's list",
        Event::Wait(WaitCause::LowBalance) => "the account has coins for ever",
        Event::Wait(WaitCause::ReviewLocked) => "no other verifier claims reviews",
        Event::Wait(WaitCause::KeyNotLive) => "keys live for a day, a batch for minutes",
        Event::Close(CloseCause::TooLate) => "the ledger's seven days do not pass",
        Event::Close(CloseCause::PoolExhausted) => "the pool pays every stake",
        Event::Close(CloseCause::DecidedElsewhere) | Event::Wait(WaitCause::OtherTicket) => {
            "nobody else decides or opens tickets (but with two daemons)"
        }
        _ if matches!(from, State::Waiting(_))
            && from != State::Waiting(WaitCause::TicketLost)
            && from != State::Waiting(WaitCause::EarlierUndecided) =>
        {
            "leaves a state that is not reached here"
        }
        Event::Close(_) => "closed from another state first",
        _ => "did not come about in this run",
    }
}
