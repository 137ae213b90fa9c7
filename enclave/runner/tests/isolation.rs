//! What a payload can see and reach.

mod support;

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};

use orv_runner::{Channel, Exit, PAYLOAD_HOST_ID, RunnerError, Step};
use support::{Bench, allow, answer, text};

#[test]
fn no_socket_but_unix_opens_and_high_bits_do_not_help() {
    let Some(bench) = Bench::new() else { return };
    let output = text(&bench.run(&["sockets"]));
    assert_eq!(answer(&output, "unix"), "allowed");
    for family in [
        "inet",
        "inet6",
        "netlink",
        "packet",
        "alg",
        "vsock",
        "vsock-high",
        "inet-high",
    ] {
        assert_eq!(answer(&output, family), libc::EPERM.to_string(), "{family}");
    }
}

#[test]
fn what_would_open_the_container_is_denied() {
    let Some(bench) = Bench::new() else { return };
    let output = text(&bench.run(&["forbidden"]));
    let allowed: Vec<&str> = output.lines().filter(|line| line.ends_with(" allowed")).collect();
    assert_eq!(allowed, [] as [&str; 0]);
    assert_eq!(answer(&output, "clone3"), libc::ENOSYS.to_string());
    assert!(output.lines().count() > 35);
    // Another numbering of the calls, which the kernel may have as well.
    if cfg!(target_arch = "x86_64") {
        assert_eq!(text(&bench.run(&["x32"])), format!("x32-getpid {}\n", libc::EPERM));
    }
}

#[test]
fn the_root_holds_the_image_and_the_fixed_places_and_nothing_else() {
    let Some(bench) = Bench::new() else { return };
    let mut names: Vec<String> = text(&bench.run(&["list", "/"])).lines().map(str::to_owned).collect();
    names.sort_unstable();
    assert_eq!(names, ["bin", "dev", "etc", "proc", "tmp", "work"]);
}

#[test]
fn there_are_five_devices_and_five_links() {
    let Some(bench) = Bench::new() else { return };
    let mut names: Vec<String> = text(&bench.run(&["list", "/dev"])).lines().map(str::to_owned).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"
        ]
    );
    assert_eq!(bench.run(&["write", "/dev/null"]).exit, Exit::Code(0));
}

#[test]
fn only_the_container_s_processes_are_seen() {
    let Some(bench) = Bench::new() else { return };
    let listed = text(&bench.run(&["list", "/proc"]));
    let processes: Vec<&str> = listed.lines().filter(|name| name.parse::<u32>().is_ok()).collect();
    assert_eq!(processes, ["1", "2"]);
}

#[test]
fn the_kernel_s_command_line_symbols_and_keys_are_hidden() {
    let Some(bench) = Bench::new() else { return };
    for file in [
        "/proc/cmdline",
        "/proc/kallsyms",
        "/proc/keys",
        "/proc/interrupts",
        "/proc/modules",
    ] {
        // Nothing in it, or nothing there: not every kernel has every file.
        let shown = text(&bench.run(&["show", file]));
        assert!(
            shown.is_empty() || shown == format!("errno {}\n", libc::ENOENT),
            "{file} {shown}"
        );
    }
    assert_eq!(text(&bench.run(&["list", "/sys"])), "none\n");
}

#[test]
fn the_payload_has_an_unprivileged_id_no_capability_and_the_filter() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(text(&bench.run(&["ids"])), "1000 1000 2 1\n");
    let status = text(&bench.run(&["show", "/proc/self/status"]));
    for line in [
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "Seccomp_filters:\t1",
        "Groups:\t ",
    ] {
        assert!(status.lines().any(|found| found == line), "{line} in\n{status}");
    }
    assert_eq!(
        text(&bench.run(&["show", "/proc/self/uid_map"]))
            .split_whitespace()
            .collect::<Vec<_>>(),
        ["0", "100000", "65536"]
    );
}

#[test]
fn the_init_has_no_capability_either() {
    let Some(bench) = Bench::new() else { return };
    let status = text(&bench.run(&["show", "/proc/1/status"]));
    assert!(status.contains("Seccomp:\t2\n"), "{status}");
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        assert!(status.contains(&format!("{set}:\t0000000000000000\n")), "{status}");
    }
}

#[test]
fn the_environment_is_what_was_given() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(text(&bench.run(&["env"])), "");
    let mut container = bench.container(&["env"]);
    container.env = vec![("SEED".into(), "0x00=1".into())];
    assert_eq!(
        text(&bench.runner().run(&container).expect("a report")),
        "SEED=0x00=1\n"
    );
}

#[test]
fn no_descriptor_but_the_given_ones_is_open() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(text(&bench.run(&["descriptors"])), "0\n1\n2\n");
}

#[test]
fn a_channel_descriptor_is_number_three() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["descriptors"]);
    container.channel = Channel::Descriptors(vec![OwnedFd::from(File::open("/dev/null").expect("a file"))]);
    assert_eq!(text(&bench.runner().run(&container).expect("a report")), "0\n1\n2\n3\n");
}

