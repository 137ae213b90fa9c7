//! Frames: `u32 big-endian length | u8 kind | u32 big-endian stream | payload` (DESIGN 5.10).
//!
//! The length counts all that follows it: kind, stream and payload.

use std::io::{self, Read, Write};

/// Longest frame body (kind, stream and payload), in bytes.
pub const MAX_FRAME: usize = 1 << 20;

/// Bytes of kind and stream.
const HEADER: usize = 5;

/// One frame as it goes over the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub kind: Kind,
    /// Which job it belongs to; 0 is the connection itself.
    pub stream: u32,
    /// Deterministic CBOR.
    pub payload: Vec<u8>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $value:literal),+ $(,)?) => {
        /// What a frame carries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $value),+ }

        impl Kind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),+];

            /// The kind of a number.
            pub fn from_number(number: u8) -> Option<Self> {
                match number { $($value => Some(Self::$name),)+ _ => None }
            }

            /// The number on the wire.
            pub fn number(self) -> u8 {
                match self { $(Self::$name => $value),+ }
            }
        }
    };
}

kinds! {
    /// Host to enclave: version, challenge, and what the key is for.
    Hello = 1,
    /// Enclave to host: the key's envelope.
    Identity = 2,
    /// Host to enclave: judge this proposal.
    Job = 3,
    /// Enclave to host: send bytes of this hash.
    Want = 4,
    /// Either way: bytes.
    Segment = 5,
    /// Enclave to host: how far the job is.
    Progress = 6,
    /// Enclave to host: the signed statement.
    Result = 7,
    /// Either way: a coded failure.
    Error = 8,
    /// Host to enclave: stop this job.
    Cancel = 9,
    /// Enclave to host: the enclave ends, and why.
    Exit = 10,
}

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side closed the connection between two frames.
    #[error("the connection was closed")]
    Closed,
    /// The other side closed the connection inside a frame, was too slow, or the system failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The announced length is more than [`MAX_FRAME`].
    #[error("a frame of {0} bytes is longer than {MAX_FRAME}")]
    TooLong(usize),
    /// The announced length has no room for kind and stream.
    #[error("a frame of {0} bytes is too short")]
    TooShort(usize),
    /// No frame has this kind.
    #[error("unknown frame kind {0}")]
    UnknownKind(u8),
}

impl Frame {
    /// The bytes on the wire.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, FrameError> {
        let length = HEADER + self.payload.len();
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        let announced = u32::try_from(length).map_err(|_| FrameError::TooLong(length))?;
        let mut bytes = Vec::with_capacity(4 + length);
        bytes.extend_from_slice(&announced.to_be_bytes());
        bytes.push(self.kind.number());
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        Ok(bytes)
    }

    /// Writes one frame and flushes.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] and [`FrameError::Io`].
    pub fn write_to(&self, sink: &mut impl Write) -> Result<(), FrameError> {
        sink.write_all(&self.to_bytes()?)?;
        sink.flush()?;
        Ok(())
    }

    /// Reads one frame. The length is checked before anything is allocated.
    ///
    /// # Errors
    /// [`FrameError`]; [`FrameError::Closed`] only between two frames.
    pub fn read_from(source: &mut impl Read) -> Result<Self, FrameError> {
        let mut length = [0u8; 4];
        read_first(source, &mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        let Some(payload_length) = length.checked_sub(HEADER) else {
            return Err(FrameError::TooShort(length));
        };
        let mut kind = [0u8; 1];
        source.read_exact(&mut kind)?;
        let [kind] = kind;
        let kind = Kind::from_number(kind).ok_or(FrameError::UnknownKind(kind))?;
        let mut stream = [0u8; 4];
        source.read_exact(&mut stream)?;
        let mut payload = vec![0u8; payload_length];
        source.read_exact(&mut payload)?;
        Ok(Self {
            kind,
            stream: u32::from_be_bytes(stream),
            payload,
        })
    }
}

/// Fills the buffer; tells an end before the first byte from an end inside.
fn read_first(source: &mut impl Read, buffer: &mut [u8]) -> Result<(), FrameError> {
    loop {
        match source.read(buffer) {
            Ok(0) => return Err(FrameError::Closed),
            Ok(read) => {
                let rest = buffer.get_mut(read..).unwrap_or_default();
                return Ok(source.read_exact(rest)?);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_has_the_documented_bytes() {
        let frame = Frame {
            kind: Kind::Want,
            stream: 7,
            payload: vec![0xa0],
        };
        assert_eq!(frame.to_bytes().unwrap(), [0, 0, 0, 6, 4, 0, 0, 0, 7, 0xa0]);
    }

    #[test]
    fn an_announced_length_beyond_the_limit_is_refused_before_reading_on() {
        let bytes = ((MAX_FRAME + 1) as u32).to_be_bytes();
        assert!(matches!(
            Frame::read_from(&mut bytes.as_slice()),
            Err(FrameError::TooLong(_))
        ));
    }

    #[test]
    fn a_closed_connection_is_told_from_a_cut_frame() {
        assert!(matches!(Frame::read_from(&mut [].as_slice()), Err(FrameError::Closed)));
        assert!(matches!(
            Frame::read_from(&mut [0, 0, 0].as_slice()),
            Err(FrameError::Io(_))
        ));
        assert!(matches!(
            Frame::read_from(&mut [0, 0, 0, 9, 1, 0].as_slice()),
            Err(FrameError::Io(_))
        ));
    }

    proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same_frame(
            kind in proptest::sample::select(Kind::ALL),
            stream: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let frame = Frame { kind, stream, payload };
            prop_assert_eq!(Frame::read_from(&mut frame.to_bytes().unwrap().as_slice()).unwrap(), frame);
        }

        #[test]
        fn any_bytes_give_a_frame_or_a_typed_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Frame::read_from(&mut bytes.as_slice());
        }
    }
}
