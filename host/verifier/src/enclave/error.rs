//! How a conversation with the enclave fails.

use orv_chain::primitives::{Address, B256};
use orv_evidence::{ContextError, EnvelopeError};
use orv_wire::{AssemblyError, Failure, FailureCode, FrameError, MessageError};
use std::io;
use std::time::Duration;

/// How long a report of the enclave's end may take after its connection has broken: it is sent by a process that outlives
/// the one at the other end, and that finds its parent under the second of two context ids only after a while.
const REPORT: Duration = Duration::from_secs(30);

/// A failed conversation. Nothing is sent to the chain after any of these.
#[derive(Debug, thiserror::Error)]
pub enum EnclaveError {
    /// No connection.
    #[error("no connection to the enclave at {address}: {source}")]
    Unreachable {
        /// Where it should listen.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The connection broke, or what came over it was no message.
    #[error("the enclave's connection: {0}")]
    Connection(#[from] MessageError),
    /// Whether the enclave has something to say could not be found out.
    #[error("the enclave's connection: {0}")]
    Poll(io::Error),
    /// The enclave refused, with its own code.
    #[error("the enclave refused ({:?}): {}", .0.code, .0.detail)]
    Refused(Failure),
    /// The enclave ends, in its own words.
    #[error("the enclave ends: {0}")]
    Exit(String),
    /// Nobody can listen where the enclave reports its end.
    #[error("why the enclave at {address} ends will not be heard: {source}")]
    ExitPort {
        /// Where it should listen itself.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A message that has no place.
    #[error("the enclave sent {got} where {expected} was expected")]
    OutOfOrder {
        /// What should have come.
        expected: &'static str,
        /// What came.
        got: String,
    },
    /// Another version of the wire.
    #[error("the enclave speaks wire version {0}")]
    Version(u16),
    /// No envelope.
    #[error("the enclave's identity: {0}")]
    Envelope(#[from] EnvelopeError),
    /// No context in the envelope.
    #[error("the enclave's identity: {0}")]
    Context(#[from] ContextError),
    /// The key is no point of the curve.
    #[error("the enclave's key is not a point on secp256k1")]
    Key,
    /// The envelope is bound to something else than was asked.
    #[error("the enclave's identity is bound to {field} {got}, asked for {asked}")]
    OtherBinding {
        /// Which part of the binding.
        field: &'static str,
        /// What was asked.
        asked: String,
        /// What the envelope has.
        got: String,
    },
    /// A segment of the bundle that does not fit.
    #[error("the enclave's bundle: {0}")]
    Bundle(#[from] AssemblyError),
    /// The statement came before the whole bundle.
    #[error("the enclave sent its statement before the whole bundle")]
    BundleIncomplete,
    /// Nothing was said for too long.
    #[error("the enclave was silent for {} s", .0.as_secs())]
    Silent(Duration),
    /// The ticket lapses before the job is done.
    #[error("the ticket's time ran out before the job was done")]
    OutOfTime,
    /// The operator stops.
    #[error("stopped by the operator")]
    Stopped,
    /// Content that was found could not be read.
    #[error("content {hash} cannot be served: {detail}")]
    Contents {
        /// The content.
        hash: B256,
        /// Why not.
        detail: String,
    },
    /// The statement cannot be trusted.
    #[error(transparent)]
    Distrusted(#[from] Distrust),
}

/// Why a statement is not sent to the chain, though its enclave may have signed it: the host's self-defence, since a
/// statement that the gateway refuses costs gas and attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The bundle's own root is not the one that was announced or signed.
    #[error("the bundle has root {computed}, the {claimed_by} says {claimed}")]
    BundleRoot {
        /// Root of the bytes.
        computed: B256,
        /// The other root.
        claimed: B256,
        /// Who says so: `segments` or `statement`.
        claimed_by: &'static str,
    },
    /// Empty bytes have no root.
    #[error("the bundle is empty")]
    NoBundle,
    /// The signature says nothing.
    #[error("the statement's signature: {0}")]
    Signature(#[from] orv_receipt::SignatureError),
    /// Signed by another key than the admitted one.
    #[error("the statement is signed by {signer}, the key is {key}")]
    Signer {
        /// Who signed.
        signer: Address,
        /// The admitted key.
        key: Address,
    },
    /// The statement is about something else than was asked.
    #[error("the statement's {field} is {got}, asked for {asked}")]
    OtherStatement {
        /// The field.
        field: &'static str,
        /// What was asked.
        asked: String,
        /// What is stated.
        got: String,
    },
    /// A check that every auditor makes fails.
    #[error("check {name} of the receipt fails: {detail}")]
    Check {
        /// The check's stable name.
        name: &'static str,
        /// What was compared.
        detail: String,
    },
}

impl EnclaveError {
    /// Whether the enclave's key can sign no more: it needs a restart, which makes a new key.
    pub fn needs_new_key(&self) -> bool {
        matches!(
            self,
            Self::Refused(Failure {
                code: FailureCode::KeyExhausted,
                ..
            })
        )
    }

    /// Whether the enclave may have ended, and how long its report of that may take to come after.
    pub(crate) fn may_be_its_end(&self) -> Option<Duration> {
        match self {
            Self::Connection(_) | Self::Poll(_) => Some(REPORT),
            Self::Unreachable { .. } | Self::Silent(_) => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// Whether this ticket can get no statement any more.
    pub fn loses_ticket(&self) -> bool {
        match self {
            Self::Refused(failure) => matches!(failure.code, FailureCode::TicketUsed | FailureCode::KeyExhausted),
            Self::Distrusted(_) | Self::OutOfTime => true,
            _ => false,
        }
    }
}

impl From<FrameError> for EnclaveError {
    fn from(error: FrameError) -> Self {
        Self::Connection(error.into())
    }
}
