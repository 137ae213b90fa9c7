//! The processor time of everything that a measurement starts, to the nanosecond, whoever waits for it; and the greatest
//! weight for all of it, so that other work on the machine disturbs what is compared least, and all of it alike.
//!
//! This process moves into a control group of its own, and in its mount namespace that group takes the place of the
//! hierarchy's root: the groups that container runtimes make lie beneath it, and a group's reading counts what is beneath
//! it, also after it is gone. Resource usage would miss processes that nobody of ours waits for, such as a sandbox that
//! leaves its child behind, or a runner's resident spawner.

use crate::cost::Cost;
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long whatever ends with a piece of work may take to be gone.
const SETTLING: Duration = Duration::from_millis(5);

/// Why processor time cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    /// No hierarchy of control groups counts processor time here.
    #[error("no control group hierarchy counts processor time here")]
    NoHierarchy,
    /// The group could not be made or read.
    #[error("{}: {source}", path.display())]
    Group {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The reading is not a number.
    #[error("{} reads {found:?}", path.display())]
    Reading {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// The group could not take the root's place.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: Errno,
    },
}

/// How a hierarchy tells its processor time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Version 1: nanoseconds in `cpuacct.usage`.
    Nanoseconds,
    /// Version 2: microseconds behind `usage_usec` in `cpu.stat`.
    Microseconds,
}

/// The group. Closing it brings this process back to where it was.
#[derive(Debug)]
pub(crate) struct Account {
    /// Each hierarchy's own root, held open because its place is taken, and where it is mounted and the group now
    /// stands. The first one tells the time.
    places: Vec<(File, PathBuf)>,
    name: String,
    form: Form,
}

impl Account {
    /// Enters a mount namespace and a group of this process's own. Must come before any thread.
    pub(crate) fn open() -> Result<Self, AccountError> {
        let table = Path::new("/proc/self/mountinfo");
        let text = fs::read_to_string(table).map_err(failed(table))?;
        let (places, form) = hierarchies(&text).ok_or(AccountError::NoHierarchy)?;
        unshare(CloneFlags::CLONE_NEWNS).map_err(system("unsharing the mounts"))?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(system("making the mounts private"))?;
        let mut account = Self {
            places: Vec::new(),
            name: format!("orv-bench-{}", std::process::id()),
            form,
        };
        for place in places {
            account.enter(place)?;
        }
        Ok(account)
    }

