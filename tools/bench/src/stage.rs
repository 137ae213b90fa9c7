//! A place in memory with what containers are started on: an image of a static shell and of this program, and a tree.

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use orv_runner::{Channel, Container, Limits, Runner, WorkTree};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Where Debian's `busybox-static` is.
const SHELL: &str = "/bin/busybox";

/// This program inside the image.
pub(crate) const PROGRAM: &str = "/bin/orv-bench";

/// What the loader looks through on every distribution.
const LIBRARY_PLACES: [&str; 2] = ["lib", "lib64"];

/// Size and mode of the place.
///
/// Other runtimes reach the image as the container's own ids; ours would do without.
const OPTIONS: &str = "size=3g,mode=711";

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    /// Containers need the rights of root.
    #[error("containers need root: this process has user id {0}")]
    NotRoot(u32),
    /// The static shell is not where Debian puts it.
    #[error("{SHELL} cannot be used (Debian: apt-get install busybox-static): {0}")]
    Shell(io::Error),
    /// A tmpfs could not be mounted.
    #[error("mounting a tmpfs at {}: {source}", path.display())]
    Mount {
        /// Where.
        path: PathBuf,
        /// Why.
        source: Errno,
    },
    /// A file could not be laid out.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The place. Its tmpfs and everything on it vanish with it.
#[derive(Debug)]
pub(crate) struct Stage {
    // Before the directory: its process lets go of the tmpfs first.
    runner: Runner,
    directory: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Result<Self, StageError> {
        let user = nix::unistd::geteuid();
        if !user.is_root() {
            return Err(StageError::NotRoot(user.as_raw()));
        }
        let directory = tempfile::Builder::new().prefix("orv-bench-").tempdir();
        let directory = directory.map_err(|source| StageError::Disk {
            path: std::env::temp_dir(),
            source,
        })?;
        let flags = MsFlags::MS_NOSUID;
        mount(Some("tmpfs"), directory.path(), Some("tmpfs"), flags, Some(OPTIONS)).map_err(|source| {
            StageError::Mount {
                path: directory.path().to_owned(),
                source,
            }
        })?;
        let stage = Self {
            runner: Runner::new(directory.path().join("scratch")),
            directory,
        };
        stage.lay_out()?;
        Ok(stage)
    }

    /// A path on the stage.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new directory on the stage that everybody may enter.
    pub(crate) fn make(&self, name: &str) -> Result<PathBuf, StageError> {
        let path = self.path(name);
        fs::create_dir_all(&path).map_err(disk(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(disk(&path))?;
        Ok(path)
    }

    /// A new file on the stage that everybody may read.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, StageError> {
        let path = self.path(name);
        fs::write(&path, content).map_err(disk(&path))?;
        Ok(path)
    }

    /// The runner as a long-lived program uses it: one for all runs, and this program is its helper.
    pub(crate) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// A command on the stage's image and tree, inside limits that none of it meets.
    pub(crate) fn container(&self, command: &[&str], processor: Option<u32>) -> Container {
        Container {
            rootfs: self.path("image"),
            work: WorkTree {
                lower: self.path("tree"),
                layers: Vec::new(),
                size_limit: 16 << 20,
            },
            argv: command.iter().map(|word| (*word).to_owned()).collect(),
            env: vec![("PATH".to_owned(), "/bin".to_owned())],
            cwd: "/work".to_owned(),
            extra_read_only: Vec::new(),
            limits: Limits {
                wall: Duration::from_secs(120),
                cpu: None,
                memory_bytes: 1 << 30,
                pids: 64,
                scratch_bytes: 16 << 20,
                output_bytes: 1 << 20,
                open_files: 256,
                cpus: processor.map(|processor| vec![processor]),
            },
            channel: Channel::None,
        }
    }

    fn lay_out(&self) -> Result<(), StageError> {
        for place in [
            "image/bin",
            "image/proc",
            "image/dev",
            "image/tmp",
            "image/work",
            "tree",
            "scratch",
        ] {
            self.make(place)?;
        }
        fs::copy(SHELL, self.path("image/bin/busybox")).map_err(StageError::Shell)?;
        for name in ["sh", "true"] {
            let link = self.path("image/bin").join(name);
            symlink("busybox", &link).map_err(disk(&link))?;
        }
        self.write("tree/file", b"a file\n")?;
        let this = Path::new("/proc/self/exe");
        fs::copy(this, self.path("image/bin/orv-bench")).map_err(disk(this))?;
        self.lay_out_libraries()
    }

    /// What the loader has mapped into this process is what it needs inside.
    fn lay_out_libraries(&self) -> Result<(), StageError> {
        let maps = Path::new("/proc/self/maps");
        let text = fs::read_to_string(maps).map_err(disk(maps))?;
        for library in libraries(&text) {
            for place in LIBRARY_PLACES {
                let directory = self.make(&format!("image/{place}"))?;
                let name = library.file_name().unwrap_or_default();
                fs::copy(library, directory.join(name)).map_err(disk(library))?;
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Nobody is left to tell; the directory then stays, and says so itself.
        let _ = umount2(self.directory.path(), MntFlags::MNT_DETACH);
    }
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> StageError + use<'_> {
    move |source| StageError::Disk {
        path: path.to_owned(),
        source,
    }
}

/// The shared objects in a table of mappings.
fn libraries(maps: &str) -> BTreeSet<&Path> {
    let is_library = |path: &&Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().contains(".so")
    };
    let paths = maps
        .lines()
        .filter_map(|line| line.find('/').and_then(|start| line.get(start..)));
    paths.map(Path::new).filter(is_library).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_of_a_table_of_mappings_are_those_with_a_path_and_a_library_s_name() {
        let maps = "55d0-55d1 r--p 00000000 fd:00 1 /usr/bin/orv-bench\n\
                    7f00-7f01 r--p 00000000 fd:00 2 /lib/x86_64-linux-gnu/libc.so.6\n\
                    7f02-7f03 r-xp 00000000 fd:00 2 /lib/x86_64-linux-gnu/libc.so.6\n\
                    7f04-7f05 rw-p 00000000 00:00 0\n\
                    7ffe-7fff r-xp 00000000 00:00 0 [vdso]\n";
        let found: Vec<_> = libraries(maps).into_iter().collect();
        assert_eq!(found, [Path::new("/lib/x86_64-linux-gnu/libc.so.6")]);
    }
}
