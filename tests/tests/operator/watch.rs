//! What a process holds, read from outside: memory, descriptors, children, mounts, control groups.

use std::path::Path;

/// What is held at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Resident memory in KiB, of the process alone.
    pub memory: u64,
    pub descriptors: u64,
    /// Processes below it, at any depth.
    pub processes: u64,
    pub mounts: u64,
    /// Control groups that it or a process below it made for containers.
    pub groups: u64,
}

impl Held {
    /// By the process of this id; zero of everything where it has ended.
    pub fn by(process: u32) -> Self {
        let proc = Path::new("/proc").join(process.to_string());
        let below = below(process);
        Self {
            memory: memory(&proc).unwrap_or_default(),
            descriptors: entries(&proc.join("fd")),
            processes: below.len() as u64,
            mounts: lines(&proc.join("mounts")),
            groups: groups(Path::new("/sys/fs/cgroup"), &[below, vec![process]].concat(), 4),
        }
    }
}

fn memory(proc: &Path) -> Option<u64> {
    let status = std::fs::read_to_string(proc.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Files and folders in a folder.
pub fn entries(folder: &Path) -> u64 {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
}

fn lines(file: &Path) -> u64 {
    std::fs::read_to_string(file).map_or(0, |text| text.lines().count() as u64)
}

/// The processes below one, at any depth.
fn below(process: u32) -> Vec<u32> {
    let tasks = Path::new("/proc").join(process.to_string()).join("task");
    let Ok(tasks) = std::fs::read_dir(tasks) else {
        return Vec::new();
    };
    let children = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|text| {
            let ids = text.split_whitespace().filter_map(|id| id.parse().ok());
            ids.collect::<Vec<_>>()
        })
        .collect();
    children
        .into_iter()
        .flat_map(|child| [below(child), vec![child]].concat())
        .collect()
}

/// Groups that these processes made: `orv-NAMESPACE-PROCESS-NUMBER`.
fn groups(folder: &Path, makers: &[u32], depth: u32) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let folders = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let maker = name
                .strip_prefix("orv-")
                .and_then(|rest| rest.split('-').nth(1)?.parse().ok());
            let own = u64::from(maker.is_some_and(|maker| makers.contains(&maker)));
            own + if depth == 0 {
                0
            } else {
                groups(&entry.path(), makers, depth - 1)
            }
        })
        .sum()
}
