//! A stand-in for the kernel's side of configfs-tsm, with its generation counter, and for a clock.

#![allow(clippy::expect_used, dead_code)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::Duration;

use orv_evidence::tsm::{Attribute, Clock, Patience, ReportFolder, TsmCollector, TsmError};

pub const ENXIO: i32 = 6;
pub const EIO: i32 = 5;
pub const EBUSY: i32 = 16;
pub const EWOULDBLOCK: i32 = 11;
pub const EINVAL: i32 = 22;
pub const ETIMEDOUT: i32 = 110;

/// What goes wrong in one report's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// `mkdir` gives this error.
    Make(i32),
    /// A write of this attribute gives this error.
    Write(Attribute, i32),
    /// A read of this attribute gives this error.
    Read(Attribute, i32),
    /// Somebody else writes another `inblob` before ours is answered.
    RacedBefore,
    /// Somebody else writes another `inblob` after our answer is read.
    RacedAfter,
    /// Our write of `inblob` gets lost when the file is closed.
    LostWrite,
}

#[derive(Debug, Default)]
pub struct Entry {
    generation: u64,
    inblob: Vec<u8>,
    level: Vec<u8>,
}

/// The kernel's folder, in memory.
#[derive(Debug)]
pub struct Kernel {
    pub provider: &'static [u8],
    pub floor: &'static [u8],
    pub auxblob: Vec<u8>,
    /// Another answer than level and `inblob`.
    pub outblob: Option<Vec<u8>>,
    pub troubles: RefCell<VecDeque<Trouble>>,
    pub now: Cell<Trouble>,
    pub entries: RefCell<BTreeMap<String, Entry>>,
    pub made: RefCell<Vec<String>>,
}

impl Kernel {
    pub fn of(provider: &'static [u8]) -> Self {
        Self {
            provider,
            floor: b"2\n",
            auxblob: Vec::new(),
            outblob: None,
            troubles: RefCell::default(),
            now: Cell::new(Trouble::None),
            entries: RefCell::default(),
            made: RefCell::default(),
        }
    }

    /// The troubles of the reports to come, one each; the first report is that of opening the collector.
    pub fn with(self, troubles: impl IntoIterator<Item = Trouble>) -> Self {
        self.troubles.borrow_mut().extend(troubles);
        self
    }

    /// How many directories are left over.
    pub fn left_over(&self) -> usize {
        self.entries.borrow().len()
    }

    fn somebody_else_writes(&self, name: &str) {
        let mut entries = self.entries.borrow_mut();
        let entry = entries.get_mut(name).expect("a made report");
        entry.generation += 1;
        entry.inblob = vec![0xbb; 64];
    }

    fn answer(&self, entry: &Entry, attribute: Attribute) -> io::Result<Vec<u8>> {
        Ok(match attribute {
            Attribute::Provider => self.provider.to_vec(),
            Attribute::PrivilegeFloor => self.floor.to_vec(),
            Attribute::Generation => format!("{}\n", entry.generation).into_bytes(),
            // Like the kernel: no answer before a question.
            Attribute::OutBlob | Attribute::AuxBlob if entry.generation == 0 => {
                return Err(io::Error::from_raw_os_error(EINVAL));
            }
            Attribute::OutBlob => match &self.outblob {
                Some(outblob) => outblob.clone(),
                None => [&entry.level[..], &entry.inblob].concat(),
            },
            Attribute::AuxBlob => self.auxblob.clone(),
            Attribute::InBlob | Attribute::PrivilegeLevel => return Err(io::Error::from_raw_os_error(13)),
        })
    }
}

impl ReportFolder for &Kernel {
    fn path(&self) -> &Path {
        Path::new("/the/report/folder")
    }

    fn make(&self, name: &str) -> io::Result<()> {
        self.now
            .set(self.troubles.borrow_mut().pop_front().unwrap_or(Trouble::None));
        if let Trouble::Make(error) = self.now.get() {
            return Err(io::Error::from_raw_os_error(error));
        }
        self.made.borrow_mut().push(name.to_owned());
        let before = self.entries.borrow_mut().insert(name.to_owned(), Entry::default());
        assert!(before.is_none(), "{name} was made twice");
        Ok(())
    }

    fn write(&self, name: &str, attribute: Attribute, bytes: &[u8]) -> io::Result<()> {
        match self.now.get() {
            Trouble::Write(which, error) if which == attribute => return Err(io::Error::from_raw_os_error(error)),
            Trouble::LostWrite if attribute == Attribute::InBlob => return Ok(()),
            _ => {}
        }
        let mut entries = self.entries.borrow_mut();
        let entry = entries.get_mut(name).expect("a made report");
        match attribute {
            Attribute::InBlob => entry.inblob = bytes.to_vec(),
            Attribute::PrivilegeLevel => entry.level = bytes.to_vec(),
            other => panic!("{other} was written"),
        }
        entry.generation += 1;
        Ok(())
    }

    fn read(&self, name: &str, attribute: Attribute, limit: usize) -> io::Result<Vec<u8>> {
        match self.now.get() {
            Trouble::Read(which, error) if which == attribute => return Err(io::Error::from_raw_os_error(error)),
            Trouble::RacedBefore if attribute == Attribute::OutBlob => self.somebody_else_writes(name),
            Trouble::RacedAfter if attribute == Attribute::Generation => self.somebody_else_writes(name),
            _ => {}
        }
        let mut answer = self.answer(self.entries.borrow().get(name).expect("a made report"), attribute)?;
        answer.truncate(limit);
        Ok(answer)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let entry = self.entries.borrow_mut().remove(name);
        entry.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A clock that only sleeps.
#[derive(Debug, Default)]
pub struct Asleep {
    pub pauses: RefCell<Vec<Duration>>,
}

impl Clock for &Asleep {
    fn now(&self) -> Duration {
        self.pauses.borrow().iter().sum()
    }

    fn sleep(&self, pause: Duration) {
        self.pauses.borrow_mut().push(pause);
    }
}

pub fn open<'a>(kernel: &'a Kernel, clock: &'a Asleep) -> Result<TsmCollector<&'a Kernel, &'a Asleep>, TsmError> {
    TsmCollector::open(kernel, clock, Patience::USUAL, [0xab; 8])
}
