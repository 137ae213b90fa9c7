//! What the enclave takes of its machine, read from the outside.

use crate::host::Enclave;
use std::fs;
use std::path::PathBuf;

/// Memory of all processes of an enclave, in kibibytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// The most at any time.
    pub peak: u64,
}

/// What must be as it was once a host is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    pub processes: usize,
    pub threads: usize,
    pub descriptors: usize,
    pub mounts: usize,
    pub control_groups: usize,
    pub scratch: usize,
}

/// The enclave's processes: the service, its keeper, its spawner, and whatever they started.
pub fn processes(enclave: &Enclave) -> Vec<u32> {
    let mut found = vec![enclave.process_id()];
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        found.extend(children(process));
        next += 1;
    }
    found
}

fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The memory of the enclave's processes.
pub fn memory(enclave: &Enclave) -> Memory {
    let statuses = processes(enclave)
        .into_iter()
        .filter_map(|process| fs::read_to_string(format!("/proc/{process}/status")).ok());
    statuses.fold(Memory::default(), |sum, status| Memory {
        resident: sum.resident + field(&status, "VmRSS:"),
        peak: sum.peak + field(&status, "VmHWM:"),
    })
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}

/// What the enclave holds now.
pub fn holdings(enclave: &Enclave) -> Holdings {
    let processes = processes(enclave);
    let entries = |folder: &str| -> usize {
        let of = |process: &u32| fs::read_dir(format!("/proc/{process}/{folder}")).map_or(0, Iterator::count);
        processes.iter().map(of).sum()
    };
    Holdings {
        threads: entries("task"),
        descriptors: entries("fd"),
        mounts: fs::read_to_string(format!("/proc/{}/mountinfo", enclave.process_id()))
            .unwrap()
            .lines()
            .filter(|line| line.contains(enclave.scratch().to_str().unwrap()))
            .count(),
        control_groups: control_groups(&processes),
        scratch: enclave.leftovers(),
        processes: processes.len(),
    }
}

/// Control groups that the runner made for this enclave: `orv-<namespace>-<process>-<number>` in each hierarchy.
fn control_groups(processes: &[u32]) -> usize {
    let below = |folder: PathBuf| {
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    let roots = below("/sys/fs/cgroup".into()).filter(|path| path.is_dir());
    let groups = roots.flat_map(|root| below(root.clone()).chain([root]));
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let process = name
            .strip_prefix("orv-")
            .and_then(|rest| rest.split('-').nth(1)?.parse().ok());
        process.is_some_and(|process: u32| processes.contains(&process))
    };
    groups.filter(is_ours).count()
}
