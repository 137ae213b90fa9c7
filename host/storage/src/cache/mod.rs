//! Content on this machine's disk, named by its hash and hashed each time it is handed out.
//!
//! A file appears under its name complete or not at all: it is written aside, flushed, renamed. Whoever is killed leaves
//! at most a file aside, which the next one to open the directory removes. Several programs may use one directory; they
//! agree by locks, which end with the process that held them.

mod partial;
mod verified;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use orv_content::{Root, Sha256, identity::MatchedHash};

pub use self::verified::VerifiedFile;
pub(crate) use self::{
    partial::Partial,
    verified::{Identity, identity_of},
};

/// How a file aside ends.
const ASIDE: &str = "partial";

/// A directory of content, bounded in size.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    limit: u64,
}

/// What is in the directory.
#[derive(Debug, Default)]
struct Held {
    /// Bytes, with those of files aside.
    total: u64,
    /// The files that have their name.
    files: Vec<Content>,
}

/// A file under its name, in the order in which they make room.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    wanted: SystemTime,
    size: u64,
    path: PathBuf,
}

/// The name of a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Root(Root),
    Sha256(Sha256),
}

impl Name {
    fn file_name(&self) -> String {
        match self {
            Self::Root(root) => root.to_string(),
            Self::Sha256(hash) => format!("sha256-{hash}"),
        }
    }

    fn matched(&self) -> MatchedHash {
        match self {
            Self::Root(_) => MatchedHash::ZeroGRoot,
            Self::Sha256(_) => MatchedHash::Sha256,
        }
    }
}

impl Cache {
    /// Opens a directory, creating it when it is not there, and removes what others left half written. At most about
    /// `limit` bytes are kept in it.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(directory: impl Into<PathBuf>, limit: u64) -> io::Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory)?;
        let cache = Self { directory, limit };
        cache.clear_left_overs()?;
        Ok(cache)
    }

    /// Content by name, after hashing it. A file that is not what its name says is removed. Blocks.
    pub(crate) fn find(&self, name: &Name) -> io::Result<Option<VerifiedFile>> {
        let path = self.directory.join(name.file_name());
        let Some(file) = self.take(&path)? else {
            return Ok(None);
        };
        match identity_of(&file, name)? {
            Some(found) if found.is(name) => {
                // When it was last wanted; a directory that forbids it still has the content.
                let _ = file.set_modified(SystemTime::now());
                Ok(Some(VerifiedFile::new(path, found.size, name.matched(), file)))
            }
            _ => {
                tracing::warn!(path = %path.display(), "removing a cached file that is not what its name says");
                absent_is_fine(fs::remove_file(&path))?;
                Ok(None)
            }
        }
    }

    /// Opens a file so that nobody evicts it while it is open. What is no file of its own is removed: a link leads to
    /// bytes that may change under the name, and a pipe is never done.
    fn take(&self, path: &Path) -> io::Result<Option<File>> {
        let _shared = self.shared()?;
        match what_is_at(path)? {
            Found::Nothing => Ok(None),
            Found::Other => {
                tracing::warn!(path = %path.display(), "removing what is no file from the cache");
                absent_is_fine(fs::remove_file(path)).map(|()| None)
            }
            Found::File => {
                let file = File::open(path)?;
                file.lock_shared()?;
                Ok(Some(file))
            }
        }
    }

    /// A file aside, to be filled and then [kept](Partial::keep).
    pub(crate) fn begin(&self) -> io::Result<Partial> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.directory.join(format!("{}.{ASIDE}", hex::encode(random)));
        let _shared = self.shared()?;
        Partial::create(path, self.clone())
    }

    /// A verified file once more, aside. Blocks.
    pub(crate) fn copy(&self, file: &VerifiedFile) -> io::Result<Partial> {
        let mut partial = self.begin()?;
        io::copy(&mut file.open()?, partial.file())?;
        Ok(partial)
    }

    /// Makes room: removes `bytes` of content, or as much as nobody uses and nobody wanted for the time of `stay`. Answers
    /// how many it removed. Blocks.
    pub(crate) fn make_room(&self, bytes: u64, stay: Duration, now: SystemTime) -> io::Result<u64> {
        let mut held = self.held()?;
        // What is wanted in the future of a clock that was set back stays as well.
        held.files
            .retain(|file| now.duration_since(file.wanted).is_ok_and(|since| since >= stay));
        self.remove_oldest(held.files, bytes)
    }

    /// Keeps to the limit, and `kept` in any case. Blocks.
    fn evict(&self, kept: &Path) -> io::Result<()> {
        let mut held = self.held()?;
        held.files.retain(|file| file.path != kept);
        self.remove_oldest(held.files, held.total.saturating_sub(self.limit))?;
        Ok(())
    }

    fn held(&self) -> io::Result<Held> {
        let mut held = Held::default();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            held.total = held.total.saturating_add(metadata.len());
            if metadata.is_file() && !is_aside(&entry.path()) {
                held.files.push(Content {
                    wanted: metadata.modified()?,
                    size: metadata.len(),
                    path: entry.path(),
                });
            }
        }
        Ok(held)
    }

    /// What was wanted longest ago goes first, what is in use stays.
    fn remove_oldest(&self, mut files: Vec<Content>, bytes: u64) -> io::Result<u64> {
        files.sort();
        let _alone = (bytes > 0).then(|| self.alone()).transpose()?;
        let mut removed = 0_u64;
        for file in files {
            if removed >= bytes {
                break;
            }
            if remove_unused(&file.path)? {
                removed = removed.saturating_add(file.size);
            }
        }
        Ok(removed)
    }

    fn clear_left_overs(&self) -> io::Result<()> {
        let _alone = self.alone()?;
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if is_aside(&path) {
                remove_unused(&path)?;
            }
        }
        Ok(())
    }

    /// Held by many while they open files.
    fn shared(&self) -> io::Result<File> {
        let directory = File::open(&self.directory)?;
        directory.lock_shared()?;
        Ok(directory)
    }

    /// Held by one while it removes files.
    fn alone(&self) -> io::Result<File> {
        let directory = File::open(&self.directory)?;
        directory.lock()?;
        Ok(directory)
    }
}

fn is_aside(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == ASIDE)
}

/// What stands under a name.
enum Found {
    Nothing,
    File,
    /// A link, a pipe, a directory: nothing that this cache puts there.
    Other,
}

fn what_is_at(path: &Path) -> io::Result<Found> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Found::File),
        Ok(_) => Ok(Found::Other),
        Err(error) => absent_is_fine(Err(error)).map(|()| Found::Nothing),
    }
}

/// Removes a file that nobody has locked; whether it did.
fn remove_unused(path: &Path) -> io::Result<bool> {
    if !matches!(what_is_at(path)?, Found::File) {
        return Ok(false);
    }
    match File::open(path) {
        Ok(file) if file.try_lock().is_ok() => absent_is_fine(fs::remove_file(path)).map(|()| true),
        Ok(_) => Ok(false),
        Err(error) => absent_is_fine(Err(error)).map(|()| false),
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests;
