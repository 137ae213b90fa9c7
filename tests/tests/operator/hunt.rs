//! The changes that every run has to kill at, and how the rare ones among them are brought about: the chain's clock is
//! moved at the right moment, and the daemon is killed first where that moment would pass too soon.

use crate::network::{PRIORITY_WINDOW, TICKET_LIFE};
use crate::operator::Enclaves;
use crate::random::Random;
use crate::tally::Tally;
use crate::transition::{Side, Transition};

/// Every change that this network brings about, but for those that need two daemons.
pub const REACHED: [&str; 22] = [
    "inconclusive Retry",
    "judged LoseTicket",
    "judged Settle",
    "running Interrupt",
    "running Judge",
    "running LoseTicket",
    "seen OpenTicket",
    "seen Wait(EarlierUndecided)",
    "set-aside Close(CannotWin)",
    "set-aside Close(Overtaken)",
    "settling Finish(Inconclusive)",
    "settling Finish(SetAside)",
    "settling Finish(Settled(Approved))",
    "settling Finish(Settled(Rejected))",
    "settling LoseTicket",
    "settling Postpone",
    "ticket-open LoseTicket",
    "ticket-open Start",
    "waiting:earlier-undecided OpenTicket",
    "waiting:ticket-lost Close(AttemptsExhausted)",
    "waiting:ticket-lost Close(Overtaken)",
    "waiting:ticket-lost OpenTicket",
];

/// A ticket that lapses before its run begins leads to these. While they are hunted for hardly anything is judged.
const BY_LAPSED_TICKETS: [&str; 2] = ["ticket-open LoseTicket", "waiting:ticket-lost Close(AttemptsExhausted)"];

/// A ticket that lapses under a statement leads to these.
const BY_LATE_STATEMENTS: [&str; 2] = ["judged LoseTicket", "settling LoseTicket"];

/// A later proposal that is decided before an earlier one leads to these.
const BY_PASSED_TURNS: [&str; 4] = [
    "settling Finish(SetAside)",
    "set-aside Close(CannotWin)",
    "set-aside Close(Overtaken)",
    "waiting:ticket-lost Close(Overtaken)",
];

/// What an operator of the next batch has.
pub fn enclaves(tally: &Tally) -> Enclaves {
    if tally.hunts(&BY_PASSED_TURNS) {
        Enclaves::Two
    } else {
        Enclaves::One
    }
}

/// Whether the daemon is to be killed here for the sake of what comes about afterwards, see [`after_kill`].
pub fn is_bait(tally: &Tally, side: Side, transition: &Transition) -> bool {
    side == Side::After && transition.event == "OpenTicket" && !tally.lacks_flight() && tally.hunts(&BY_LAPSED_TICKETS)
}

/// Seconds that pass on chain before the daemon that was killed here is started again.
pub fn after_kill(tally: &Tally, side: Side, transition: &Transition) -> Option<u64> {
    is_bait(tally, side, transition).then_some(TICKET_LIFE + 1)
}

/// Seconds that pass on chain once a daemon has said this line: sometimes always, more often where it is hunted for.
pub fn after_line(tally: &Tally, line: &str, random: &mut Random) -> Option<u64> {
    let often = |changes: &[&str], often: u64, seldom: u64| if tally.hunts(changes) { often } else { seldom };
    match line {
        line if line.ends_with(" judged") => random
            .percent(often(&BY_LATE_STATEMENTS, 40, 8))
            .then_some(TICKET_LIFE + 1),
        line if line.ends_with(" waiting:earlier-undecided") => random
            .percent(often(&BY_PASSED_TURNS, 10, 2))
            .then_some(PRIORITY_WINDOW + 1),
        _ => None,
    }
}
