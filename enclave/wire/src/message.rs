//! The messages, one for each kind of frame.

use crate::exit::Exit;
use crate::frame::{Frame, FrameError, Kind};
use alloy_primitives::{Address, B256};
use minicbor::{Decode, Encode};
use orv_receipt::cbor::{self, CanonicalError};
use orv_receipt::{Domain, IncumbentFacts, ProjectFacts, ProposalFacts, Run, Signature};

/// Version of frames and messages; the enclave refuses any other.
pub const WIRE_VERSION: u16 = 1;

/// Most bytes of content in one segment.
pub const MAX_SEGMENT: usize = 256 * 1024;

/// Most segments that one `Want` may be answered with.
pub const SEGMENTS_IN_FLIGHT: u64 = 8;

/// What host and enclave say to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The host's first message.
    Hello(Hello),
    /// The answer to it.
    Identity(Identity),
    /// Judge this proposal.
    Job(Box<Job>),
    /// Send these bytes.
    Want(Want),
    /// Some bytes.
    Segment(Segment),
    /// How far the job is.
    Progress(Progress),
    /// The signed statement; the bundle's segments came before it.
    Result(Box<Outcome>),
    /// It does not go on, and why.
    Error(Failure),
    /// Stop this job.
    Cancel(Cancel),
    /// The enclave ends, and why.
    Exit(Exit),
}

/// Who asks, with a challenge for the evidence, and what the key shall be bound to.
///
/// The first `Hello` of a key's life binds it; a later one may bring a new challenge, never another binding.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// [`WIRE_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The challenge of DESIGN 5.4.
    #[cbor(n(1), with = "cbor::word")]
    pub challenge: B256,
    /// Chain and gateway.
    #[n(2)]
    pub domain: Domain,
    /// The `EnclaveRegistry` that will admit the key.
    #[cbor(n(3), with = "cbor::address")]
    pub registry: Address,
    /// The operator that the key will work for.
    #[cbor(n(4), with = "cbor::address")]
    pub operator: Address,
}

/// The enclave's key and its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Identity {
    /// [`WIRE_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The envelope of `orv-evidence`, canonical.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub envelope: Vec<u8>,
}

/// One proposal to judge. Every fact is a claim of the host and ends in the signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Job {
    /// Chain and gateway of the statement.
    #[n(0)]
    pub domain: Domain,
    /// The `ProposalLedger`.
    #[cbor(n(1), with = "cbor::address")]
    pub ledger: Address,
    /// The `ProjectRegistry`.
    #[cbor(n(2), with = "cbor::address")]
    pub registry: Address,
    /// The gateway's ticket.
    #[cbor(n(3), with = "cbor::word")]
    pub ticket: B256,
    /// The project.
    #[n(4)]
    pub project: ProjectFacts,
    /// The proposal.
    #[n(5)]
    pub proposal: ProposalFacts,
    /// The best to beat.
    #[n(6)]
    pub incumbent: IncumbentFacts,
}

/// A request for bytes: answered by segments that cover `[offset, min(offset + length, total))`, or by an error.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Want {
    /// 0G root or SHA-256, as it stands on chain.
    #[cbor(n(0), with = "cbor::word")]
    pub hash: B256,
    /// First byte wanted.
    #[n(1)]
    pub offset: u64,
    /// Most bytes wanted; at most [`SEGMENTS_IN_FLIGHT`] x [`MAX_SEGMENT`].
    #[n(2)]
    pub length: u64,
}

/// Some bytes of one content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Segment {
    /// The hash that was wanted; for a bundle, its root.
    #[cbor(n(0), with = "cbor::word")]
    pub hash: B256,
    /// Where the bytes begin.
    #[n(1)]
    pub offset: u64,
    /// Length of the whole content, as the sender says.
    #[n(2)]
    pub total: u64,
    /// The bytes, 1 to [`MAX_SEGMENT`].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Progress {
    /// The stage.
    #[n(0)]
    pub stage: Stage,
    /// Steps done in this stage.
    #[n(1)]
    pub done: u64,
    /// Steps expected, 0 where unknown.
    #[n(2)]
    pub total: u64,
}

