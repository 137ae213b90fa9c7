//! What the kernel says of the machine, read and not judged.

use std::fs;
use std::path::Path;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;

const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// A file's first line, without its end.
pub(super) fn line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().next().map(str::to_owned)
}

pub(super) fn kernel_release() -> String {
    line("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned())
}

/// Major and minor number of a release such as `6.12.0-cloud`.
pub(super) fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(crate) fn missing_namespaces() -> Vec<&'static str> {
    let mut missing = NAMESPACES.to_vec();
    missing.retain(|kind| !Path::new("/proc/self/ns").join(kind).exists());
    missing
}

pub(crate) fn has_file_system(name: &str) -> bool {
    let kinds = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    kinds.lines().any(|line| line.rsplit('\t').next() == Some(name))
}

pub(crate) fn may_make_user_namespaces() -> bool {
    line("/proc/sys/user/max_user_namespaces").is_some_and(|most| most != "0")
}

/// Swap areas in use; nothing where the kernel knows of none at all.
pub(super) fn swaps() -> Option<usize> {
    let table = fs::read_to_string("/proc/swaps").ok()?;
    Some(table.lines().skip(1).count())
}

/// Bytes and inodes that are free where `directory` is; no number of inodes where the file system has no bound.
pub(super) fn room(directory: &Path) -> Option<(u64, Option<u64>)> {
    let found = statvfs(directory).ok()?;
    let bytes = found.blocks_available().saturating_mul(found.fragment_size());
    Some((bytes, (found.files() > 0).then(|| found.files_available())))
}

/// Processors this process may run on.
pub(super) fn allowed_processors() -> Vec<u32> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    let all = (0..CpuSet::count()).filter(|processor| set.is_set(*processor).unwrap_or(false));
    all.filter_map(|processor| u32::try_from(processor).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_begins_with_two_numbers() {
        assert_eq!(version("6.18.44-fc-v595"), Some((6, 18)));
        assert_eq!(version("5.4"), Some((5, 4)));
        assert_eq!((version("linux"), version("6"), version("")), (None, None, None));
    }
}
