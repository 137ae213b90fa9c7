//! The same document under runc: what the command sees must be the same, but where we say so.

// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use orv_runner::{Container, FIRST_HOST_ID, PAYLOAD_HOST_ID};
use serde_json::{Value, json};
use support::{Bench, allow, text};

/// A bench that runc can use too: it makes its mounts as the container's own root, to whom nothing may be shut.
fn bench() -> Option<Bench> {
    let bench = Bench::new()?;
    if Command::new("runc").arg("--version").output().is_err() {
        eprintln!("SKIPPED, NOT TESTED: there is no runc to compare with (`apt-get install runc`)");
        return None;
    }
    allow(bench.directory.path(), 0o755);
    for place in [
        "image/dev",
        "image/tmp",
        "image/work",
        "layer",
        "layer/upper",
        "layer/work",
        "bundle",
    ] {
        fs::create_dir(bench.path(place)).expect("a directory");
        allow(&bench.path(place), 0o755);
    }
    chown(bench.path("layer/upper"), Some(PAYLOAD_HOST_ID), Some(PAYLOAD_HOST_ID)).expect("an owner");
    chown(bench.path("layer/work"), Some(FIRST_HOST_ID), Some(FIRST_HOST_ID)).expect("an owner");
    Some(bench)
}

/// What the command prints under runc, of our own document.
fn under_runc(bench: &Bench, container: &Container) -> String {
    let document = bench
        .runner()
        .document(container, &bench.path("layer"))
        .expect("a document");
    let document = in_its_own_words(serde_json::from_str(&document).expect("JSON"));
    fs::write(bench.path("bundle/config.json"), document.to_string()).expect("a file");
    let name = format!(
        "orv-oracle-{}-{}",
        std::process::id(),
        container.argv.join("-").replace('/', ".")
    );
    let output = Command::new("runc")
        .arg("--root")
        .arg(bench.path("state"))
        .args(["run", "--bundle"])
        .arg(bench.path("bundle"))
        .arg(&name[..name.len().min(80)])
        .output()
        .expect("runc");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {problems}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// One thing is said otherwise: a limit that this runc may not raise or does not know is its own affair.
fn in_its_own_words(mut document: Value) -> Value {
    // Its release knows no later version, and only compares the number.
    document["ociVersion"] = json!("1.0.2");
    document
}

fn both(bench: &Bench, arguments: &[&str]) -> (String, String) {
    let container = bench.container(arguments);
    let ours = text(&bench.runner().run(&container).expect("a report"));
    (ours, under_runc(bench, &container))
}

fn lines_of<'a>(text: &'a str, names: &[&str]) -> Vec<&'a str> {
    let named = |line: &&str| names.iter().any(|name| line.starts_with(name));
    text.lines().filter(named).collect()
}

#[test]
fn identity_capabilities_and_filters_are_those_that_runc_gives() {
    let Some(bench) = bench() else { return };
    let (ours, theirs) = both(&bench, &["show", "/proc/self/status"]);
    let names = [
        "Umask",
        "Uid",
        "Gid",
        "Groups",
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp:",
    ];
    assert_eq!(lines_of(&ours, &names).len(), names.len());
    assert_eq!(lines_of(&ours, &names), lines_of(&theirs, &names));
    for file in ["/proc/self/uid_map", "/proc/self/gid_map", "/proc/sys/kernel/hostname"] {
        let (ours, theirs) = both(&bench, &["show", file]);
        assert_eq!(ours, theirs, "{file}");
    }
}

#[test]
fn every_forbidden_call_is_answered_alike() {
    let Some(bench) = bench() else { return };
    let (ours, theirs) = both(&bench, &["sockets"]);
    assert_eq!(ours, theirs);
    let (ours, theirs) = both(&bench, &["forbidden"]);
    assert_eq!(ours.lines().count(), theirs.lines().count());
    for (our, their) in ours.lines().zip(theirs.lines()) {
        // Under runc the command is process 1 itself, so its own.
        if our.starts_with("init-") {
            continue;
        }
        let denied = |line: &str| !line.ends_with(" allowed");
        assert_eq!(denied(our), denied(their), "ours {our}, theirs {their}");
        // What a filter answers is the same to the number; a file that Landlock shuts first has another.
        if !["mknod ", "root ", "dev ", "sysctl ", "sysrq "]
            .iter()
            .any(|name| our.starts_with(name))
        {
            assert_eq!(our, their);
        }
    }
}

#[test]
fn the_tree_has_the_same_places_with_the_same_flags() {
    let Some(bench) = bench() else { return };
    let (ours, theirs) = both(
        &bench,
        &[
            "mount-flags",
            "/",
            "/proc",
            "/proc/sys",
            "/proc/irq",
            "/dev",
            "/tmp",
            "/work",
        ],
    );
    // The whole root is nosuid and nodev here; runc leaves the root's own mount as it finds it.
    let without_root = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_root(&ours), without_root(&theirs));
    assert!(
        ours.starts_with("/ ro nosuid nodev\n") && theirs.starts_with("/ ro"),
        "{ours}{theirs}"
    );
    for place in ["/work", "/tmp"] {
        let (mut ours, mut theirs) = both(&bench, &["list", place]);
        (ours, theirs) = (sorted(&ours), sorted(&theirs));
        assert_eq!(ours, theirs, "{place}");
    }
    // Ours has no more than runc's.
    let (ours, theirs) = both(&bench, &["list", "/dev"]);
    let missing: Vec<_> = ours.lines().filter(|name| !theirs.contains(*name)).collect();
    assert_eq!(missing, ["shm"], "{theirs}");
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn masked_files_are_as_empty_and_limits_of_the_process_are_the_same() {
    let Some(bench) = bench() else { return };
    for file in ["/proc/cmdline", "/proc/keys", "/proc/interrupts", "/proc/self/cgroup"] {
        let (ours, theirs) = both(&bench, &["show", file]);
        assert_eq!(ours.is_empty(), theirs.is_empty(), "{file}: {ours} {theirs}");
    }
    let names = [
        "Max core file size",
        "Max file size",
        "Max open files",
        "Max locked memory",
        "Max msgqueue size",
        "Max stack size",
    ];
    let (ours, theirs) = both(&bench, &["show", "/proc/self/limits"]);
    assert_eq!(lines_of(&ours, &names).len(), names.len());
    assert_eq!(lines_of(&ours, &names), lines_of(&theirs, &names));
    let mut namespaces = Vec::new();
    for kind in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] {
        let host = fs::read_link(Path::new("/proc/self/ns").join(kind)).expect("a namespace");
        let (ours, theirs) = both(&bench, &["link", &format!("/proc/self/ns/{kind}")]);
        for text in [&ours, &theirs] {
            assert!(
                text.starts_with(kind) && text.trim_end() != host.to_string_lossy(),
                "{text}"
            );
        }
        namespaces.push((ours, theirs));
    }
    assert_eq!(namespaces.len(), 7);
}
