//! What a mined transaction did with a statement.

use super::Sent;
use crate::journal::{Ending, Settlement};
use orv_chain::{Closed, Settled};

/// `settle` carried the verdict out, whichever of the quorum's tickets it names; nothing for a verdict that there is not.
pub(super) fn settled(settled: Settled) -> Option<Sent> {
    let settlement = match settled.verdict {
        1 => Settlement::Approved,
        2 => Settlement::Rejected,
        _ => return None,
    };
    Some(Sent::Ended(Ending::Settled(settlement), settled.mined))
}

/// `record` used the ticket up without a verdict.
pub(super) fn recorded(closed: Closed) -> Option<Sent> {
    Some(match closed {
        Closed::Inconclusive(mined) => Sent::Ended(Ending::Inconclusive, mined),
        Closed::SetAside { mined, .. } => Sent::Ended(Ending::SetAside, mined),
        Closed::Held(mined) => Sent::Held(mined),
    })
}
