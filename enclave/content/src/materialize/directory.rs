//! Directories held open by descriptor: every name is resolved beneath one, and no link is ever followed.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{linkat, symlinkat};

use super::MaterializeError;

/// The two modes that files are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileMode {
    /// 755.
    Executable,
    /// 644.
    Plain,
}

impl FileMode {
    fn bits(self) -> Mode {
        Mode::from_bits_truncate(match self {
            Self::Executable => 0o755,
            Self::Plain => 0o644,
        })
    }
}

/// Mode of every directory.
const DIRECTORY_MODE: u32 = 0o755;

/// A directory that is open.
struct Open {
    name: String,
    descriptor: OwnedFd,
    /// The modes with which new files have turned out as asked: neither the process' mask nor the directory's access
    /// control list takes anything away, so the files after the first need not be looked at.
    kept: Vec<FileMode>,
}

impl Open {
    fn new(name: &str, descriptor: OwnedFd) -> Self {
        Self {
            name: name.to_owned(),
            descriptor,
            kept: Vec::new(),
        }
    }

    /// Creates a file, which must not exist.
    fn write_file(&mut self, name: &str, mode: FileMode, content: &[u8]) -> io::Result<()> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let descriptor = openat2(&self.descriptor, name, how(flags).mode(mode.bits()))?;
        let mut file = File::from(descriptor);
        file.write_all(content)?;
        if self.kept.contains(&mode) {
            return Ok(());
        }
        if Mode::from_bits_truncate(fstat(&file)?.st_mode) == mode.bits() {
            self.kept.push(mode);
            return Ok(());
        }
        // The process' mask does not decide what an image or a project looks like.
        Ok(fchmod(&file, mode.bits())?)
    }
}

/// Writes files by path beneath one directory and keeps the directories on the way to the last one open, so that paths
/// in order cost few calls.
pub(crate) struct Directories {
    top: Open,
    open: Vec<Open>,
    /// The path of the last one open.
    entered: String,
}

impl Directories {
    pub fn beneath(directory: BorrowedFd<'_>) -> Result<Self, MaterializeError> {
        let top = directory.try_clone_to_owned().map_err(|source| failed("", source))?;
        Ok(Self {
            top: Open::new("", top),
            open: Vec::new(),
            entered: String::new(),
        })
    }

    /// Creates the directory at `path`, and those above it; real directories that exist already are kept.
    pub fn create(&mut self, path: &str) -> Result<(), MaterializeError> {
        self.enter(path).map(|_| ())
    }

    /// Creates a file, which must not exist.
    pub fn write_file(&mut self, path: &str, mode: FileMode, content: &[u8]) -> Result<(), MaterializeError> {
        let (directory, name) = self.place(path)?;
        directory
            .write_file(name, mode, content)
            .map_err(|source| failed(path, source))
    }

    /// Creates a symbolic link, which must not exist.
    pub fn write_symlink(&mut self, path: &str, target: &str) -> Result<(), MaterializeError> {
        let (directory, name) = self.place(path)?;
        symlinkat(target, &directory.descriptor, name).map_err(|error| failed(path, error))
    }

    /// Creates another name, which must not exist, for a file that has been written at `existing`.
    pub fn write_hard_link(&mut self, path: &str, existing: &str) -> Result<(), MaterializeError> {
        let (from, from_name) = existing.rsplit_once('/').unwrap_or(("", existing));
        let flags = OFlag::O_DIRECTORY | OFlag::O_PATH | OFlag::O_CLOEXEC;
        let from = openat2(
            &self.top.descriptor,
            if from.is_empty() { "." } else { from },
            how(flags),
        );
        let from = from.map_err(|error| failed(existing, error))?;
        let (directory, name) = self.place(path)?;
        linkat(from, from_name, &directory.descriptor, name, AtFlags::empty()).map_err(|error| failed(path, error))
    }

    /// The open directory that holds `path`, and the name in it.
    fn place<'path>(&mut self, path: &'path str) -> Result<(&mut Open, &'path str), MaterializeError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.enter(parent)?, name))
    }

    fn enter(&mut self, path: &str) -> Result<&mut Open, MaterializeError> {
        if path != self.entered {
            self.entered.clear();
            let components = || path.split('/').filter(|component| !component.is_empty());
            let shared = self
                .open
                .iter()
                .zip(components())
                .take_while(|(open, component)| open.name == *component)
                .count();
            self.open.truncate(shared);
            for component in components().skip(shared) {
                let parent = self.open.last().unwrap_or(&self.top);
                let child = create_or_open(&parent.descriptor, component).map_err(|error| failed(path, error))?;
                self.open.push(Open::new(component, child));
            }
            self.entered.push_str(path);
        }
        Ok(self.open.last_mut().unwrap_or(&mut self.top))
    }
}

fn create_or_open(parent: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    let mode = Mode::from_bits_truncate(DIRECTORY_MODE);
    let created = mkdirat(parent, name, mode);
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match created {
        Ok(()) => {
            let directory = openat2(parent, name, how(flags))?;
            fchmod(&directory, mode)?;
            Ok(directory)
        }
        Err(Errno::EEXIST) => openat2(parent, name, how(flags)),
        Err(error) => Err(error),
    }
}

/// Resolution that leaves neither the directory nor follows any link.
fn how(flags: OFlag) -> OpenHow {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    OpenHow::new().flags(flags).resolve(resolve)
}

fn failed(path: &str, source: impl Into<io::Error>) -> MaterializeError {
    MaterializeError {
        path: path.to_owned(),
        source: source.into(),
    }
}
