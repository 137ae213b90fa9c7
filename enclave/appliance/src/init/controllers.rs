//! The controllers of control groups version 2, enabled one by one.
//!
//! Several in one write are refused as a whole when one of them is absent, and then no limit holds. Each failure is fatal:
//! a service without its limits must not run anything.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where version 2 is mounted.
pub(super) const HIERARCHY: &str = "/sys/fs/cgroup";

/// What the runner's limits need.
const NEEDED: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The file by which controllers are given to the groups below.
const CONTROL: &str = "cgroup.subtree_control";

/// Why a limit could not be set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControllerError {
    /// A file could not be read or written.
    #[error("{path} <- {written:?}: {source}")]
    Write {
        path: PathBuf,
        written: String,
        source: io::Error,
    },
    /// A file could not be read.
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// The kernel took the write and did not do it.
    #[error("the {0} controller is not enabled")]
    NotEnabled(&'static str),
}

/// Enables what the runner needs for the groups directly below `hierarchy`.
pub(super) fn enable(hierarchy: &Path) -> Result<(), ControllerError> {
    let path = hierarchy.join(CONTROL);
    for controller in NEEDED {
        let written = format!("+{controller}");
        fs::write(&path, &written).map_err(|source| ControllerError::Write {
            path: path.clone(),
            written,
            source,
        })?;
    }
    let enabled = fs::read_to_string(&path).map_err(|source| ControllerError::Read {
        path: path.clone(),
        source,
    })?;
    match missing(&enabled) {
        None => Ok(()),
        Some(controller) => Err(ControllerError::NotEnabled(controller)),
    }
}

/// The first needed controller that is not in the kernel's list.
fn missing(enabled: &str) -> Option<&'static str> {
    let has = |needed: &&str| enabled.split_whitespace().any(|name| name == *needed);
    NEEDED.into_iter().find(|needed| !has(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_takes_no_controller_is_refused() {
        let nowhere = Path::new("/proc/self/fdinfo");
        let Err(ControllerError::Write { written, .. }) = enable(nowhere) else {
            panic!("it was enabled")
        };
        assert_eq!(written, "+cpu", "each controller is a write of its own");
    }

    #[test]
    fn a_write_that_changes_nothing_is_not_believed() {
        // A plain file keeps the last write alone, which is no list of all four.
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(enable(folder.path()), Err(ControllerError::NotEnabled("cpu"))));
    }

    #[test]
    fn all_four_must_be_in_the_kernel_s_list() {
        assert_eq!(missing("cpuset cpu io memory pids\n"), None);
        assert_eq!(missing("cpuset cpu io memory\n"), Some("pids"));
        assert_eq!(missing("cpuset io memory pids"), Some("cpu"));
    }
}
