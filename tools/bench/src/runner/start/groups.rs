//! Control groups made around a sandbox that makes none, with the two limits that the others are given.

use orv_runner::Limits;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How often a group that its last process is just leaving is tried to be removed, and the time between.
const ATTEMPTS: usize = 2_000;
const PAUSE: Duration = Duration::from_micros(100);

/// Where groups are made here, and which limits go into which file.
#[derive(Debug)]
pub(super) struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    hierarchy: PathBuf,
    limits: Vec<(&'static str, String)>,
}

impl Places {
    /// Version 1's hierarchies where they are, else version 2's.
    pub(super) fn of_this_machine(limits: &Limits) -> Self {
        let (memory, pids) = (limits.memory_bytes.to_string(), limits.pids.to_string());
        let root = Path::new("/sys/fs/cgroup");
        let place = |hierarchy: PathBuf, limits: &[(&'static str, &str)]| Place {
            hierarchy,
            limits: limits
                .iter()
                .map(|(file, limit)| (*file, (*limit).to_owned()))
                .collect(),
        };
        if root.join("cgroup.controllers").exists() {
            let limits = [("memory.max", memory.as_str()), ("pids.max", &pids)];
            return Self(vec![place(root.to_owned(), &limits)]);
        }
        Self(vec![
            place(root.join("memory"), &[("memory.limit_in_bytes", &memory)]),
            place(root.join("pids"), &[("pids.max", &pids)]),
        ])
    }

    /// Makes one group in each, with its limits.
    pub(super) fn make(&self, name: &str) -> io::Result<Groups> {
        let mut groups = Groups(Vec::new());
        for place in &self.0 {
            let group = place.hierarchy.join(name);
            fs::create_dir(&group)?;
            groups.0.push(group.clone());
            for (file, limit) in &place.limits {
                fs::write(group.join(file), limit)?;
            }
        }
        Ok(groups)
    }
}

/// One group in each hierarchy; they go with the value.
#[derive(Debug)]
pub(super) struct Groups(Vec<PathBuf>);

impl Groups {
    /// Moves a process into them.
    pub(super) fn take(&self, process: u32) -> io::Result<()> {
        let process = process.to_string();
        self.0
            .iter()
            .try_for_each(|group| fs::write(group.join("cgroup.procs"), &process))
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for group in &self.0 {
            // One that stays is empty and has a name of ours.
            for _ in 0..ATTEMPTS {
                match fs::remove_dir(group) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(PAUSE),
                    _ => break,
                }
            }
        }
    }
}
