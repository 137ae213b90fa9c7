//! Other processes: finding them, harming them, outliving them.

use std::fs;
use std::io;
use std::time::Duration;

use crate::kernel::{self, Fork, call};
use crate::{Attempt, Words, held, number};

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["process", marker, "see"] => find(marker).map(|process| format!("process {process}: {marker}")),
        ["process", marker, "kill"] => find(marker).and_then(|process| signal(process, libc::SIGKILL)),
        ["process", marker, "stop"] => find(marker).and_then(|process| signal(process, libc::SIGSTOP)),
        ["process", marker, "handle"] => find(marker).and_then(by_handle),
        ["process", marker, "slow"] => find(marker).and_then(slow),
        ["process", marker, "move"] => find(marker).and_then(pin),
        ["process", marker, "starve"] => find(marker).and_then(starve),
        ["kill-everything"] => {
            call(libc::SYS_kill, &[usize::MAX, libc::SIGKILL as usize]).map(|_| "everything killed".into())
        }
        ["kill-init"] => call(libc::SYS_kill, &[1, libc::SIGKILL as usize]).map(|_| "process 1 killed".into()),
        ["daemon", marker, seconds] => number(seconds).and_then(|seconds| daemon(marker, seconds)),
        ["zombie", marker, seconds] => number(seconds).and_then(|seconds| zombie(marker, seconds)),
        ["stopped", marker] => stopped(marker),
        ["deaf", marker, seconds] => number(seconds).and_then(|seconds| deaf(marker, seconds)),
        ["linger", marker, seconds] => number(seconds).map(|seconds| {
            let _ = marker;
            std::thread::sleep(Duration::from_secs(seconds));
            "time".into()
        }),
        ["parent-of-all"] => parent_of_all(),
        ["become", id] => number(id).and_then(become_id),
        ["capabilities"] => capabilities(),
        ["effective-id"] => call(libc::SYS_geteuid, &[]).map(|id| format!("id {id}")),
        ["set-group", id] => number(id).and_then(|id: usize| {
            let group = [u32::try_from(id).unwrap_or_default()];
            call(libc::SYS_setgroups, &[1, group.as_ptr() as usize]).map(|_| format!("group {id}"))
        }),
        _ => return None,
    })
}

/// The first process whose command line has the marker, this one left out.
fn find(marker: &str) -> io::Result<i32> {
    let own = std::process::id().to_string();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let other = name != own && !command.contains("process ") && !command.contains("harness");
        if let (true, Ok(process)) = (other && command.contains(marker), name.parse()) {
            return Ok(process);
        }
    }
    Err(held(format!("no process of {marker}")))
}

fn signal(process: i32, signal: i32) -> Attempt {
    call(libc::SYS_kill, &[process as usize, signal as usize]).map(|_| format!("signal {signal} to {process}"))
}

fn by_handle(process: i32) -> Attempt {
    let handle = call(libc::SYS_pidfd_open, &[process as usize, 0])?;
    call(libc::SYS_pidfd_send_signal, &[handle, libc::SIGKILL as usize, 0, 0]).map(|_| format!("{process} killed"))
}

fn slow(process: i32) -> Attempt {
    call(libc::SYS_setpriority, &[0, process as usize, 19]).map(|_| format!("{process} slowed"))
}

fn pin(process: i32) -> Attempt {
    let mask = [1u64, 0];
    let arguments = [process as usize, size_of_val(&mask), mask.as_ptr() as usize];
    call(libc::SYS_sched_setaffinity, &arguments).map(|_| format!("{process} moved"))
}

/// No more open files for it.
fn starve(process: i32) -> Attempt {
    let limit = [3u64, 3];
    let arguments = [
        process as usize,
        libc::RLIMIT_NOFILE as usize,
        limit.as_ptr() as usize,
        0,
    ];
    call(libc::SYS_prlimit64, &arguments).map(|_| format!("{process} starved"))
}

/// Out of the session, out of the parent's sight, and asleep. The marker is in the command line.
fn daemon(marker: &str, seconds: u64) -> Attempt {
    let program = "/proc/self/exe";
    if let Fork::Child = kernel::fork()? {
        let _ = call(libc::SYS_setsid, &[]);
        let _ = std::process::Command::new(program)
            .args(["linger", marker, &seconds.to_string()])
            .spawn();
        kernel::exit(0)
    }
    // Long enough to have started.
    std::thread::sleep(Duration::from_millis(100));
    Ok(format!("a process that stays {seconds} s"))
}

/// A process that never buries its children stays, with children that cannot be killed any more.
fn zombie(marker: &str, seconds: u64) -> Attempt {
    if let Fork::Child = kernel::fork()? {
        let _ = call(libc::SYS_setsid, &[]);
        for _ in 0..4 {
            if let Fork::Child = kernel::fork()? {
                kernel::exit(0)
            }
        }
        std::thread::sleep(Duration::from_secs(seconds));
        kernel::exit(0)
    }
    std::thread::sleep(Duration::from_millis(50));
    Ok(format!("the parent of zombies of {marker}"))
}

/// A child that is stopped does not notice a polite end.
fn stopped(marker: &str) -> Attempt {
    let child = std::process::Command::new("/proc/self/exe")
        .args(["linger", marker, "5"])
        .spawn()?;
    std::thread::sleep(Duration::from_millis(50));
    signal(i32::try_from(child.id()).unwrap_or(-1), libc::SIGSTOP)
}

/// Ignores every signal that can be ignored.
fn deaf(marker: &str, seconds: u64) -> Attempt {
    for signal in [
        libc::SIGTERM,
        libc::SIGINT,
        libc::SIGHUP,
        libc::SIGPIPE,
        libc::SIGALRM,
        libc::SIGXCPU,
    ] {
        let ignore = [libc::SIG_IGN, 0, 0, 0];
        call(
            libc::SYS_rt_sigaction,
            &[signal as usize, ignore.as_ptr() as usize, 0, 8],
        )?;
    }
    daemon(marker, seconds)?;
    std::thread::sleep(Duration::from_secs(seconds));
    Ok("all the time in the world".into())
}

/// Whether process 1 is the container's own.
fn parent_of_all() -> Attempt {
    let status = fs::read_to_string("/proc/1/status")?;
    Ok(status.lines().next().unwrap_or_default().to_owned())
}

fn become_id(id: usize) -> Attempt {
    call(libc::SYS_setresuid, &[id, id, id]).map(|_| format!("id {id}"))
}

fn capabilities() -> Attempt {
    let status = fs::read_to_string("/proc/self/status")?;
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .unwrap_or_default()
        .trim();
    if u64::from_str_radix(effective, 16).unwrap_or_default() == 0 {
        return Err(held("no capability"));
    }
    Ok(format!("capabilities {effective}"))
}
