//! A root and the length that belongs to it.

use std::io::Read;

use thiserror::Error;

use super::shape::SEGMENT_BYTES;
use super::{EmptyContent, Engine, RootHasher, Shape};
use crate::hash::Root;

/// What a content is: its root together with its length, which the root does not bind (0G Storage reference 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// The 0G root.
    pub root: Root,
    /// The length, in bytes; never zero.
    pub length: u64,
}

/// Why a stream has no root.
#[derive(Debug, Error)]
pub enum StreamError {
    /// The stream cannot be read.
    #[error("the content cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The stream goes on beyond the greatest length.
    #[error("content of more than {limit} bytes")]
    TooLong {
        /// Greatest length.
        limit: u64,
    },
    /// The stream has no bytes.
    #[error(transparent)]
    Empty(#[from] EmptyContent),
}

impl Commitment {
    /// The commitment to `bytes`.
    ///
    /// # Errors
    /// [`EmptyContent`] when there are none.
    pub fn of(bytes: &[u8]) -> Result<Self, EmptyContent> {
        Self::with(&Engine::one_thread(), bytes)
    }

    /// The same, computed as `engine` says.
    ///
    /// # Errors
    /// [`EmptyContent`] when there are none.
    pub fn with(engine: &Engine, bytes: &[u8]) -> Result<Self, EmptyContent> {
        let mut hasher = RootHasher::with(*engine);
        hasher.update(bytes);
        let (root, length) = hasher.finish()?;
        Ok(Self { root, length })
    }

    /// The commitment to what `stream` holds to its end, at most `limit` bytes. Holds three mebibytes of it at a time
    /// for each thread of the engine.
    ///
    /// # Errors
    /// What cannot be read, is longer, or is empty.
    pub fn of_stream(engine: &Engine, stream: impl Read, limit: u64) -> Result<Self, StreamError> {
        let mut stream = stream.take(limit.saturating_add(1));
        let mut hasher = RootHasher::with(*engine);
        let mut buffer = Vec::new();
        // Eight segments are what one thread hashes at once.
        let piece = 8 * SEGMENT_BYTES * engine.threads.get() as u64;
        loop {
            buffer.clear();
            stream.by_ref().take(piece).read_to_end(&mut buffer)?;
            if buffer.is_empty() {
                break;
            }
            hasher.update(&buffer);
        }
        let (root, length) = hasher.finish()?;
        if length > limit {
            return Err(StreamError::TooLong { limit });
        }
        Ok(Self { root, length })
    }

    /// The counts that follow from the length.
    ///
    /// # Errors
    /// [`EmptyContent`] when the length is zero, which no commitment of ours has.
    pub fn shape(&self) -> Result<Shape, EmptyContent> {
        Shape::of(self.length)
    }
}
