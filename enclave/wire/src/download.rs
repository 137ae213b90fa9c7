//! A content from a host that may send anything, hashed and put away while it comes.
//!
//! One thread reads the connection, another hashes what has come and puts it away, and neither is ever more than a few
//! segments ahead: the enclave's memory is bounded by the content's length, whatever the host does. A host that is slow
//! costs a connection and some time: each segment has its own, so that bytes which drip do not buy more, and all contents
//! of a job have theirs together.

use crate::assembly::reserve;
use crate::channel::Channel;
use crate::message::{Failure, FailureCode, Message, MessageError};
use crate::window::{AssemblyError, Window};
use alloy_primitives::B256;
use orv_content::Root;
use orv_content::merkle::RootHasher;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Segments that have been read and not been put away.
const READ_AHEAD: usize = 4;

/// What is wanted, and how long the host may take for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Hash of the content, which the host finds it by.
    pub hash: B256,
    /// Longest content that is taken, in bytes.
    pub limit: u64,
    /// How long the host may look for it.
    pub first: Duration,
    /// How long each segment may take, from its request or the one before it.
    pub each: Duration,
    /// When everything must have come.
    pub until: Instant,
}

/// Where a content is put.
pub trait Sink: Send {
    /// Makes ready for a content of this length, which is within the limit.
    ///
    /// # Errors
    /// There is no room.
    fn begin(&mut self, total: u64) -> io::Result<()>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// There is no room.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// One piece of memory of exactly the content's length.
impl Sink for Vec<u8> {
    fn begin(&mut self, total: u64) -> io::Result<()> {
        reserve(self, total).map_err(|error| io::Error::new(io::ErrorKind::OutOfMemory, error))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A file, for instance one in memory.
impl Sink for File {
    fn begin(&mut self, _total: u64) -> io::Result<()> {
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

/// A content that has come. Whether it is the wanted one shows its root, or else another hash of the bytes.
#[derive(Debug)]
pub struct Downloaded<K> {
    /// Where it was put.
    pub sink: K,
    /// Its 0G root.
    pub root: Root,
    /// Its length, in bytes.
    pub length: u64,
}

/// Why a content did not come.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The connection failed, or the host was too slow.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The host sent other bytes than those asked for.
    #[error(transparent)]
    Segment(#[from] AssemblyError),
    /// The host sent something else than bytes.
    #[error("{0} where bytes were wanted")]
    OutOfOrder(String),
    /// The host wants the job to end.
    #[error("cancelled")]
    Cancelled,
    /// The bytes could not be put away.
    #[error("no room for the bytes: {0}")]
    Sink(io::Error),
}

/// Asks the host for a content on one stream, and takes it in; nothing where the host says that it has none.
///
/// # Errors
/// [`DownloadError`]: the connection is of no further use, but for [`DownloadError::Sink`].
pub fn download<S: Read + Write + AsFd, K: Sink>(
    channel: &mut Channel<S>,
    stream: u32,
    order: &Order,
    sink: K,
) -> Result<Option<Downloaded<K>>, DownloadError> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        let putting = scope.spawn(move || put_away(&receiver, sink));
        let received = receive(channel, stream, order, sender);
        let put = match putting.join() {
            Ok(put) => put.map_err(DownloadError::Sink),
            Err(_) => Err(DownloadError::Sink(io::Error::other("hashing ended early"))),
        };
        match received? {
            Received::Nothing => Ok(None),
            // Whoever put away ended first has said why.
            Received::All | Received::Stopped => put.map(Some),
        }
    })
}

enum Received {
    All,
    Nothing,
    /// The other thread takes no more.
    Stopped,
}

/// A part of a content, and the length of the whole.
struct Part {
    total: u64,
    bytes: Vec<u8>,
}

fn receive<S: Read + Write + AsFd>(
    channel: &mut Channel<S>,
    stream: u32,
    order: &Order,
    parts: SyncSender<Part>,
) -> Result<Received, DownloadError> {
    let mut window = Window::new(order.hash, order.limit);
    while !window.is_complete() {
        while let Some(want) = window.ask() {
            channel.send(stream, &Message::Want(want)).map_err(MessageError::from)?;
        }
        let first = if window.taken() == 0 { order.first } else { order.each };
        let left = order.until.saturating_duration_since(Instant::now());
        let (from, message) = channel.receive_within(first.min(left), order.each.min(left))?;
        match message {
            _ if from != stream => return Err(DownloadError::OutOfOrder(format!("a message of stream {from}"))),
            Message::Segment(segment) => {
                window.take(&segment)?;
                let (total, bytes) = (segment.total, segment.bytes);
                if parts.send(Part { total, bytes }).is_err() {
                    return Ok(Received::Stopped);
                }
            }
            Message::Error(Failure {
                code: FailureCode::Missing,
                ..
            }) if window.taken() == 0 => return Ok(Received::Nothing),
            Message::Cancel(_) => return Err(DownloadError::Cancelled),
            other => return Err(DownloadError::OutOfOrder(format!("{:?}", other.kind()))),
        }
    }
    Ok(Received::All)
}

fn put_away<K: Sink>(parts: &Receiver<Part>, mut sink: K) -> io::Result<Downloaded<K>> {
    let mut hasher = RootHasher::new();
    let mut is_first = true;
    while let Ok(Part { total, bytes }) = parts.recv() {
        if std::mem::take(&mut is_first) {
            sink.begin(total)?;
        }
        hasher.update(&bytes);
        sink.put(&bytes)?;
    }
    let (root, length) = hasher.finish().map_err(io::Error::other)?;
    Ok(Downloaded { sink, root, length })
}
