//! The data directory: one daemon works in it at a time, and keeps its name there.

use crate::configuration::VerifierConfig;
use crate::error::VerifierError;
use crate::journal::DaemonId;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::statvfs;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A data directory that this process holds until it ends, however it ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    daemon: DaemonId,
    _lock: Flock<File>,
}

impl Folder {
    /// Makes the folders and locks them.
    ///
    /// # Errors
    /// [`VerifierError::DataDirectoryTaken`] when another daemon works there, [`VerifierError::DataDirectory`] otherwise.
    pub(crate) fn take(config: &VerifierConfig) -> Result<Self, VerifierError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| VerifierError::DataDirectory { path, source }
        };
        let path = config.data_directory.clone();
        for directory in [&path, &config.receipts()] {
            fs::create_dir_all(directory).map_err(unusable(directory))?;
        }
        let lock = path.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(unusable(&lock))?;
        let locked = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
            Errno::EWOULDBLOCK => VerifierError::DataDirectoryTaken(path.clone()),
            other => unusable(&lock)(other.into()),
        })?;
        let daemon = DaemonId::kept_in(&path)?;
        Ok(Self {
            path,
            daemon,
            _lock: locked,
        })
    }

    /// Who this daemon is: the same after a restart, so that it takes its own claims up at once.
    pub(crate) fn daemon(&self) -> DaemonId {
        self.daemon
    }

    /// Bytes that are free for this user.
    pub(crate) fn free(&self) -> Option<u64> {
        let found = statvfs(&self.path).ok()?;
        Some(found.blocks_available().saturating_mul(found.fragment_size()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_daemon_and_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = VerifierConfig::parse(include_str!("../verifier.example.toml")).unwrap();
        config.data_directory = folder.path().join("data");
        let first = Folder::take(&config).unwrap();
        let second = Folder::take(&config).unwrap_err();
        assert_eq!(second.code(), "ORV-V-066");
        let name = first.daemon();
        drop(first);
        assert_eq!(Folder::take(&config).unwrap().daemon(), name);
    }
}
