//! Bytes by hash, from a host that may send anything.

use super::allowance::Allowance;
use super::end::JobEnd;
use super::limits;
use crate::configuration::Patience;
use alloy_primitives::B256;
use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_content::Root;
use orv_wire::{Channel, Message, MessageError, Order, Progress, Stage, download};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Instant;

/// Bytes from the host, and their root.
pub(super) struct Fetched {
    pub(super) bytes: Bytes,
    pub(super) root: Root,
}

/// The host, as one job sees it.
pub(super) struct Host<'a, S> {
    channel: &'a mut Channel<S>,
    stream: u32,
    patience: Patience,
    /// When the last of its bytes must have come.
    until: Instant,
    /// What its bytes may take of the memory.
    allowance: Allowance,
}

impl<'a, S: Read + Write + AsFd> Host<'a, S> {
    /// Speaks on one stream of a connection; the job's time begins now, and the memory that it may take is what is free now.
    pub(super) fn new(channel: &'a mut Channel<S>, stream: u32, patience: Patience) -> Result<Self, JobEnd> {
        Ok(Self {
            channel,
            stream,
            patience,
            until: Instant::now() + limits::JOB_TIME,
            allowance: Allowance::of_the_machine().map_err(JobEnd::Memory)?,
        })
    }

    /// Bytes that the host says have this hash, at most `limit`, with the root that they were found to have while they
    /// came; nothing where it says that it has none. Whether the hash is right is for the caller to find out.
    pub(super) fn fetch(&mut self, hash: B256, limit: u64) -> Result<Option<Fetched>, JobEnd> {
        let order = Order {
            hash,
            limit,
            first: self.patience.search,
            each: self.patience.segment,
            until: self.until,
        };
        let downloaded = download(self.channel, self.stream, &order, self.allowance.place())?;
        Ok(downloaded.map(|downloaded| Fetched {
            bytes: downloaded.sink.into_bytes().into(),
            root: downloaded.root,
        }))
    }

    /// Tells how far the job is.
    pub(super) fn progress(&mut self, stage: Stage, done: u64, total: u64) -> Result<(), JobEnd> {
        Ok(self
            .channel
            .send(self.stream, &Message::Progress(Progress { stage, done, total }))?)
    }

    /// Sends a whole content.
    pub(super) fn deliver(&mut self, hash: B256, bytes: &[u8]) -> Result<(), JobEnd> {
        Ok(self
            .channel
            .send_segments(self.stream, hash, bytes, 0, bytes.len() as u64)?)
    }

    /// Whether the host has something to say while none of its bytes are wanted: only a cancel has a place there.
    pub(super) fn still_wants_it(&mut self) -> Result<(), JobEnd> {
        let mut ready = [PollFd::new(self.channel.stream().as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::ZERO) {
            Ok(0) => Ok(()),
            Ok(_) => match self.receive()? {
                Message::Cancel(_) => Err(JobEnd::Cancelled),
                other => Err(JobEnd::OutOfOrder(format!("{:?}", other.kind()))),
            },
            Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(JobEnd::Connection(MessageError::Frame(
                std::io::Error::from(error).into(),
            ))),
        }
    }

    /// What the host has begun to say; bytes that drip do not hold the job up.
    fn receive(&mut self) -> Result<Message, JobEnd> {
        let limit = self.patience.segment;
        let (stream, message) = self.channel.receive_within(limit, limit)?;
        if stream == self.stream {
            Ok(message)
        } else {
            Err(JobEnd::OutOfOrder(format!("a message of stream {stream}")))
        }
    }
}
