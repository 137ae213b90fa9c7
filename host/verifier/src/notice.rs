//! What the daemon tells while it works, for whoever prints it.

use crate::error::VerifierError;
use crate::journal::{Event, State};
use orv_chain::primitives::{Address, U256};
use orv_chain::{BlockReference, NodeHealth, ProposalId};
use orv_wire::Stage;
use std::net::SocketAddr;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The operator's page is served, and where: of `page.listen` with port 0 only this tells it.
    PageServed(SocketAddr),
    /// The enclave's key is live.
    KeyLive(Address),
    /// A proposal is about to change its state: what the event tells of has happened, the journal does not have it yet.
    Changing {
        /// The proposal.
        proposal: ProposalId,
        /// The state that it leaves.
        from: State,
        /// What happened.
        event: Event,
    },
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
    /// The configuration file was read again, and the daemon works by it.
    Reloaded {
        /// Settings that differ and are only taken up by a start; none where it was taken up whole.
        left_out: Vec<&'static str>,
    },
    /// What the daemon saw of its surroundings, once in each round.
    Observed(Box<Surroundings>),
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

/// What the daemon works with, as it saw it last. What it could not see is absent, never an old value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The newest block.
    pub head: Option<BlockReference>,
    /// The newest block's time, in seconds of Unix time.
    pub head_time: Option<u64>,
    /// Seconds by which it may be older than this machine's clock before nothing is begun; 0 for any age.
    pub stale_head_seconds: u64,
    /// The first block that has not been searched for proposals.
    pub cursor: Option<u64>,
    /// Wei of the operator's account.
    pub balance: Option<U256>,
    /// Whether the ledger lists the gateway.
    pub listed: Option<bool>,
    /// Bytes that are free in the data directory.
    pub disk_free: Option<u64>,
    /// Each configured endpoint of the chain.
    pub endpoints: Vec<EndpointSeen>,
    /// Each configured enclave.
    pub enclaves: Vec<EnclaveSeen>,
    /// Why no new attempt is begun, where none is.
    pub paused: Option<String>,
}

/// One endpoint of the chain, as the daemon saw it last. With a quorum of one the spare endpoints are asked only when the
/// first one fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSeen {
    /// Its origin, without access keys.
    pub endpoint: String,
    /// The stable code of what is wrong with it, `ORV-N-001` to `ORV-N-003`; nothing where nothing is.
    pub code: Option<&'static str>,
    /// How it stands, in words, the code in front.
    pub state: String,
    /// Blocks by which it is behind the head that a quorum has; nothing where its own head was not compared.
    pub behind: Option<u64>,
}

impl EndpointSeen {
    /// As the connection has it, beside the head that a quorum has.
    pub fn of(health: &NodeHealth, agreed: Option<u64>) -> Self {
        let behind = agreed
            .zip(health.head)
            .map(|(agreed, head)| agreed.saturating_sub(head));
        Self {
            endpoint: health.endpoint.clone(),
            code: health.state.code(),
            state: health.state.to_string(),
            behind,
        }
    }
}

/// One enclave, as the daemon saw it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnclaveSeen {
    /// Where it listens.
    pub address: String,
    /// Its key, once it has introduced itself.
    pub key: Option<Address>,
    /// When the key's admission ends, in seconds of Unix time.
    pub expires_at: Option<u64>,
    /// Verdicts that the key has left.
    pub verdicts_left: Option<u32>,
    /// Whether somebody has revoked the key.
    pub revoked: bool,
    /// The proposal that it judges now.
    pub judging: Option<ProposalId>,
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
