//! A runner that is killed takes its container with it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::Bench;

/// Set in the copy of this program that is killed.
const VICTIM: &str = "ORV_TEST_VICTIM";
const PATIENCE: Duration = Duration::from_secs(30);

/// The group of a runner's container, in one hierarchy, once there is a process in it.
fn group_of(runner: u32) -> Option<PathBuf> {
    let root = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"]
        .into_iter()
        .find(|root| Path::new(root).exists())?;
    let own = format!("-{runner}-");
    let mut groups = fs::read_dir(root).ok()?.flatten().filter(|entry| {
        let name = entry.file_name().into_string().unwrap_or_default();
        name.starts_with("orv-") && name.contains(&own)
    });
    groups
        .next()
        .map(|group| group.path())
        .filter(|group| !members(group).is_empty())
}

fn members(group: &Path) -> String {
    fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default()
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        sleep(Duration::from_millis(5));
    }
    None
}

#[test]
fn a_killed_runner_s_container_dies_and_the_next_run_removes_its_group() {
    let Some(bench) = Bench::new() else { return };
    if std::env::var_os(VICTIM).is_some() {
        bench.run(&["fork-bomb"]);
        bench.run(&["loop"]);
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let mut victim = Command::new(program)
        .env(VICTIM, "yes")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a second runner");
    let group = until(|| group_of(victim.id())).expect("its container");
    victim.kill().expect("killed");
    victim.wait().expect("its end");
    until(|| members(&group).is_empty().then_some(())).expect("an empty group");
    bench.run(&["exit", "0"]);
    assert!(!group.exists());
}
