//! A connection that speaks messages, over anything that reads and writes.

use crate::deadline::{Timed, readable};
use crate::frame::{Frame, FrameError};
use crate::message::{Failure, FailureCode, MAX_SEGMENT, Message, MessageError, Segment};
use alloy_primitives::B256;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// One side of a connection. Time limits are those of the stream below.
#[derive(Debug)]
pub struct Channel<S> {
    stream: S,
}

impl<S: Read + Write> Channel<S> {
    /// Speaks over a stream.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// The stream below.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream below, and an end of the messages.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`FrameError`]: too long, or the stream failed.
    pub fn send(&mut self, stream: u32, message: &Message) -> Result<(), FrameError> {
        message.to_frame(stream).write_to(&mut self.stream)
    }

    /// Waits for one message and tells its stream.
    ///
    /// # Errors
    /// [`MessageError`]: the stream ended or failed, or what came is no message.
    pub fn receive(&mut self) -> Result<(u32, Message), MessageError> {
        let frame = Frame::read_from(&mut self.stream)?;
        let message = Message::from_frame(&frame)?;
        Ok((frame.stream, message))
    }

    /// Waits for one message as [`Channel::receive`] does, but no longer than `first` for its first byte and `rest` from
    /// then on, however the bytes drip.
    ///
    /// # Errors
    /// [`MessageError`]; being late is a failure of the stream, of kind `TimedOut`.
    pub fn receive_within(&mut self, first: Duration, rest: Duration) -> Result<(u32, Message), MessageError>
    where
        S: AsFd,
    {
        readable(&self.stream, Instant::now() + first).map_err(FrameError::from)?;
        let mut timed = Timed {
            stream: &mut self.stream,
            deadline: Instant::now() + rest,
        };
        let frame = Frame::read_from(&mut timed)?;
        let message = Message::from_frame(&frame)?;
        Ok((frame.stream, message))
    }

    /// Sends a failure; its detail is cut to 1,024 characters.
    ///
    /// # Errors
    /// [`FrameError`]: the stream failed.
    pub fn fail(&mut self, stream: u32, code: FailureCode, detail: &str) -> Result<(), FrameError> {
        let detail = orv_receipt::detail(detail);
        self.send(stream, &Message::Error(Failure { code, detail }))
    }

    /// Sends `bytes[offset..offset + length]` as segments.
    ///
    /// # Errors
    /// [`FrameError`]: the stream failed.
    pub fn send_segments(
        &mut self,
        stream: u32,
        hash: B256,
        bytes: &[u8],
        offset: u64,
        length: u64,
    ) -> Result<(), FrameError> {
        let total = bytes.len() as u64;
        let end = offset.saturating_add(length).min(total);
        let range = usize::try_from(offset).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
        let wanted = bytes.get(range).unwrap_or_default();
        let mut offset = offset;
        for part in wanted.chunks(MAX_SEGMENT) {
            let segment = Segment {
                hash,
                offset,
                total,
                bytes: part.to_vec(),
            };
            self.send(stream, &Message::Segment(segment))?;
            offset += part.len() as u64;
        }
        Ok(())
    }
}
