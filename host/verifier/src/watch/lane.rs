//! One enclave and its queue of one.

use super::circuit::Circuit;
use crate::configuration::EnclaveSettings;
use crate::error::VerifierError;
use crate::notice::{EnclaveSeen, Notice, Observer};
use crate::run::{Desk, Seen};
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
    /// A task has the desk.
    pub(super) busy: bool,
    /// Set to have a running job cancelled.
    pub(super) cancel: Arc<AtomicBool>,
}

impl Lane {
    pub(super) fn new(settings: EnclaveSettings, observer: &dyn Observer) -> Self {
        let mut desk = Desk::new(settings);
        if let Err(error) = desk.hear() {
            observer.notice(&Notice::failed(None, &VerifierError::from(error)));
        }
        Self {
            seen: desk.seen(),
            desk: Arc::new(Mutex::new(desk)),
            circuit: Circuit::default(),
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
}