/// Stages of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// Bytes arrive.
    #[n(0)]
    Fetch,
    /// Trees and image are laid out.
    #[n(1)]
    Prepare,
    /// Trials run.
    #[n(2)]
    Trials,
    /// The statement is signed.
    #[n(3)]
    Sign,
}

/// A finished job.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Outcome {
    /// The statement.
    #[n(0)]
    pub run: Run,
    /// The key's signature over it.
    #[n(1)]
    pub signature: Signature,
}

/// A failure with its code.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Failure {
    /// What kind of failure.
    #[n(0)]
    pub code: FailureCode,
    /// For people; at most 1,024 characters.
    #[n(1)]
    pub detail: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum FailureCode {
    /// The other side speaks another version.
    #[n(0)]
    Version,
    /// A message that has no place here.
    #[n(1)]
    OutOfOrder,
    /// A message that could not be read.
    #[n(2)]
    Malformed,
    /// The key is bound to another chain, registry, gateway or operator.
    #[n(3)]
    OtherBinding,
    /// No `Hello` came before the job.
    #[n(4)]
    NoIdentity,
    /// This ticket has its statement already, or its code was run and the job broken off.
    #[n(5)]
    TicketUsed,
    /// The key has signed as many statements as it may.
    #[n(6)]
    KeyExhausted,
    /// The host has no such bytes.
    #[n(7)]
    Missing,
    /// The job was cancelled.
    #[n(8)]
    Cancelled,
    /// Evidence could not be collected.
    #[n(9)]
    Evidence,
    /// The enclave itself failed; nothing was signed.
    #[n(10)]
    Internal,
    /// The enclave keeps as many connections as it can: come again when one has ended.
    #[n(11)]
    Busy,
}

/// Stop the job of this stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Cancel {}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The frame was not readable.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The payload is not the canonical CBOR of its kind.
    #[error("{kind:?}: {source}")]
    Payload {
        /// Kind of the frame.
        kind: Kind,
        /// What is wrong.
        source: CanonicalError,
    },
}

macro_rules! messages {
    ($($kind:ident => $wrap:expr, $open:pat => $value:expr);+ $(;)?) => {
        impl Message {
            /// The frame of this message on a stream.
            pub fn to_frame(&self, stream: u32) -> Frame {
                match self {
                    $($open => Frame { kind: Kind::$kind, stream, payload: cbor::encode($value) }),+
                }
            }

            /// The kind of its frame.
            pub fn kind(&self) -> Kind {
                match self {
                    $($open => { let _ = $value; Kind::$kind })+
                }
            }

            /// The message of a frame.
            ///
            /// # Errors
            /// [`MessageError::Payload`].
            pub fn from_frame(frame: &Frame) -> Result<Self, MessageError> {
                let payload = |source| MessageError::Payload { kind: frame.kind, source };
                match frame.kind {
                    $(Kind::$kind => cbor::decode_canonical(&frame.payload).map($wrap).map_err(payload)),+
                }
            }
        }
    };
}

messages! {
    Hello => Message::Hello, Message::Hello(value) => value;
    Identity => Message::Identity, Message::Identity(value) => value;
    Job => |job| Message::Job(Box::new(job)), Message::Job(value) => value.as_ref();
    Want => Message::Want, Message::Want(value) => value;
    Segment => Message::Segment, Message::Segment(value) => value;
    Progress => Message::Progress, Message::Progress(value) => value;
    Result => |outcome| Message::Result(Box::new(outcome)), Message::Result(value) => value.as_ref();
    Error => Message::Error, Message::Error(value) => value;
    Cancel => Message::Cancel, Message::Cancel(value) => value;
    Exit => Message::Exit, Message::Exit(value) => value;
}
