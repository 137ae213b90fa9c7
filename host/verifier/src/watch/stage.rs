//! What a proposal's state asks for: a pure function of the journal's row.

use crate::journal::{Record, State, WaitCause};

/// What is to be done with a proposal next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Decide whether an attempt may begin, and begin it: needs an enclave in the end.
    Begin,
    /// Go on with an open ticket: needs the enclave that has its key.
    Attempt,
    /// Something beside the enclaves.
    Errand(Errand),
    /// Nothing.
    Nothing,
}

/// What is done beside the enclaves, in the order of its urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Errand {
    /// Bring a statement to the chain.
    Settle,
    /// Find out what the chain has.
    Reconcile,
    /// Go on after a restart.
    TakeUp,
    /// Look whether other operators' statements agree by now.
    Quorum,
    /// Decide whether an attempt may begin, and fetch what it needs.
    Prepare,
    /// Write the review, and decide about another attempt.
    End,
    /// Look whether the chain still has it.
    Watch,
}

impl Errand {
    /// Whether somebody waits for it; the others only look at what has ended.
    pub(super) fn is_urgent(self) -> bool {
        !matches!(self, Self::Quorum | Self::End | Self::Watch)
    }
}

/// What a row asks for. A row that this process works on is not asked about.
pub(super) fn stage(record: &Record) -> Stage {
    match record.state {
        State::Seen => Stage::Begin,
        State::Waiting(WaitCause::HeldForQuorum) => Stage::Errand(Errand::Quorum),
        State::Waiting(_) => Stage::Begin,
        State::TicketOpen => Stage::Attempt,
        State::Running => Stage::Errand(Errand::TakeUp),
        State::Judged => Stage::Errand(Errand::Settle),
        State::Settling => Stage::Errand(Errand::Reconcile),
        State::Inconclusive | State::SetAside => Stage::Errand(Errand::End),
        State::Settled(_) | State::Closed(_) if record.confirmed => Stage::Nothing,
        State::Settled(_) | State::Closed(_) => Stage::Errand(Errand::Watch),
    }
}
