//! What a payload may use, and how a run that wanted more is reported.

mod support;

use std::time::Duration;

use orv_runner::{CgroupMode, Container, ControlGroups, Exit, FLOOD_FACTOR, RelayLimits, RunnerError, Strength};
use support::{Bench, MIB, answer, text};

#[test]
fn a_clean_exit_is_reported_as_code_zero() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["exit", "0"]);
    assert_eq!(report.exit, Exit::Code(0));
    assert_eq!((report.oom_kills, report.pids_hit), (0, 0));
    assert!(report.peak_memory > 0 && !report.wall.is_zero());
}

#[test]
fn an_exit_code_is_reported() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(bench.run(&["exit", "7"]).exit, Exit::Code(7));
}

#[test]
fn a_signal_is_reported_and_abort_works_as_it_does_outside() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(bench.run(&["abort"]).exit, Exit::Signal(6));
    assert_eq!(bench.run(&["kill-self", "9"]).exit, Exit::Signal(9));
    assert_eq!(bench.run(&["kill-self", "15"]).exit, Exit::Signal(15));
}

#[test]
fn a_command_that_is_not_there_is_reported_as_not_started() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&[]);
    container.argv = vec!["/bin/absent".into()];
    let report = bench.runner().run(&container).expect("a report");
    assert_eq!(report.exit, Exit::NotStarted(2));
    container.argv = vec!["/work/given".into()];
    assert_eq!(
        bench.runner().run(&container).expect("a report").exit,
        Exit::NotStarted(13)
    );
}

#[test]
fn a_command_without_a_slash_is_found_in_the_path_it_is_given_and_nowhere_else() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["", "3"]);
    container.argv = vec!["probe".into(), "exit".into(), "3".into()];
    assert_eq!(
        bench.runner().run(&container).expect("a report").exit,
        Exit::NotStarted(2)
    );
    container.env = vec![("PATH".into(), "/absent:/bin".into())];
    assert_eq!(bench.runner().run(&container).expect("a report").exit, Exit::Code(3));
}

#[test]
fn a_loop_that_ignores_termination_ends_at_the_wall_limit() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["loop"]);
    container.limits.wall = Duration::from_millis(300);
    let report = bench.runner().run(&container).expect("a report");
    assert_eq!(report.exit, Exit::WallLimit);
    assert!(report.wall >= container.limits.wall);
}

#[test]
fn a_burning_loop_ends_at_the_cpu_limit() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["burn", "60000"]);
    container.limits.cpu = Some(Duration::from_millis(200));
    let report = bench.runner().run(&container).expect("a report");
    assert_eq!(report.exit, Exit::CpuLimit);
    assert!(report.cpu >= Duration::from_millis(200));
}

#[test]
fn a_fork_bomb_is_contained_and_counted() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["fork-bomb"]);
    assert_eq!(report.exit, Exit::Code(0));
    // Sixteen processes with the parent.
    assert_eq!(text(&report), "15\n");
    assert!(report.pids_hit > 0);
}

#[test]
fn a_memory_bomb_is_reported_as_the_memory_limit() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["memory", "256"]);
    assert_eq!(report.exit, Exit::MemoryLimit);
    assert!(report.oom_kills > 0 && report.peak_memory <= 64 * MIB);
}

#[test]
fn a_memory_bomb_in_a_child_is_reported_though_its_parent_exits_cleanly() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["memory-in-child", "256"]);
    assert_eq!(report.exit, Exit::MemoryLimit);
    assert!(report.oom_kills > 0);
}

#[test]
fn output_beyond_the_cap_is_dropped_and_the_run_goes_on() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["print", "1000000"]);
    assert_eq!(report.exit, Exit::Code(0));
    assert!(report.stdout.truncated);
    assert_eq!(report.stdout.bytes, vec![b'y'; 64 * 1024]);
}

#[test]
fn output_without_end_ends_the_run() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["flood"]);
    assert_eq!(report.exit, Exit::OutputLimit);
    assert!(report.stdout.truncated);
    assert_eq!(report.stdout.bytes.len(), 64 * 1024);
}

#[test]
fn a_flood_that_ends_by_itself_is_no_clean_exit() {
    let Some(bench) = Bench::new() else { return };
    let longest = 64 * 1024 * usize::try_from(FLOOD_FACTOR).expect("a factor");
    for _ in 0..10 {
        // Quick enough for the end to be near before its reader has counted.
        let report = bench.run(&["print", &(longest + 1).to_string()]);
        assert_eq!(report.exit, Exit::OutputLimit);
        let report = bench.run(&["print", &longest.to_string()]);
        assert_eq!(report.exit, Exit::Code(0));
    }
}

#[test]
fn what_is_counted_for_the_whole_machine_cannot_be_used_up() {
    let Some(bench) = Bench::new() else { return };
    let output = text(&bench.run(&["hoard"]));
    let taken = |name| answer(&output, name).parse::<u32>().expect("a number");
    for (name, share) in [("signals", 1024), ("instances", 32), ("watches", 2048)] {
        let taken = taken(name);
        assert!(taken > 0 && taken <= share, "{name} {taken}");
    }
}

#[test]
fn output_in_packets_that_fill_the_pipe_at_the_end_is_read_to_the_last() {
    let Some(bench) = Bench::new() else { return };
    for _ in 0..5 {
        let report = bench.run(&["packets", "250"]);
        assert_eq!((report.exit, report.stdout.truncated), (Exit::Code(0), false));
        assert_eq!(text(&report), "y\n".repeat(250));
    }
}

