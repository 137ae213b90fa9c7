//! Messages and frames between host and enclave (DESIGN 5.10).
//!
//! The enclave listens, the host connects; the transport ([`Stream`]: vsock or a unix socket; in tests, memory) is
//! anything that reads and writes. Every frame is bounded before it is allocated, every payload is canonical CBOR of a
//! known shape, and content comes only when the enclave asked for it and only in the order it asked for. [`download`] takes
//! it in: at most eight segments are on their way, and each has its time.
//!
//! ```
//! use orv_wire::{Cancel, Channel, Message};
//! use std::io::Cursor;
//!
//! let mut sent = Channel::new(Cursor::new(Vec::new()));
//! sent.send(3, &Message::Cancel(Cancel {})).unwrap();
//! let bytes = sent.stream().get_ref().clone();
//! let (stream, message) = Channel::new(Cursor::new(bytes)).receive().unwrap();
//! assert_eq!((stream, message), (3, Message::Cancel(Cancel {})));
//! ```

mod assembly;
mod channel;
mod deadline;
mod download;
mod exit;
mod frame;
mod message;
mod stream;
mod window;

pub use assembly::Assembly;
pub use channel::Channel;
pub use download::{DownloadError, Downloaded, Order, Sink, download};
pub use exit::{Exit, ExitCode};
pub use frame::{Frame, FrameError, Kind, MAX_FRAME};
pub use message::{
    Cancel, Failure, FailureCode, Hello, Identity, Job, MAX_SEGMENT, Message, MessageError, Outcome, Progress,
    SEGMENTS_IN_FLIGHT, Segment, Stage, WIRE_VERSION, Want,
};
pub use stream::Stream;
pub use window::{AssemblyError, Window};
