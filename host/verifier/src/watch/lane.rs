//! One enclave and its queue of one.

use super::circuit::{Circuit, CircuitRule, Permission, Trials};
use super::errand::Outcome;
use crate::configuration::EnclaveSettings;
use crate::enclave::{EnclaveError, ExitPorts};
use crate::error::VerifierError;
use crate::notice::{EnclaveSeen, Notice, Observer};
use crate::run::{Care, Desk, Seen};
use orv_chain::ProposalId;
use orv_chain::primitives::Address;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;

/// One enclave.
pub(super) struct Lane {
    pub(super) desk: Arc<Mutex<Desk>>,
    seen: Seen,
    /// Breaks when the enclave fails in a row.
    pub(super) circuit: Circuit,
    /// Breaks when the idle enclave's key does not come to life, whatever the reason: each try may cost gas.
    introductions: Circuit,
    /// A task has the desk.
    pub(super) busy: bool,
    /// Set to have a running job cancelled.
    pub(super) cancel: Arc<AtomicBool>,
}

impl Lane {
    pub(super) fn new(settings: EnclaveSettings, ports: &ExitPorts, observer: &dyn Observer) -> Self {
        let mut desk = Desk::new(settings);
        if let Err(error) = desk.hear(ports) {
            observer.notice(&Notice::failed(None, &VerifierError::from(error)));
        }
        Self {
            seen: desk.seen(),
            desk: Arc::new(Mutex::new(desk)),
            circuit: Circuit::default(),
            introductions: Circuit::default(),
            busy: false,
            cancel: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(super) fn seen(&self) -> EnclaveSeen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn key(&self) -> Option<Address> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).key
    }

    pub(super) fn begin(&mut self, proposal: Option<ProposalId>) {
        self.busy = true;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).judging = proposal;
    }

    pub(super) fn end(&mut self) {
        self.busy = false;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).judging = None;
    }

    pub(super) fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// The care that an idle enclave is given now: what failed in a row is not tried again in every round.
    pub(super) fn care(&mut self, wanted: Care, now: u64) -> Care {
        match (wanted, self.introductions.permission(now)) {
            (Care::KeepOpen, _) | (_, Permission::Refused(_)) => Care::KeepOpen,
            (Care::KeepLive, Permission::Granted) => Care::KeepLive,
            (Care::KeepLive, Permission::Trial) => {
                self.introductions.begin_trial(now);
                Care::KeepLive
            }
        }
    }

    /// What came of the care for an idle enclave.
    pub(super) fn learn_of_care(
        &mut self,
        care: Care,
        outcome: &Result<Outcome, VerifierError>,
        rule: &CircuitRule,
        now: u64,
    ) {
        match outcome {
            _ if care == Care::KeepOpen => {}
            Ok(_) => self.introductions.worked(),
            // That says nothing about the enclave, and is paused for by itself.
            Err(error) if error.is_of_a_chain_away() => self.introductions.trial_said_nothing(),
            Err(error) => self.introductions.failed(
                &CircuitRule {
                    trials: trials(error),
                    ..*rule
                },
                now,
            ),
        }
    }

    /// What an attempt's outcome says about the enclave.
    pub(super) fn learn(&mut self, outcome: &Result<Outcome, VerifierError>, rule: &CircuitRule, now: u64) {
        learn(&mut self.circuit, outcome, rule, now);
    }
}

/// Whoever knocks at a closed door has paid for nothing.
fn trials(error: &VerifierError) -> Trials {
    match error {
        VerifierError::Enclave(EnclaveError::Unreachable { .. }) => Trials::Free,
        _ => Trials::Dear,
    }
}

/// An attempt that the enclave had no part in ends a trial, too: the next one may be tried at once.
fn learn(circuit: &mut Circuit, outcome: &Result<Outcome, VerifierError>, rule: &CircuitRule, now: u64) {
    match outcome {
        Ok(Outcome::Further) => circuit.worked(),
        Err(error) if error.is_of_enclave() => circuit.failed(rule, now),
        Ok(_) | Err(_) => circuit.trial_said_nothing(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enclave::EnclaveError;
    use crate::watch::circuit::Permission;

    const RULE: CircuitRule = CircuitRule {
        failures: 1,
        retry_seconds: 60,
        trials: Trials::Dear,
    };

    #[test]
    fn a_trial_that_says_nothing_about_the_enclave_lets_another_begin() {
        let said_nothing: [Result<Outcome, VerifierError>; 3] = [
            Ok(Outcome::Rest),
            Ok(Outcome::OtherKey),
            Err(VerifierError::TaskStopped),
        ];
        for outcome in said_nothing {
            let mut circuit = Circuit::default();
            learn(&mut circuit, &Err(EnclaveError::OutOfTime.into()), &RULE, 0);
            assert_eq!(circuit.permission(60), Permission::Trial);
            circuit.begin_trial(60);
            learn(&mut circuit, &outcome, &RULE, 61);
            assert_eq!(circuit.permission(61), Permission::Trial, "{outcome:?}");
        }
    }
}