    fn enter(&mut self, place: PathBuf) -> Result<(), AccountError> {
        let root = File::open(&place).map_err(failed(&place))?;
        let group = place.join(&self.name);
        fs::create_dir(&group).map_err(failed(&group))?;
        self.places.push((root, place.clone()));
        let weight = match self.form {
            Form::Nanoseconds => ("cpu.shares", "262144"),
            Form::Microseconds => ("cpu.weight", "10000"),
        };
        // Version 2 gives no controller to the children of a group that has processes itself.
        let own = match self.form {
            Form::Nanoseconds => group.clone(),
            Form::Microseconds => group.join("own"),
        };
        if own != group {
            delegate(&place)?;
            delegate(&group)?;
            fs::create_dir(&own).map_err(failed(&own))?;
        }
        if group.join(weight.0).exists() {
            write(&group.join(weight.0), weight.1)?;
        }
        write(&own.join("cgroup.procs"), "0")?;
        mount(Some(&group), &place, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .map_err(system("putting the group into the root's place"))
    }

    /// Processor time of all that has run in the group and beneath it.
    pub(crate) fn time(&self) -> Result<Duration, AccountError> {
        let place = self.places.first().map(|(_, place)| place.as_path());
        let path = place.ok_or(AccountError::NoHierarchy)?.join(match self.form {
            Form::Nanoseconds => "cpuacct.usage",
            Form::Microseconds => "cpu.stat",
        });
        let text = fs::read_to_string(&path).map_err(failed(&path))?;
        let number = match self.form {
            Form::Nanoseconds => text.trim().parse().ok().map(Duration::from_nanos),
            Form::Microseconds => {
                let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
                line.and_then(|number| number.parse().ok()).map(Duration::from_micros)
            }
        };
        number.ok_or(AccountError::Reading { path, found: text })
    }

    /// Runs `work` and tells what it cost: wall time to its return, processor time with what was still ending then.
    pub(crate) fn cost_of<T>(&self, work: impl FnOnce() -> T) -> Result<(T, Cost), AccountError> {
        let before = self.time()?;
        let begun = Instant::now();
        let answer = work();
        let wall = begun.elapsed();
        std::thread::sleep(SETTLING);
        let cpu = self.time()?.saturating_sub(before);
        Ok((answer, Cost { wall, cpu }))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // What fails here leaves an empty group behind, which harms nobody.
        for (root, place) in &self.places {
            let _ = umount2(place, MntFlags::MNT_DETACH);
            let root = PathBuf::from(format!("/proc/self/fd/{}", root.as_raw_fd()));
            let group = root.join(&self.name);
            for own in [group.join("own"), group] {
                let members = fs::read_to_string(own.join("cgroup.procs")).unwrap_or_default();
                for member in members.lines() {
                    let _ = write(&root.join("cgroup.procs"), member);
                }
                let _ = fs::remove_dir(own);
            }
        }
    }
}

/// Gives the controllers of a group of version 2 to its children.
fn delegate(group: &Path) -> Result<(), AccountError> {
    write(&group.join("cgroup.subtree_control"), "+cpu +cpuset +memory +pids")
}

fn write(path: &Path, text: &str) -> Result<(), AccountError> {
    fs::write(path, text).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> AccountError + use<'_> {
    move |source| AccountError::Group {
        path: path.to_owned(),
        source,
    }
}

fn system(what: &'static str) -> impl FnOnce(Errno) -> AccountError {
    move |source| AccountError::System { what, source }
}

/// Where a table of mounts (`proc_pid_mountinfo(5)`) has the hierarchies that count processor time and weigh it:
/// version 1's `cpuacct` and `cpu`, which may be one, else version 2.
fn hierarchies(table: &str) -> Option<(Vec<PathBuf>, Form)> {
    let mounts = table.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        Some((place.split(' ').nth(4)?, kind.split(' ').collect::<Vec<_>>()))
    });
    let find = |controller: &str| {
        let found = mounts.clone().find(|(_, kind)| match kind[..] {
            ["cgroup", _, options] => options.split(',').any(|option| option == controller),
            ["cgroup2", ..] => controller.is_empty(),
            _ => false,
        });
        found.map(|(place, _)| PathBuf::from(place))
    };
    match find("cpuacct") {
        Some(counting) => {
            let weighing = find("cpu").filter(|place| *place != counting);
            let places = std::iter::once(counting).chain(weighing).collect();
            Some((places, Form::Nanoseconds))
        }
        None => find("").map(|place| (vec![place], Form::Microseconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_of_either_version_is_found() {
        let second = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(
            hierarchies(second),
            Some((vec!["/sys/fs/cgroup".into()], Form::Microseconds))
        );
        let both = "33 31 0:29 / /sys/fs/cgroup/cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n";
        let both = format!("{}{both}", second.replace("/cgroup rw", "/cgroup/unified rw"));
        assert_eq!(
            hierarchies(&both),
            Some((vec!["/sys/fs/cgroup/cpuacct".into()], Form::Nanoseconds))
        );
        let apart = both.replace("rw,cpu,cpuacct", "rw,cpuacct");
        let apart = format!("{apart}32 31 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
        let expected = ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu"].map(PathBuf::from);
        assert_eq!(hierarchies(&apart), Some((expected.to_vec(), Form::Nanoseconds)));
        assert_eq!(hierarchies("22 1 0:21 / /proc rw - proc proc rw\n"), None);
    }
}
