//! The process that containers are forked from.

// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::thread;

use orv_runner::{Exit, Runner};
use support::{Bench, text};

/// Process ids whose parent is this one.
fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("processes").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|process| status(*process).lines().any(|line| line == format!("PPid:\t{parent}")))
        .collect()
}

fn status(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

/// The spawner among the children of the test, which has others while tests run side by side.
fn spawner_of(runner: &Runner) -> u32 {
    let before = children_of(std::process::id());
    runner.start_spawner().expect("a spawner");
    let after = children_of(std::process::id());
    let mut new = after.into_iter().filter(|process| !before.contains(process));
    let spawner = new.next().expect("one more child");
    assert_eq!(new.next(), None);
    spawner
}

/// One test function: it looks at what children the whole process has.
#[test]
fn every_container_is_forked_from_one_process_of_one_thread_with_nothing_of_its_maker_s() {
    let Some(bench) = Bench::new() else { return };
    let runner = bench.runner();
    let secret = std::hint::black_box(vec![0x5a_u8; 1 << 26]);
    let spawner = spawner_of(&runner);

    // From threads, and from clones: always the same one.
    thread::scope(|scope| {
        for _ in 0..4 {
            let (runner, bench) = (runner.clone(), &bench);
            scope.spawn(move || {
                let report = runner.run(&bench.container(&["ids"])).expect("a report");
                assert_eq!(
                    (report.exit, text(&report).as_str()),
                    (Exit::Code(0), "1000 1000 2 1\n")
                );
            });
        }
    });
    assert_eq!(children_of(std::process::id()), [spawner]);

    let status = status(spawner);
    assert!(status.contains("Threads:\t1\n"), "{status}");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident: usize = resident
        .and_then(|text| text.trim().split(' ').next()?.parse().ok())
        .expect("kilobytes");
    // It is no fork of this process, in which there is a secret of 64 MiB.
    assert!(resident < 32 << 10, "{resident} kB");
    assert_eq!(secret.first(), Some(&0x5a));
    let place = PathBuf::from(format!("/proc/{spawner}"));
    assert_eq!(fs::read(place.join("environ")).expect("its environment"), b"");
    let program = fs::read_link(place.join("exe")).expect("its program");
    assert_eq!(program, fs::canonicalize(&runner.helper).expect("the helper"));
    let descriptors = fs::read_dir(place.join("fd")).expect("its descriptors").count();
    // Output and error, and the socket.
    assert_eq!(descriptors, 3);

    // One that has died is replaced, and one whose runner is gone ends.
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(spawner.try_into().expect("a process id")),
        nix::sys::signal::Signal::SIGKILL,
    )
    .expect("killed");
    while !self::status(spawner).contains("State:\tZ") {
        thread::yield_now();
    }
    assert_eq!(
        runner.run(&bench.container(&["exit", "3"])).expect("a report").exit,
        Exit::Code(3)
    );
    drop(runner);
    assert_eq!(children_of(std::process::id()), [] as [u32; 0]);
}
