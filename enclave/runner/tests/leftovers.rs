//! Nothing of a run is left. One test function: it counts what the whole machine has.

// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use orv_runner::{Exit, RunnerError, Wanted};
use support::{Bench, text};

/// Groups, mounts, scratch directories and children that are this test's own.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    groups: Vec<String>,
    mounts: usize,
    scratch: usize,
    children: usize,
}

impl Traces {
    fn count(bench: &Bench) -> Self {
        let own = format!("-{}-", std::process::id());
        let mut groups = Vec::new();
        let mut places = vec![Path::new("/sys/fs/cgroup").to_owned()];
        places.extend(
            fs::read_dir("/sys/fs/cgroup")
                .expect("groups")
                .flatten()
                .map(|entry| entry.path()),
        );
        for place in places {
            let names = fs::read_dir(place)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name());
            groups.extend(
                names
                    .filter_map(|name| name.into_string().ok())
                    .filter(|name| name.starts_with("orv-") && name.contains(&own)),
            );
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo")
            .expect("mounts")
            .lines()
            .count();
        let scratch = fs::read_dir(bench.path("scratch")).expect("scratch").count();
        // Of the container's own processes none can be alive when the group they were in could be removed.
        let children = fs::read_dir("/proc").expect("processes").flatten().filter(|entry| {
            let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            status
                .lines()
                .any(|line| line == format!("PPid:\t{}", std::process::id()))
        });
        Traces {
            groups,
            mounts,
            scratch,
            children: children.count(),
        }
    }
}

/// Where a runner that was killed outright has left its group, the next run removes it.
fn abandon_a_group() -> PathBuf {
    let mut dead = Command::new("/bin/true").spawn().expect("a process");
    dead.wait().expect("its end");
    let namespace = fs::metadata("/proc/self/ns/pid").expect("a namespace").ino();
    let root = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"]
        .into_iter()
        .find(|root| Path::new(root).exists());
    let group = Path::new(root.expect("control groups")).join(format!("orv-{namespace}-{}-0", dead.id()));
    fs::create_dir(&group).expect("a group");
    group
}

#[test]
fn nothing_of_any_kind_of_run_is_left() {
    let Some(bench) = Bench::new() else { return };
    let before = Traces::count(&bench);
    assert_eq!((before.groups.len(), before.scratch), (0, 0));

    let abandoned = abandon_a_group();
    assert_eq!(bench.run(&["exit", "0"]).exit, Exit::Code(0));
    assert!(!abandoned.exists());
    // A process that left its session and its parent dies with the run, and does not hold its output open.
    let daemon = bench.run(&["daemon"]);
    assert_eq!((daemon.exit, text(&daemon)), (Exit::Code(0), "left\n".to_owned()));
    let mut container = bench.container(&["fork-bomb"]);
    container.limits.wall = Duration::from_millis(200);
    bench.runner().run(&container).expect("a report");
    assert_eq!(bench.run(&["memory", "256"]).exit, Exit::MemoryLimit);
    container.extra_read_only = vec![(bench.path("judge"), "/proc".to_owned())];
    assert!(matches!(bench.runner().run(&container), Err(RunnerError::Setup { .. })));
    let mut runner = bench.runner();
    runner.helper = "/bin/true".into();
    let vanished = runner.run(&bench.container(&["exit", "0"]));
    assert!(
        matches!(vanished, Err(RunnerError::HelperVanished | RunnerError::Helper { .. })),
        "{vanished:?}"
    );
    drop(runner);
    drop(
        bench
            .runner()
            .run_setup(&bench.container(&["write", "/work/made"]))
            .expect("a layer"),
    );
    // A run that nobody wants any more.
    let mut asked = 0;
    let wanted = || {
        asked += 1;
        if asked < 3 { Wanted::Still } else { Wanted::NoMore }
    };
    let unwanted = bench.runner().run_setup_while(&bench.container(&["loop"]), wanted);
    let (report, layer) = unwanted.expect("a report");
    assert_eq!(report.exit, Exit::Stopped);
    drop(layer);

    assert_eq!(Traces::count(&bench), before);
}
