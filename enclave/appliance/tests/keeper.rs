//! The key lives in a process of its own that nobody else can look into (DESIGN 5.3).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use host::{Enclave, End, Shelf};
use orv_wire::{ExitCode, FailureCode, Message};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Host id of a container's payload.
const PAYLOAD: u32 = 101_000;
const KEEPER: u32 = 65_532;

fn status_of(process: u32, field: &str) -> Vec<String> {
    try_status_of(process, field).unwrap()
}

/// Nothing of a process that is gone.
fn try_status_of(process: u32, field: &str) -> Option<Vec<String>> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{field}:")))?;
    Some(line.split_whitespace().map(str::to_owned).collect())
}

/// When a process began, in clock ticks since the machine's start (proc(5)); nothing of one that is gone.
fn started(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may have spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19)?.parse().ok()
}

#[test]
fn the_keeper_is_another_process_under_another_user_without_any_capability() {
    let enclave = Enclave::start();
    assert_ne!(enclave.keeper, enclave.process_id());
    assert_eq!(status_of(enclave.keeper, "Uid"), vec![KEEPER.to_string(); 4]);
    assert_eq!(status_of(enclave.keeper, "Gid"), vec![KEEPER.to_string(); 4]);
    assert_eq!(status_of(enclave.keeper, "NoNewPrivs"), ["1"]);
    assert_eq!(status_of(enclave.keeper, "CapEff"), ["0000000000000000"]);
    assert_eq!(status_of(enclave.keeper, "PPid"), [enclave.process_id().to_string()]);
    assert_eq!(status_of(enclave.keeper, "Threads"), ["1"]);
}

#[test]
fn containers_are_forked_from_a_process_of_one_thread_that_was_there_before_the_keeper() {
    let enclave = Enclave::start();
    let command_line = |process: u32| std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let numbers = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse::<u32>().ok();
    let mut spawners: Vec<u32> = std::fs::read_dir("/proc").unwrap().filter_map(numbers).collect();
    spawners.retain(|process| {
        command_line(*process).split('\0').nth(1) == Some("container-run")
            && try_status_of(*process, "PPid") == Some(vec![enclave.process_id().to_string()])
    });
    assert_eq!(spawners.len(), 1);
    let spawner = spawners[0];
    assert_eq!(status_of(spawner, "Threads"), ["1"]);
    assert!(started(spawner).unwrap() <= started(enclave.keeper).unwrap());
    // Both are the service's children, so neither is the other's; and what was executed shares no memory with its maker.
    assert_eq!(status_of(enclave.keeper, "PPid"), status_of(spawner, "PPid"));
    let environment = std::fs::read(format!("/proc/{spawner}/environ")).unwrap();
    assert!(environment.is_empty());
}

#[test]
fn the_keeper_is_not_dumpable() {
    let enclave = Enclave::start();
    // The files of a process belong to its user, but to root where the process is not dumpable (proc(5)).
    let owner = std::fs::metadata(format!("/proc/{}/environ", enclave.keeper))
        .unwrap()
        .uid();
    assert_eq!((owner, status_of(enclave.keeper, "Uid")[0].as_str()), (0, "65532"));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", enclave.keeper)).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert!(
        core.split_whitespace().filter(|word| *word == "0").count() == 2,
        "{core}"
    );
}

#[test]
fn neither_the_runners_user_nor_the_keepers_own_can_read_the_keepers_memory() {
    let enclave = Enclave::start();
    for user in [PAYLOAD, KEEPER] {
        for file in ["mem", "environ", "maps", "fd"] {
            let path = format!("/proc/{}/{file}", enclave.keeper);
            let read = Command::new("/bin/ls")
                .arg("-l")
                .arg(&path)
                .uid(user)
                .gid(user)
                .output()
                .unwrap();
            let open = Command::new("/bin/cat")
                .arg(&path)
                .uid(user)
                .gid(user)
                .output()
                .unwrap();
            let listed = file == "fd" && read.status.success();
            assert!(!open.status.success() && !listed, "user {user} can read {path}");
        }
    }
    // The check can fail: the same user reads the same files of a process of its own.
    let own = Command::new("/bin/cat")
        .arg("/proc/self/maps")
        .uid(PAYLOAD)
        .gid(PAYLOAD)
        .output()
        .unwrap();
    assert!(own.status.success());
}

#[test]
fn the_keeper_has_one_socket_and_nothing_else_open() {
    let enclave = Enclave::start();
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", enclave.keeper)).unwrap();
    let targets: Vec<_> = descriptors
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .map(|target| target.display().to_string())
        .filter(|target| target != "/dev/null")
        .collect();
    let sockets = targets.iter().filter(|target| target.starts_with("socket:")).count();
    // Standard input and its one copy are the socket; standard error is where a failure is told.
    assert!(sockets <= 2 && targets.len() <= 3, "{targets:?}");
}

#[test]
fn the_enclave_ends_when_its_keeper_is_gone() {
    let mut enclave = Enclave::start();
    let mut channel = enclave.connect();
    Command::new("/bin/kill")
        .args(["-9", &enclave.keeper.to_string()])
        .status()
        .unwrap();
    channel.send(0, &Message::Hello(host::hello())).unwrap();
    let Message::Error(failure) = channel.receive().unwrap().1 else {
        panic!()
    };
    assert_eq!(failure.code, FailureCode::Internal);
    let Message::Exit(exit) = channel.receive().unwrap().1 else {
        panic!()
    };
    assert_eq!(exit.code, ExitCode::Keeper);
    assert!(exit.detail.contains("no answer from the keeper"), "{exit:?}");
    assert_eq!(enclave.wait(), Some(4));
}

#[test]
fn the_enclave_and_its_key_end_after_a_failure_of_the_machine() {
    let mut enclave = Enclave::start();
    let keeper = enclave.keeper;
    let began = started(keeper);
    let mut channel = enclave.connect();
    host::introduce(&mut channel);
    let mut shelf = Shelf::default();
    let job = host::job(&mut shelf, host::candidate("improvement"), 1);
    enclave.remove_scratch();
    let End::Refused(failure) = host::serve(&mut channel, &job, &shelf) else {
        panic!("a statement was signed")
    };
    assert_eq!(failure.code, FailureCode::Internal);
    assert_eq!(enclave.wait(), Some(4));
    // The kernel kills it once its parent has ended. Dead and not yet reaped it has no program any more, and its number
    // may be another's by now.
    let lives = || started(keeper) == began && Path::new(&format!("/proc/{keeper}/exe")).exists();
    for _ in 0..600 {
        if !lives() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the keeper outlived the enclave");
}

#[test]
fn a_host_that_hangs_up_cannot_keep_an_enclave_without_its_keeper_alive() {
    let mut enclave = Enclave::start();
    let mut channel = enclave.connect();
    Command::new("/bin/kill")
        .args(["-9", &enclave.keeper.to_string()])
        .status()
        .unwrap();
    channel.send(0, &Message::Hello(host::hello())).unwrap();
    // Nobody is there any more to be told why.
    drop(channel);
    assert_eq!(enclave.ended(), Some(4));
}
