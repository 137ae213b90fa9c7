//! The bytes that an enclave asks for by hash.

use orv_chain::primitives::B256;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Finds content by a hash on chain. Called on a blocking thread.
pub trait ContentSource: Send {
    /// The content, or nothing when nobody has it.
    ///
    /// # Errors
    /// A failure of this machine, which says nothing about the content and ends the job.
    fn find(&mut self, hash: B256) -> Result<Option<Content>, String>;
}

/// Bytes in a file, of which only asked-for parts are read.
#[derive(Debug)]
pub struct Content {
    file: File,
    size: u64,
}

impl Content {
    /// Opens a file.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    /// An open file.
    ///
    /// # Errors
    /// The system's reason.
    pub fn of(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }

    /// The whole length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// `length` bytes from `offset`, fewer at the end.
    ///
    /// # Errors
    /// The system's reason, or a file that was cut meanwhile.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}
