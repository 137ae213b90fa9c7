//! The write-ahead log of a chain: its beginning and every operation, each on disk before it is carried out.
//!
//! A record is `u32 length, big endian | first 8 bytes of the content's keccak-256 | content`, the content JSON. A
//! process that is killed while it writes leaves at most its last record torn: that one was never carried out nor
//! answered, and is cut off.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use alloy::primitives::keccak256;

use super::ledger::Ledger;
use super::operation::{Genesis, Operation};

/// Most bytes of a content: a raw transaction is at most 4 MiB, in hexadecimal twice that.
const LARGEST: usize = 16 << 20;

/// Why a chain cannot be taken up from its log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The log.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another devnet writes it.
    #[error("{} is in use by another devnet", .0.display())]
    InUse(PathBuf),
    /// It is of a chain that was set up otherwise.
    #[error("{} is the log of a chain with other options or other first accounts", .0.display())]
    OtherChain(PathBuf),
    /// A record before the last is not what was written.
    #[error("{} is damaged at byte {offset}", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
    },
}

/// A log that is open for writing.
#[derive(Debug)]
pub struct OperationLog {
    file: File,
    end: u64,
    state: Writing,
}

/// Whether the file's end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Sound,
    /// A record was begun and could be neither ended nor cut off.
    Broken,
}

impl OperationLog {
    /// The chain of the log at `path`, which is begun with `genesis` where there is none yet.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn open(path: &Path, genesis: &Genesis) -> Result<(Self, Ledger), LogError> {
        let failed = |source| LogError::File {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LogError::InUse(path.to_owned()),
            TryLockError::Error(source) => failed(source),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (ledger, end) = replay(&bytes, genesis).map_err(|fault| fault.at(path))?;
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        let mut log = Self {
            file,
            end,
            state: Writing::Sound,
        };
        if let Some(ledger) = ledger {
            return Ok((log, ledger));
        }
        log.append(&content(genesis).map_err(failed)?).map_err(failed)?;
        Ok((log, genesis.ledger()))
    }

    /// Writes an operation and waits until the disk has it.
    ///
    /// # Errors
    /// The disk's. The operation is not in the log, and must not be carried out.
    pub fn write(&mut self, operation: &Operation) -> io::Result<()> {
        self.append(&content(operation)?)
    }

    fn append(&mut self, content: &[u8]) -> io::Result<()> {
        if self.state == Writing::Broken {
            return Err(io::Error::other("an earlier record could not be written"));
        }
        let record = record(content)?;
        let written = self.file.write_all(&record).and_then(|()| self.file.sync_data());
        if written.is_err() {
            let cut = self.file.set_len(self.end);
            if cut.and_then(|()| self.file.seek(SeekFrom::Start(self.end))).is_err() {
                self.state = Writing::Broken;
            }
            return written;
        }
        self.end += record.len() as u64;
        Ok(())
    }
}

fn content(value: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

fn record(content: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= LARGEST);
    let length = length.ok_or_else(|| io::Error::other("too large for the log"))?;
    Ok([&length.to_be_bytes()[..], &check(content), content].concat())
}

fn check(content: &[u8]) -> [u8; 8] {
    let mut check = [0; 8];
    check.copy_from_slice(keccak256(content).0.split_at(8).0);
    check
}

/// What is wrong with a log's bytes.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    OtherChain,
    Damaged(u64),
}

impl Fault {
    fn at(self, path: &Path) -> LogError {
        let path = path.to_owned();
        match self {
            Self::OtherChain => LogError::OtherChain(path),
            Self::Damaged(offset) => LogError::Damaged { path, offset },
        }
    }
}

/// The chain that a log tells of, none where not even its beginning was written, and where its last whole record ends.
fn replay(bytes: &[u8], expected: &Genesis) -> Result<(Option<Ledger>, u64), Fault> {
    let (mut rest, mut ledger) = (bytes, None);
    loop {
        let offset = (bytes.len() - rest.len()) as u64;
        let damaged = Fault::Damaged(offset);
        let content = match next(rest) {
            Next::Record(content, after) => {
                rest = after;
                content
            }
            Next::End => return Ok((ledger, offset)),
            Next::Damaged => return Err(damaged),
        };
        match &mut ledger {
            None => {
                let genesis: Genesis = serde_json::from_slice(content).map_err(|_| damaged)?;
                if (&genesis.options, &genesis.accounts) != (&expected.options, &expected.accounts) {
                    return Err(Fault::OtherChain);
                }
                ledger = Some(genesis.ledger());
            }
            Some(ledger) => {
                let operation: Operation = serde_json::from_slice(content).map_err(|_| damaged)?;
                // What was refused then is refused again.
                let _ = ledger.apply(&operation);
            }
        }
    }
}

