//! Reading and writing the small files of the control group file system.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::{sleep, yield_now};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::CgroupError;

/// Looks without a pause between them: most states are reached at once, and what is being frozen should not run on.
const QUICK_LOOKS: u32 = 64;
/// Pause between two looks at a state that the kernel reaches by itself.
const PAUSE: Duration = Duration::from_millis(1);
/// Looks before giving up: two seconds, thousands of times what the kernel needs.
const LOOKS: u32 = 2_000;

pub(super) fn write(directory: &Path, name: &str, value: &str) -> Result<(), CgroupError> {
    let path = directory.join(name);
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut file| file.write_all(value.as_bytes()))
        .map_err(|source| CgroupError::File { path, source })
}

pub(super) fn read(directory: &Path, name: &str) -> Result<String, CgroupError> {
    let path = directory.join(name);
    fs::read_to_string(&path).map_err(|source| CgroupError::File { path, source })
}

fn content_error(directory: &Path, name: &str, text: &str) -> CgroupError {
    let content = text.lines().next().unwrap_or_default().to_owned();
    CgroupError::Content {
        path: directory.join(name),
        content,
    }
}

pub(super) fn read_number(directory: &Path, name: &str) -> Result<u64, CgroupError> {
    let text = read(directory, name)?;
    text.trim().parse().map_err(|_| content_error(directory, name, &text))
}

/// The number after `key` in a file of `key number` lines.
pub(super) fn read_keyed(directory: &Path, name: &str, key: &str) -> Result<u64, CgroupError> {
    let text = read(directory, name)?;
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
        .ok_or_else(|| content_error(directory, name, &text))
}

/// Repeats `look` until it answers true; false when it never did.
pub(super) fn wait_until(mut look: impl FnMut() -> Result<bool, CgroupError>) -> Result<bool, CgroupError> {
    for number in 0..QUICK_LOOKS + LOOKS {
        if look()? {
            return Ok(true);
        }
        if number < QUICK_LOOKS {
            yield_now();
        } else {
            sleep(PAUSE);
        }
    }
    Ok(false)
}

/// Makes `directory`; it is an error when it is there already.
pub(super) fn make(directory: &Path) -> Result<(), CgroupError> {
    fs::create_dir(directory).map_err(|source| CgroupError::File {
        path: directory.to_owned(),
        source,
    })
}

/// Removes `directory` once its last process is gone. One that is not there is fine.
pub(super) fn remove(directory: &Path) -> Result<(), CgroupError> {
    let gone = wait_until(|| match fs::remove_dir(directory) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Ok(false),
        Err(source) => Err(CgroupError::File {
            path: directory.to_owned(),
            source,
        }),
    })?;
    if gone {
        Ok(())
    } else {
        Err(CgroupError::Busy(directory.to_owned()))
    }
}

/// Sends SIGKILL to every process in `directory`. A group that is not there has none.
pub(super) fn kill_members(directory: &Path) -> Result<(), CgroupError> {
    let path: PathBuf = directory.join("cgroup.procs");
    let members = match fs::read_to_string(&path) {
        Ok(members) => members,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(CgroupError::File { path, source }),
    };
    for member in members.lines().filter_map(|line| line.trim().parse().ok()) {
        // One that has died since is what we want.
        let _ = kill(Pid::from_raw(member), Signal::SIGKILL);
    }
    Ok(())
}
