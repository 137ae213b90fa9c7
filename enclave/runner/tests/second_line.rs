//! What Landlock alone stops, where the kernel has it.

mod support;

use orv_runner::{Exit, Strength};
use support::{Bench, text};

/// The machine's bench; none, loudly, where the kernel has no Landlock.
fn bench() -> Option<Bench> {
    let bench = Bench::new()?;
    let strength = bench.runner().protections().ok()?.landlock;
    if strength == Strength::Absent {
        eprintln!("SKIPPED, NOT TESTED: this kernel has no Landlock");
        return None;
    }
    Some(bench)
}

#[test]
fn a_child_does_not_write_to_its_parent_s_memory() {
    let Some(bench) = bench() else { return };
    let denied = format!("errno {}\ntarget 1\n", libc::EACCES);
    assert_eq!(text(&bench.run(&["parent-memory"])), denied);
}

#[test]
fn the_helper_s_executable_is_not_run_as_the_command() {
    let Some(bench) = bench() else { return };
    let mut container = bench.container(&[]);
    container.argv = vec!["/proc/self/exe".into(), "container-run".into()];
    let report = bench.runner().run(&container).expect("a report");
    assert_eq!(report.exit, Exit::NotStarted(libc::EACCES));
}

#[test]
fn what_programs_do_every_day_is_permitted() {
    let Some(bench) = bench() else { return };
    for file in [
        "/dev/null",
        "/dev/stdout",
        "/tmp/file",
        "/work/sub/file",
        "/dev/shm/file",
    ] {
        assert_eq!(text(&bench.run(&["open", file])), "open allowed\n", "{file}");
    }
    let moved = bench.run(&["rename", "/work/given", "/work/sub/given"]);
    assert_eq!((moved.exit, text(&moved)), (Exit::Code(0), String::new()));
    assert_eq!(bench.run(&["execute", "/bin/probe", "exit", "5"]).exit, Exit::Code(5));
}
