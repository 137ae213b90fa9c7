//! Reading a journal that is left as it is: nothing is made where there is none, and its tables stay those of the program
//! that works with it. Where nothing at all may change, a file is read by a copy, since SQLite makes and changes files
//! where it only reads.

use super::database::Database;
use super::{DaemonId, Journal, JournalError, JournalPlace, NEWEST_SCHEMA, schema};
use orv_chain::primitives::Address;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// How often a file is copied anew that was written meanwhile.
const COPIES: u32 = 20;

/// Pause between two copies.
const BETWEEN_COPIES: Duration = Duration::from_millis(100);

impl Journal {
    /// Opens one that is there, for a reader who works on nothing: a file that a reader made would be the reader's own,
    /// and the daemon might not be able to write it; tables that a reader of a newer release brought up to date could
    /// not be read by the older daemon that works with them.
    ///
    /// # Errors
    /// [`JournalError::NotYet`], [`JournalError::NewerSchema`], [`JournalError::OlderSchema`], or the database's refusal.
    pub async fn open_to_read(place: &JournalPlace, gateway: Address) -> Result<Self, JournalError> {
        let opened = Self::read_as_it_is(place, gateway).await?;
        opened.ok_or_else(|| JournalError::NotYet(place.clone()))
    }

    /// A journal for somebody who changes nothing, not even its tables; nothing where there is none yet.
    ///
    /// # Errors
    /// The database's refusal, [`JournalError::NewerSchema`], or [`JournalError::OlderSchema`].
    pub(crate) async fn read_as_it_is(place: &JournalPlace, gateway: Address) -> Result<Option<Self>, JournalError> {
        if matches!(place, JournalPlace::File(path) if !path.exists()) {
            return Ok(None);
        }
        let database = Database::connect_to_read(place).await?;
        let known = NEWEST_SCHEMA;
        match schema::found(&database).await? {
            0 => Ok(None),
            found if found > known => Err(JournalError::NewerSchema { found, known }),
            found if found < known => Err(JournalError::OlderSchema { found, known }),
            _ => Ok(Some(Self {
                database,
                gateway: gateway.to_string(),
                daemon: DaemonId::READER,
            })),
        }
    }
}

/// Copies a journal's file with what has not been written into it yet; nothing where there is no journal. Blocks.
///
/// # Errors
/// The system's, and [`io::ErrorKind::ResourceBusy`] where it is written all the time.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..COPIES {
        let before = stamps(from)?;
        for (from, to) in files(from).iter().zip(files(to)) {
            match fs::copy(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if stamps(from)? == before {
            return Ok(());
        }
        for copied in files(to) {
            let _ = fs::remove_file(copied);
        }
        sleep(BETWEEN_COPIES);
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// The database and its write-ahead log. The third file that SQLite may leave is made anew from these.
fn files(path: &Path) -> [PathBuf; 2] {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path.to_owned(), log.into()]
}

/// What changes with everything that is written.
fn stamps(path: &Path) -> io::Result<[Option<(u64, SystemTime)>; 2]> {
    let [database, log] = files(path);
    Ok([stamp(&database)?, stamp(&log)?])
}

fn stamp(path: &Path) -> io::Result<Option<(u64, SystemTime)>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.len(), metadata.modified()?))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_log_as_well_and_nothing_is_made_where_nothing_was() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("journal"), folder.path().join("copy"));
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&from, "rows").unwrap();
        fs::write(folder.path().join("journal-wal"), "more rows").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"rows");
        assert_eq!(fs::read(folder.path().join("copy-wal")).unwrap(), b"more rows");
    }
}
