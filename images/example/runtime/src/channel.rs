//! The line channel between judge and candidate: one UTF-8 line is one message (DESIGN 5.6).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

/// The longest line in bytes, its end included (DESIGN 5.6).
pub const MAXIMUM_LINE: usize = 1 << 20;

/// Why a message could not pass.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The line has more than [`MAXIMUM_LINE`] bytes; for a line being read, the bytes seen until then.
    #[error("line of {length} bytes is longer than {MAXIMUM_LINE}")]
    LineTooLong {
        /// Bytes seen, line end included.
        length: usize,
    },
    /// The other side closed the channel inside a line.
    #[error("the channel ended inside a line, after {length} bytes of it")]
    UnfinishedLine {
        /// Bytes of the unfinished line.
        length: usize,
    },
    /// A message to be sent holds a line end of its own.
    #[error("a message is one line, this one has a line end at byte {position}")]
    LineEndInside {
        /// Where the first line end stands.
        position: usize,
    },
    /// The kernel refused to read or write.
    #[error("the channel failed: {0}")]
    Io(#[from] io::Error),
}

/// Both directions of the channel.
#[derive(Debug)]
pub struct Channel {
    incoming: BufReader<File>,
}

impl Channel {
    /// The channel over a connected stream socket.
    pub fn over(socket: File) -> Self {
        Self {
            incoming: BufReader::new(socket),
        }
    }

    /// The next line without its end, or `None` once the other side has closed the channel.
    ///
    /// # Errors
    /// [`ChannelError`] for a line that is too long or unfinished, and where reading fails.
    pub fn receive(&mut self) -> Result<Option<Vec<u8>>, ChannelError> {
        read_line(&mut self.incoming)
    }

    /// Sends `message` as one line.
    ///
    /// # Errors
    /// [`ChannelError`] for a message that is not one line of allowed length, and where writing fails.
    pub fn send(&mut self, message: &[u8]) -> Result<(), ChannelError> {
        let line = line_of(message)?;
        self.incoming.get_mut().write_all(&line)?;
        Ok(())
    }
}

/// Reads up to a line end, never more than [`MAXIMUM_LINE`] bytes.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, ChannelError> {
    let mut line = Vec::new();
    let length = reader.take(MAXIMUM_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    if length > MAXIMUM_LINE {
        return Err(ChannelError::LineTooLong { length });
    }
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(ChannelError::UnfinishedLine { length }),
    }
}

/// The bytes that carry `message`.
fn line_of(message: &[u8]) -> Result<Vec<u8>, ChannelError> {
    if let Some(position) = message.iter().position(|byte| *byte == b'\n') {
        return Err(ChannelError::LineEndInside { position });
    }
    let length = message.len() + 1;
    if length > MAXIMUM_LINE {
        return Err(ChannelError::LineTooLong { length });
    }
    let mut line = Vec::with_capacity(length);
    line.extend_from_slice(message);
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_the_stream_is_no_line() {
        assert!(read_line(&mut &b""[..]).unwrap().is_none());
    }

    #[test]
    fn an_empty_line_is_a_message() {
        assert_eq!(read_line(&mut &b"\n"[..]).unwrap(), Some(Vec::new()));
    }

    #[test]
    fn a_line_without_its_end_is_an_error() {
        assert!(matches!(
            read_line(&mut &b"half"[..]),
            Err(ChannelError::UnfinishedLine { length: 4 })
        ));
    }

    #[test]
    fn the_longest_line_passes_and_one_byte_more_does_not() {
        let longest = vec![b'x'; MAXIMUM_LINE - 1];
        assert_eq!(
            read_line(&mut line_of(&longest).unwrap().as_slice()).unwrap(),
            Some(longest)
        );
        let longer = vec![b'x'; MAXIMUM_LINE];
        assert!(matches!(line_of(&longer), Err(ChannelError::LineTooLong { .. })));
        assert!(matches!(
            read_line(&mut [longer, b"\n".to_vec()].concat().as_slice()),
            Err(ChannelError::LineTooLong { .. })
        ));
    }

    #[test]
    fn a_message_cannot_smuggle_a_second_line() {
        assert!(matches!(
            line_of(b"a\nb"),
            Err(ChannelError::LineEndInside { position: 1 })
        ));
    }

    proptest! {
        #[test]
        fn what_is_sent_is_received(message in prop::collection::vec(any::<u8>().prop_filter("no line end", |byte| *byte != b'\n'), 0..200)) {
            prop_assert_eq!(read_line(&mut line_of(&message).unwrap().as_slice()).unwrap(), Some(message));
        }
    }
}
