//! What a mined transaction did with a statement.

use super::Sent;
use crate::journal::{Ending, Settlement};
use alloy::sol_types::SolEvent;
use orv_chain::bindings::VerifierGateway::VerdictSettled;
use orv_chain::{Closed, SendError, Settled};

/// `settle` carried the verdict out, whichever of the quorum's tickets it names.
///
/// # Errors
/// [`SendError::NoEvent`] for a verdict that there is not.
pub(super) fn settled(settled: Settled) -> Result<Sent, SendError> {
    let settlement = match settled.verdict {
        1 => Settlement::Approved,
        2 => Settlement::Rejected,
        _ => {
            let (hash, event) = (settled.mined.hash, VerdictSettled::SIGNATURE);
            return Err(SendError::NoEvent { hash, event });
        }
    };
    Ok(Sent::Ended(Ending::Settled(settlement), settled.mined))
}

/// `record` used the ticket up without a verdict.
pub(super) fn recorded(closed: Closed) -> Sent {
    match closed {
        Closed::Inconclusive(mined) => Sent::Ended(Ending::Inconclusive, mined),
        Closed::SetAside { mined, .. } => Sent::Ended(Ending::SetAside, mined),
        Closed::Held(mined) => Sent::Held(mined),
    }
}
