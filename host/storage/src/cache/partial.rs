//! A file on its way into the cache.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
};

use super::{Cache, Identity, Name, VerifiedFile, absent_is_fine, identity_of};

/// A file being filled; removed when dropped before it is kept. Its lock tells others that somebody is at it.
#[derive(Debug)]
pub(crate) struct Partial {
    file: File,
    path: PathBuf,
    cache: Cache,
}

impl Partial {
    pub(super) fn create(path: PathBuf, cache: Cache) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        file.lock()?;
        Ok(Self { file, path, cache })
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    /// Hashes what was written, as `name` asks for; `None` when nothing was. Blocks.
    pub(crate) fn identity(&self, name: &Name) -> io::Result<Option<Identity>> {
        identity_of(&self.file, name)
    }

    /// Makes the content durable under its name. The caller has compared its identity with the name. Blocks.
    pub(crate) fn keep(self, name: &Name, identity: &Identity) -> io::Result<VerifiedFile> {
        let path = self.cache.directory.join(name.file_name());
        self.file.sync_all()?;
        let verified = {
            let _nobody_evicts = self.cache.shared()?;
            // From here on others may read it; this one may not write it any more.
            let file = File::open(&self.path)?;
            fs::rename(&self.path, &path)?;
            self.file.unlock()?;
            file.lock_shared()?;
            VerifiedFile::new(path, identity.size, name.matched(), file)
        };
        File::open(&self.cache.directory)?.sync_all()?;
        self.cache.evict(&verified.path)?;
        Ok(verified)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `keep` the name is gone already; otherwise a left-over costs disk until somebody opens the cache.
        if let Err(error) = absent_is_fine(fs::remove_file(&self.path)) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a partial file");
        }
    }
}