#[test]
fn the_root_is_read_only_and_work_is_fresh_each_time() {
    let Some(bench) = Bench::new() else { return };
    allow(&bench.path("image/bin"), 0o777);
    assert_eq!(
        text(&bench.run(&["write", "/bin/new"])),
        format!("errno {}\n", libc::EROFS)
    );
    for _ in 0..2 {
        let mut names: Vec<String> = text(&bench.run(&["list", "/work"]))
            .lines()
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["given", "sub"]);
        for file in ["/work/new", "/work/given", "/work/sub/deep"] {
            assert_eq!(bench.run(&["write", file]).exit, Exit::Code(0), "{file}");
        }
        assert_eq!(bench.run(&["rename", "/work/sub", "/work/other"]).exit, Exit::Code(0));
        assert_eq!(bench.run(&["remove", "/work/given"]).exit, Exit::Code(0));
    }
    assert_eq!(fs::read_to_string(bench.path("tree/given")).expect("text"), "given\n");
    assert_eq!(
        fs::metadata(bench.path("tree/sub/deep")).expect("a file").uid(),
        PAYLOAD_HOST_ID
    );
}

#[test]
fn a_set_up_run_s_writes_are_the_next_runs_ground() {
    let Some(bench) = Bench::new() else { return };
    let (report, layer) = bench
        .runner()
        .run_setup(&bench.container(&["write", "/work/made"]))
        .expect("a layer");
    assert_eq!(report.exit, Exit::Code(0));
    let bytes = layer.bytes().expect("its size");
    assert!((1..1 << 20).contains(&bytes), "{bytes}");
    let first = std::sync::Arc::new(layer);
    let mut second = bench.container(&["remove", "/work/given"]);
    second.work.layers = vec![first.clone()];
    let (report, layer) = bench.runner().run_setup(&second).expect("a layer");
    assert_eq!(report.exit, Exit::Code(0));
    let mut trial = bench.container(&["list", "/work"]);
    trial.work.layers = vec![first, std::sync::Arc::new(layer)];
    let mut names: Vec<String> = text(&bench.runner().run(&trial).expect("a report"))
        .lines()
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["made", "sub"]);
    assert!(!bench.path("tree/made").exists());
}

#[test]
fn a_further_directory_is_seen_and_not_written() {
    let Some(bench) = Bench::new() else { return };
    let judge = vec![(bench.path("judge"), "/judge/files".to_owned())];
    allow(&bench.path("judge/answer"), 0o666);
    let mut container = bench.container(&["show", "/judge/files/answer"]);
    container.extra_read_only.clone_from(&judge);
    assert_eq!(text(&bench.runner().run(&container).expect("a report")), "42\n");
    let mut container = bench.container(&["write", "/judge/files/answer"]);
    container.extra_read_only = judge;
    let report = bench.runner().run(&container).expect("a report");
    assert_eq!(
        (report.exit, text(&report)),
        (Exit::Code(1), format!("errno {}\n", libc::EROFS))
    );
}

#[test]
fn a_directory_may_not_be_shown_over_the_container_s_own_places() {
    let Some(bench) = Bench::new() else { return };
    for place in ["/proc", "/dev/x", "/work/x", "/judge/../proc", "relative"] {
        let mut container = bench.container(&["exit", "0"]);
        container.extra_read_only = vec![(bench.path("judge"), place.to_owned())];
        let refused = bench.runner().run(&container);
        assert!(
            matches!(
                refused,
                Err(RunnerError::Setup {
                    step: Step::ReadOnly,
                    ..
                })
            ),
            "{place} {refused:?}"
        );
    }
}

#[test]
fn links_of_the_image_at_the_fixed_places_lead_nowhere() {
    let Some(bench) = Bench::new() else { return };
    fs::remove_dir(bench.path("image/proc")).expect("removed");
    for place in ["proc", "dev", "tmp", "work", "judge"] {
        symlink("/etc", bench.path("image").join(place)).expect("a link");
    }
    let mut container = bench.container(&["show", "/judge/answer"]);
    container.extra_read_only = vec![(bench.path("judge"), "/judge".to_owned())];
    assert_eq!(text(&bench.runner().run(&container).expect("a report")), "42\n");
    assert_eq!(text(&bench.run(&["list", "/etc"])), "");
}

#[test]
fn the_working_directory_is_entered_and_a_missing_one_is_no_start() {
    let Some(bench) = Bench::new() else { return };
    let mut container = bench.container(&["cwd"]);
    container.cwd = "/work/sub".to_owned();
    assert_eq!(text(&bench.runner().run(&container).expect("a report")), "/work/sub\n");
    container.cwd = "/work/absent".to_owned();
    assert_eq!(
        bench.runner().run(&container).expect("a report").exit,
        Exit::NotStarted(libc::ENOENT)
    );
}

#[test]
fn what_every_build_does_is_allowed() {
    let Some(bench) = Bench::new() else { return };
    let report = bench.run(&["everyday"]);
    let output = text(&report);
    let denied: Vec<_> = output.lines().filter(|line| !line.ends_with(" allowed")).collect();
    assert_eq!((report.exit, denied), (Exit::Code(0), vec![]), "{output}");
}
