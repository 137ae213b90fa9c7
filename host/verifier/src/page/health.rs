//! Whether the daemon is alive, and whether it would take a proposal now.

use super::situation::Situation;
use super::words::span;
use serde::Serialize;
use std::time::Duration;

/// Something that keeps the daemon from working.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// A stable word for programs.
    pub reason: &'static str,
    /// What is seen.
    pub detail: String,
    /// What to do about it.
    pub advice: &'static str,
    /// The place in the runbook.
    pub runbook: &'static str,
}

/// What stands in the way of being alive: the loop has said nothing for too long.
pub(super) fn stalled(situation: &Situation<'_>) -> Option<Obstacle> {
    let since = situation.live.heard.unwrap_or(situation.live.begun);
    let runs = situation.live.flights.values().any(|flight| flight.run.is_some());
    let running = if runs { situation.operation.run_seconds } else { 0 };
    let bound = Duration::from_secs(situation.settings.stalled_seconds.saturating_add(running));
    let silent = situation.now.saturating_sub(since);
    (silent > bound).then(|| Obstacle {
        reason: "stalled",
        detail: format!("the loop has said nothing for {}", span(silent)),
        advice: "Restart the daemon: the journal knows where it was.",
        runbook: "OrvVerifierStalled",
    })
}

/// Everything that stands in the way of being ready, worst first.
pub(super) fn obstacles(situation: &Situation<'_>) -> Vec<Obstacle> {
    let mut found: Vec<_> = stalled(situation).into_iter().collect();
    if situation.rows.is_none() {
        found.push(Obstacle {
            reason: "journal-unreadable",
            detail: "the journal cannot be read".to_owned(),
            advice: "Look at the disk and at the journal's permissions.",
            runbook: "OrvJournalUnreadable",
        });
    }
    let Some(seen) = situation.surroundings() else {
        found.push(Obstacle {
            reason: "starting",
            detail: "no round has ended yet".to_owned(),
            advice: "Wait for the first round.",
            runbook: "OrvVerifierNotReady",
        });
        return found;
    };
    if let Some(why) = &seen.paused {
        found.push(Obstacle {
            reason: "paused",
            detail: why.clone(),
            advice: "Mend what the reason names; new work is taken again by itself.",
            runbook: "OrvVerifierPaused",
        });
    }
    found.extend(chain(situation));
    found.extend(keys(situation));
    if seen.listed == Some(false) {
        found.push(Obstacle {
            reason: "gateway-not-listed",
            detail: "the ledger does not list the gateway".to_owned(),
            advice: "The ledger's owner has to list it: nothing can be settled before.",
            runbook: "OrvGatewayNotListed",
        });
    }
    found
}

fn keys(situation: &Situation<'_>) -> Option<Obstacle> {
    let enclaves = situation.enclaves();
    if enclaves.iter().any(|enclave| situation.is_live(enclave)) {
        return None;
    }
    Some(match enclaves.iter().find(|enclave| enclave.revoked) {
        Some(enclave) => Obstacle {
            reason: "key-revoked",
            detail: format!("the key of {} was revoked", enclave.address),
            advice: "Find out why before the enclave is booted anew.",
            runbook: "OrvKeyRevoked",
        },
        None => Obstacle {
            reason: "no-live-key",
            detail: "no enclave has a live key".to_owned(),
            advice: "Look at the enclave's console and at the admission of its key.",
            runbook: "OrvNoLiveKey",
        },
    })
}

fn chain(situation: &Situation<'_>) -> Option<Obstacle> {
    let Some(age) = situation.head_age() else {
        return Some(Obstacle {
            reason: "chain-unseen",
            detail: "the chain's head was not seen in the last round".to_owned(),
            advice: "Check the RPC addresses.",
            runbook: "OrvChainUnseen",
        });
    };
    situation.is_head_stale().then(|| Obstacle {
        reason: "chain-stale",
        detail: format!("the newest block is {} old", span(age)),
        advice: "Check whether the RPC endpoint lags, and this machine's clock.",
        runbook: "OrvChainHeadOld",
    })
}
