//! A copy of a journal that is in use.

use super::database::Kind;
use super::{Journal, JournalError};
use std::fs::File;
use std::io;
use std::path::Path;

impl Journal {
    /// Writes a copy as of one moment into a new file, while daemons go on writing. The copy opens as a journal.
    ///
    /// # Errors
    /// [`JournalError::BackupElsewhere`] for PostgreSQL; [`JournalError::Backup`] when the file exists or cannot be
    /// written.
    pub async fn backup(&self, path: &Path) -> Result<(), JournalError> {
        if self.database.kind == Kind::Postgres {
            return Err(JournalError::BackupElsewhere);
        }
        let failed = |source| JournalError::Backup {
            path: path.to_owned(),
            source,
        };
        if path.exists() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = Path::new(&name);
        // What a copy left behind that was broken off.
        match std::fs::remove_file(partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let text = partial
            .to_str()
            .ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8")))?;
        // The database would say of a folder that is not there, or not writable, only that it cannot be used.
        drop(File::create_new(partial).map_err(failed)?);
        sqlx::query("VACUUM INTO $1")
            .bind(text.to_owned())
            .execute(&self.database.pool)
            .await?;
        place(partial, path).map_err(failed)
    }
}

/// Under its name only when it is whole and on disk. A file that came meanwhile is not replaced.
fn place(partial: &Path, path: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    std::fs::hard_link(partial, path)?;
    std::fs::remove_file(partial)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
