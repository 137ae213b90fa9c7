//! A proposal's state for people: what it means, and what comes next.

use orv_verifier::journal::{CloseCause, Settlement, State, WaitCause};

/// A state in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    /// Where the proposal is.
    pub(super) state: &'static str,
    /// What happens next, or what its operator can do.
    pub(super) next: &'static str,
}

/// Of every state.
pub(super) fn words(state: State) -> Words {
    let (state, next) = match state {
        State::Seen => ("seen", "its turn comes"),
        State::Waiting(cause) => waiting(cause),
        State::TicketOpen => ("ticket open", "an enclave takes the job"),
        State::Running => ("running", "the enclave states a verdict"),
        State::Judged => ("judged", "the statement goes to the chain"),
        State::Settling => ("settling", "the chain takes the statement"),
        State::Settled(Settlement::Approved) => ("approved", "nothing: the miner has stake and reward"),
        State::Settled(Settlement::Rejected) => ("rejected", "nothing: the stake is slashed"),
        State::Inconclusive => ("inconclusive", "another attempt, while one is left"),
        State::SetAside => ("set aside", "another attempt, once what was in its way is gone"),
        State::Closed(cause) => closed(cause),
    };
    Words { state, next }
}

fn waiting(cause: WaitCause) -> (&'static str, &'static str) {
    match cause {
        WaitCause::EarlierUndecided => ("waits for an earlier proposal", "the earlier one is decided or expires"),
        WaitCause::ReviewLocked => ("waits: another verifier reviews it", "their lock lapses, within a day"),
        WaitCause::OtherTicket => ("waits: another operator has a ticket", "their ticket ends or lapses"),
        WaitCause::GatewayNotListed => (
            "waits: the gateway is not listed",
            "ask the ledger's owner to list the gateway",
        ),
        WaitCause::LowBalance => ("waits: too few coins", "send coins to the operator's account"),
        WaitCause::KeyNotLive => (
            "waits: no live enclave key",
            "restart the enclave; `orv doctor` says why",
        ),
        WaitCause::TicketLost => ("waits: its ticket was lost", "the ticket lapses, then another attempt"),
        WaitCause::HeldForQuorum => (
            "held for other operators",
            "enough operators agree, or the ticket lapses",
        ),
    }
}

fn closed(cause: CloseCause) -> (&'static str, &'static str) {
    match cause {
        CloseCause::DecidedElsewhere => ("closed: decided elsewhere", "nothing"),
        CloseCause::TooLate => ("closed: too late", "nothing; anybody may expire it after its deadline"),
        CloseCause::PoolExhausted => ("closed: the pool is empty", "nothing: no approval can be paid"),
        CloseCause::AttemptsExhausted => ("closed: attempts used up", "nothing; `attempts` bounds them"),
        CloseCause::Withdrawn => (
            "closed: withdrawn by a reorganisation",
            "nothing, unless it is submitted again",
        ),
        CloseCause::CannotWin => ("closed: cannot win any more", "nothing: the best has moved beyond it"),
        CloseCause::Overtaken => ("closed: overtaken", "nothing: the best moved before its verdict"),
    }
}

/// Seconds for people: the two largest units.
pub(super) fn age(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Rows with their columns aligned; the last column as long as it is.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_their_two_largest_units() {
        let shown = [5, 61, 3_720, 90_000].map(age);
        assert_eq!(shown, ["5 s", "1 min", "1 h 2 min", "1 d 1 h"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "a    bb\nccc  d");
    }
}