/// What comes next in a log.
#[derive(Debug, PartialEq, Eq)]
enum Next<'a> {
    /// A record's content, and what follows it.
    Record(&'a [u8], &'a [u8]),
    /// Nothing, or a record that was not written to its end.
    End,
    /// Something that no writer left.
    Damaged,
}

fn next(bytes: &[u8]) -> Next<'_> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Next::End;
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > LARGEST {
        return Next::Damaged;
    }
    let Some((expected, rest)) = rest.split_first_chunk::<8>() else {
        return Next::End;
    };
    match rest.split_at_checked(length) {
        None => Next::End,
        Some((content, after)) if check(content) == *expected => Next::Record(content, after),
        Some((_, [])) => Next::End,
        Some(_) => Next::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::ChainOptions;
    use proptest::prelude::*;

    /// Bytes before a record's content.
    const HEAD: usize = 12;

    fn genesis() -> Genesis {
        Genesis {
            options: ChainOptions::default(),
            accounts: Vec::new(),
            wall: 1_000,
        }
    }

    fn mine(wall: u64) -> Operation {
        Operation::Mine { timestamp: None, wall }
    }

    /// A program that another test starts holds the lock until it runs, so it may take a moment.
    fn again(path: &Path) -> (OperationLog, Ledger) {
        loop {
            match OperationLog::open(path, &genesis()) {
                Err(LogError::InUse(_)) => std::thread::yield_now(),
                opened => return opened.unwrap(),
            }
        }
    }

    fn written(operations: &[Operation]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.log");
        let (mut log, _) = OperationLog::open(&path, &genesis()).unwrap();
        for operation in operations {
            log.write(operation).unwrap();
        }
        (folder, path)
    }

    #[test]
    fn a_record_torn_at_any_byte_is_cut_off_and_the_log_goes_on() {
        let (_folder, path) = written(&[mine(1_001), mine(1_002)]);
        let whole = std::fs::read(&path).unwrap();
        let last = record(&content(&mine(1_002)).unwrap()).unwrap().len();
        for kept in whole.len() - last..whole.len() {
            std::fs::write(&path, &whole[..kept]).unwrap();
            let (mut log, ledger) = again(&path);
            assert_eq!(ledger.height(), 1, "{kept} bytes");
            log.write(&mine(1_003)).unwrap();
            drop(log);
            assert_eq!(again(&path).1.height(), 2);
        }
    }

    #[test]
    fn a_log_torn_in_its_beginning_begins_anew() {
        let (_folder, path) = written(&[]);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(again(&path).1.height(), 0);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn a_record_that_was_changed_later_is_told_with_its_place() {
        let (_folder, path) = written(&[mine(1_001), mine(1_002)]);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[HEAD + 3] ^= 1;
        let error = replay(&bytes, &genesis()).unwrap_err();
        assert_eq!(error, Fault::Damaged(0));
    }

    #[test]
    fn a_log_serves_one_devnet_at_a_time_and_one_chain() {
        let (_folder, path) = written(&[]);
        let open = OperationLog::open(&path, &genesis()).unwrap();
        assert!(matches!(OperationLog::open(&path, &genesis()), Err(LogError::InUse(_))));
        drop(open);
        let mut other = genesis();
        other.options.chain_id = 1;
        assert!(matches!(
            OperationLog::open(&path, &other),
            Err(LogError::OtherChain(_))
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_chain_or_a_typed_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = replay(&bytes, &genesis());
        }

        #[test]
        fn what_was_written_comes_back(content in prop::collection::vec(any::<u8>(), 0..200), after in any::<[u8; 3]>()) {
            let bytes = [record(&content).unwrap(), after.to_vec()].concat();
            prop_assert_eq!(next(&bytes), Next::Record(&content, &after));
        }
    }
}
