//! What the daemon tells while it works, for whoever prints it.

use crate::error::VerifierError;
use crate::journal::State;
use orv_chain::ProposalId;
use orv_chain::primitives::Address;
use orv_wire::Stage;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The enclave's key is live.
    KeyLive(Address),
    /// A proposal changed its state.
    Changed {
        /// The proposal.
        proposal: ProposalId,
        /// The new state.
        state: State,
        /// Why.
        cause: String,
    },
    /// A job goes on inside the enclave.
    Progress {
        /// The proposal.
        proposal: ProposalId,
        /// What is being done.
        stage: Stage,
        /// Steps done.
        done: u64,
        /// Steps expected, 0 where unknown.
        total: u64,
    },
    /// A step failed and is tried again later.
    Failed {
        /// The proposal, where it is about one.
        proposal: Option<ProposalId>,
        /// The error's stable code.
        code: &'static str,
        /// What happened.
        message: String,
        /// What to do.
        advice: &'static str,
    },
}

impl Notice {
    /// A failure in words.
    pub(crate) fn failed(proposal: Option<ProposalId>, error: &VerifierError) -> Self {
        Self::Failed {
            proposal,
            code: error.code(),
            message: error.to_string(),
            advice: error.advice(),
        }
    }
}

/// Is told every [`Notice`]. Called from several threads; must return quickly.
pub trait Observer: Send + Sync {
    /// Takes one.
    fn notice(&self, notice: &Notice);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _notice: &Notice) {}
}
