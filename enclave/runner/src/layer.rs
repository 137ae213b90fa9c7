//! What a set-up run leaves behind, and whose the prepared tree is.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::statvfs;

use crate::document::parts::KEPT_UPPER;
use crate::error::RunnerError;
use crate::helper;
use crate::protection::Kept;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// The writes of a set-up run, on a tmpfs of limited size; a read-only layer of later runs. Gone when dropped.
///
/// Its pages stay charged to the memory limit of the set-up run's control group, which is gone: later runs are charged
/// only for what they write themselves.
#[derive(Debug)]
pub struct Layer {
    directory: PathBuf,
}

impl Layer {
    pub(crate) fn new(scratch: &Path, bytes: u64, kept: Kept) -> Result<Self, RunnerError> {
        let name = format!(
            "orv-layer-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = scratch.join(name);
        let error = |source| RunnerError::Layer {
            path: directory.clone(),
            source,
        };
        // A process that was killed may have had this process id.
        discard(&directory);
        fs::create_dir(&directory).map_err(error)?;
        // From here dropping it cleans up.
        let layer = Layer {
            directory: directory.clone(),
        };
        let options = helper::tmpfs_options(bytes, 0o700, kept);
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), &directory, Some("tmpfs"), flags, Some(options.as_str()))
            .map_err(|errno| error(errno.into()))?;
        helper::make_directories(&directory, kept).map_err(error)?;
        Ok(layer)
    }

    /// Bytes that it takes up, in memory.
    ///
    /// # Errors
    /// [`RunnerError::Layer`] when the kernel does not say.
    pub fn bytes(&self) -> Result<u64, RunnerError> {
        let error = |errno: nix::errno::Errno| RunnerError::Layer {
            path: self.directory.clone(),
            source: errno.into(),
        };
        let found = statvfs(&self.directory).map_err(error)?;
        let used = found.blocks().saturating_sub(found.blocks_free());
        Ok(used.saturating_mul(found.fragment_size()))
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// As a lower layer.
    pub(crate) fn contents(&self) -> PathBuf {
        self.directory.join(KEPT_UPPER)
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        discard(&self.directory);
    }
}

/// Without a mount the first fails, and the second removes the empty directory; without a directory both fail.
fn discard(directory: &Path) {
    let _ = umount2(directory, MntFlags::MNT_DETACH);
    let _ = fs::remove_dir(directory);
}

/// Gives a prepared tree to the payload, once: the top directory, changed last, says that the rest is done.
pub(crate) fn give_to_payload(tree: &Path, kept: Kept) -> Result<(), RunnerError> {
    let payload = kept.payload_host_id();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RunnerError::Ownership { path, source }
    };
    if fs::symlink_metadata(tree).map_err(failed(tree))?.uid() == payload {
        return Ok(());
    }
    let mut directories = vec![tree.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).map_err(failed(&directory))? {
            let entry = entry.map_err(failed(&directory))?;
            let path = entry.path();
            lchown(&path, Some(payload), Some(payload)).map_err(failed(&path))?;
            if entry.file_type().map_err(failed(&path))?.is_dir() {
                directories.push(path);
            }
        }
    }
    lchown(tree, Some(payload), Some(payload)).map_err(failed(tree))
}