#[test]
fn writing_beyond_the_size_of_a_place_fails_in_the_payload() {
    let Some(bench) = Bench::new() else { return };
    for place in ["/work/file", "/tmp/file", "/dev/shm/file"] {
        let report = bench.run(&["fill", place]);
        assert_eq!(report.exit, Exit::Code(0), "{place}");
        let output = text(&report);
        let (written, _) = output.trim().split_once(' ').expect("two numbers");
        assert!(written.parse::<u64>().expect("a number") <= 4 * MIB, "{place} {output}");
        assert!(report.room.is_exhausted(), "{place} {:?}", report.room);
    }
}

#[test]
fn a_place_without_room_for_one_more_file_is_told() {
    let Some(bench) = Bench::new() else { return };
    for (place, full) in [("/tmp", true), ("/work", true), ("none", false)] {
        let report = bench.run(&["many-files", place]);
        assert_eq!(
            (report.exit, report.room.is_exhausted()),
            (Exit::Code(0), full),
            "{:?}",
            report.room
        );
    }
    // Bytes alone are not told for it.
    let idle = bench.run(&["exit", "0"]).room;
    assert!(
        idle.work.bytes > Some(3 * MIB) && idle.temporary.files > Some(1000),
        "{idle:?}"
    );
}

#[test]
fn what_could_be_run_nowhere_is_told_without_a_run() {
    let Some(bench) = Bench::new() else { return };
    let check = |change: fn(&mut Container)| {
        let mut container = bench.container(&["exit", "0"]);
        change(&mut container);
        bench.runner().check(&container)
    };
    assert!(check(|_| {}).is_ok());
    let refused = check(|container| container.argv.push("a\0b".to_owned()));
    assert!(matches!(refused, Err(RunnerError::NulByte(_))), "{refused:?}");
    let refused = check(|container| container.env.push((String::new(), "value".to_owned())));
    assert!(matches!(refused, Err(RunnerError::UnfitVariable(_))), "{refused:?}");
    let refused = check(|container| container.argv.push("\u{1}".repeat(1 << 20)));
    assert!(matches!(refused, Err(RunnerError::TooLong { .. })), "{refused:?}");
}

#[test]
fn writable_places_that_do_not_fit_in_memory_are_refused() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["exit", "0"]);
    container.work.size_limit = 64 * MIB;
    let refused = bench.runner().run(&container);
    assert!(
        matches!(refused, Err(RunnerError::WritableExceedsMemory { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_processor_that_is_not_there_is_refused_and_not_ignored() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["exit", "0"]);
    container.limits.cpus = Some(vec![4000]);
    let refused = bench.runner().run(&container);
    assert!(matches!(refused, Err(RunnerError::Cgroup(_))), "{refused:?}");
}

#[test]
fn a_pinned_container_sees_its_processor_only() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["show", "/proc/self/status"]);
    container.limits.cpus = Some(vec![0]);
    let report = bench.runner().run(&container).expect("a report");
    assert!(text(&report).contains("Cpus_allowed_list:\t0\n"));
    assert_eq!(report.protections.cpu_pinning, Strength::Enforced);
}

#[test]
fn the_report_and_the_runner_tell_the_same_of_the_protections() {
    let Some(bench) = Bench::new() else { return };
    let of_machine = bench.runner().protections().expect("protections");
    let of_run = bench.run(&["exit", "0"]).protections;
    assert_ne!(of_machine.control_groups, ControlGroups::None);
    assert_eq!(of_machine.memory, Strength::Enforced);
    assert_eq!(
        orv_runner::Protections {
            cpu_pinning: Strength::Absent,
            ..of_machine
        },
        of_run
    );
}

#[test]
fn without_control_groups_the_weaker_mode_runs_and_says_so() {
    let Some(bench) = Bench::new() else { return };
    let mut runner = bench.runner();
    runner.cgroups = CgroupMode::Weaker;
    // No group can be pinned to a processor that is not there.
    let without_group = |arguments: &[&str]| {
        let mut container = bench.container(arguments);
        container.limits.cpus = Some(vec![4000]);
        container
    };
    let report = runner.run(&without_group(&["memory", "256"])).expect("a report");
    // The probe's word for memory that it was not given.
    assert_eq!(report.exit, Exit::Code(3));
    assert_eq!(report.protections.control_groups, ControlGroups::None);
    assert_eq!(report.protections.memory, Strength::Weaker);
    assert_eq!(report.protections.cpu_pinning, Strength::Absent);
    let mut endless = without_group(&["loop"]);
    endless.limits.wall = Duration::from_millis(300);
    assert_eq!(runner.run(&endless).expect("a report").exit, Exit::WallLimit);
    assert_eq!(
        runner.run(&without_group(&["daemon"])).expect("a report").exit,
        Exit::Code(0)
    );
    let refused = runner.run_split(
        &without_group(&["exit", "0"]),
        &bench.container(&["exit", "0"]),
        &RelayLimits {
            line_bytes: RelayLimits::LINE_BYTES,
            window: Duration::from_secs(1),
            requests: 1,
            metric_bytes: 1,
        },
    );
    assert!(matches!(refused, Err(RunnerError::Cgroup(_))), "{refused:?}");
}
