//! Taking more than was given.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use crate::kernel::{self, Fork, call};
use crate::{Attempt, Words, held, number};

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["memory", mebibytes] => number(mebibytes).and_then(memory),
        ["memory-in-child", mebibytes] => number(mebibytes).and_then(memory_in_child),
        ["memory-file", mebibytes] => number(mebibytes).and_then(memory_file),
        ["memory-in-sockets", mebibytes] => number(mebibytes).and_then(|mebibytes| in_kernel(mebibytes, fill_a_socket)),
        ["memory-in-pipes", mebibytes] => number(mebibytes).and_then(|mebibytes| in_kernel(mebibytes, fill_a_pipe)),
        ["lock-memory", bytes] => number(bytes).and_then(lock_memory),
        ["fork-bomb", processes] => number(processes).and_then(fork_bomb),
        ["thread-bomb", threads] => number(threads).and_then(thread_bomb),
        ["fill", path, bytes] => number(bytes).and_then(|bytes| fill(path, bytes)),
        ["inodes", path, files] => number(files).and_then(|files| inodes(path, files)),
        ["sparse", path, bytes] => number(bytes).and_then(|bytes| {
            File::create(path)?.set_len(bytes)?;
            Ok(format!("a file of {} bytes", fs::metadata(path)?.len()))
        }),
        ["signals", number_of] => number(number_of).and_then(signals),
        ["watchers", number_of] => number(number_of).and_then(watchers),
        ["open-files", files] => number(files).and_then(open_files),
        ["sleep", milliseconds] => number(milliseconds).map(|time| {
            std::thread::sleep(Duration::from_millis(time));
            format!("{time} ms")
        }),
        ["spin", milliseconds] => number(milliseconds).map(|time| {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(time) {}
            format!("{time} ms on a processor")
        }),
        ["burn", milliseconds] => number(milliseconds).map(|time: u64| {
            while kernel::clock(libc::CLOCK_PROCESS_CPUTIME_ID) < time * 1_000_000 {}
            format!("{time} ms of a processor's time")
        }),
        ["flood", stream, bytes] => number(bytes).and_then(|bytes| flood(stream, bytes)),
        ["core"] => core(),
        ["processor", id] => number(id).and_then(processor),
        _ => return None,
    })
}

fn memory(mebibytes: usize) -> Attempt {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mebibytes {
        taken.push(vec![1; 1 << 20]);
    }
    Ok(format!("{} MiB", taken.len()))
}

/// Memory in the form of files without names; one alone would meet the limit of a file's length.
fn memory_file(mebibytes: usize) -> Attempt {
    let (name, block) = (c"memory", vec![1u8; 1 << 20]);
    let mut files = Vec::new();
    for _ in 0..mebibytes {
        let descriptor = call(libc::SYS_memfd_create, &[name.as_ptr() as usize, 0])?;
        let mut file = kernel::own(i32::try_from(descriptor).unwrap_or(-1));
        file.write_all(&block)?;
        files.push(file);
    }
    Ok(format!("{} MiB in files without names", files.len()))
}

/// Memory that is the kernel's: bytes on their way, which nobody reads. Each child fills as many places as it may have
/// open, until all are full or somebody is killed.
fn in_kernel(mebibytes: usize, fill: fn() -> std::io::Result<usize>) -> Attempt {
    const CHILDREN: usize = 12;
    let share = (mebibytes << 20) / CHILDREN;
    let mut children = Vec::new();
    for _ in 0..CHILDREN {
        if let Fork::Parent(child) = kernel::fork()? {
            children.push(child);
            continue;
        }
        let mut held = 0;
        while held < share {
            match fill() {
                Ok(bytes) if bytes > 0 => held += bytes,
                _ => kernel::exit(1),
            }
        }
        // Until all of them have it at one time.
        std::thread::sleep(Duration::from_millis(400));
        kernel::exit(0)
    }
    let full = children
        .into_iter()
        .filter(|child| kernel::wait(*child).is_ok_and(|status| status == 0))
        .count();
    if full == CHILDREN {
        Ok(format!("{mebibytes} MiB of the kernel's"))
    } else {
        Err(held(format!("{full} of {CHILDREN} children are full")))
    }
}

/// Bytes that a pair of sockets holds; it stays open for as long as the process lives.
fn fill_a_socket() -> std::io::Result<usize> {
    let (mut writer, reader) = std::os::unix::net::UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    let held = fill_up(&mut writer);
    std::mem::forget((writer, reader));
    Ok(held)
}

fn fill_a_pipe() -> std::io::Result<usize> {
    let mut pipe = [0i32; 2];
    call(
        libc::SYS_pipe2,
        &[pipe.as_mut_ptr() as usize, libc::O_NONBLOCK as usize],
    )?;
    let mut writer = kernel::own(pipe[1]);
    let held = fill_up(&mut writer);
    std::mem::forget(writer);
    Ok(held)
}

fn fill_up(writer: &mut impl Write) -> usize {
    let block = [1u8; 32 * 1024];
    let mut held = 0;
    while let Ok(written) = writer.write(&block) {
        held += written;
    }
    held
}

/// Timers, each of which has a queued signal set aside that is counted for the machine's root too.
fn signals(wanted: usize) -> Attempt {
    for _ in 0..wanted {
        let mut timer = 0i32;
        let monotonic = usize::try_from(libc::CLOCK_MONOTONIC).unwrap_or_default();
        call(libc::SYS_timer_create, &[monotonic, 0, (&raw mut timer) as usize])?;
    }
    Ok(format!("{wanted} of the machine's queued signals"))
}

/// Watchers of files, which are counted for the machine's root too.
fn watchers(wanted: usize) -> Attempt {
    for _ in 0..wanted {
        call(libc::SYS_inotify_init1, &[0])?;
    }
    Ok(format!("{wanted} of the machine's watchers"))
}

/// The child is killed, the parent goes on as if nothing had been.
fn memory_in_child(mebibytes: usize) -> Attempt {
    match kernel::fork()? {
        Fork::Child => {
            let done = memory(mebibytes).is_ok();
            kernel::exit(i32::from(!done))
        }
        Fork::Parent(child) => match kernel::wait(child)? {
            0 => Ok(format!("{mebibytes} MiB in a child")),
            status => Err(held(format!("the child ended with {status}"))),
        },
    }
}

fn lock_memory(bytes: usize) -> Attempt {
    let memory = vec![1u8; bytes];
    call(libc::SYS_mlock, &[memory.as_ptr() as usize, bytes]).map(|_| format!("{bytes} bytes that never swap"))
}

fn fork_bomb(processes: usize) -> Attempt {
    for started in 0..processes {
        match kernel::fork() {
            Ok(Fork::Child) => {
                std::thread::sleep(Duration::from_secs(2));
                kernel::exit(0)
            }
            Ok(Fork::Parent(_)) => {}
            Err(error) => return Err(held(format!("after {started} processes: {error}"))),
        }
    }
    Ok(format!("{processes} processes"))
}

fn thread_bomb(threads: usize) -> Attempt {
    for started in 0..threads {
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        if let Err(error) = thread.spawn(|| std::thread::sleep(Duration::from_secs(2))) {
            return Err(held(format!("after {started} threads: {error}")));
        }
    }
    Ok(format!("{threads} threads"))
}

/// Many files, because one alone would meet the limit of its length.
fn fill(path: &str, bytes: usize) -> Attempt {
    let block = [1u8; 64 * 1024];
    let mut written = 0;
    while written < bytes {
        let mut file = File::create(format!("{path}-{written}"))?;
        match file.write(&block) {
            Ok(length) => written += length,
            Err(error) => return Err(held(format!("after {written} bytes: {error}"))),
        }
    }
    Ok(format!("{written} bytes in {path}"))
}

fn inodes(path: &str, files: usize) -> Attempt {
    for made in 0..files {
        if let Err(error) = File::create(format!("{path}/{made}")) {
            return Err(held(format!("after {made} files: {error}")));
        }
    }
    Ok(format!("{files} files in {path}"))
}

fn open_files(files: usize) -> Attempt {
    let mut open = Vec::new();
    for _ in 0..files {
        open.push(File::open("/dev/null").map_err(|error| held(format!("after {}: {error}", open.len())))?);
    }
    Ok(format!("{} open files", open.len()))
}

fn flood(stream: &str, bytes: usize) -> Attempt {
    let block = [b'x'; 64 * 1024];
    let mut written = 0;
    while written < bytes {
        match stream {
            "stdout" => std::io::stdout().write_all(&block)?,
            _ => std::io::stderr().write_all(&block)?,
        }
        written += block.len();
    }
    println!();
    Ok(format!("rid of {written} bytes"))
}

/// A crash whose memory stays behind as a file.
fn core() -> Attempt {
    match kernel::fork()? {
        Fork::Child => kernel::crash(),
        Fork::Parent(child) => {
            let status = kernel::wait(child)?;
            let left = fs::read_dir("/work")?.flatten().map(|entry| entry.file_name());
            let core = left.into_iter().find(|name| name.to_string_lossy().starts_with("core"));
            core.map(|name| format!("a memory image: {}", name.to_string_lossy()))
                .ok_or_else(|| held(format!("no memory image, the child ended with {status}")))
        }
    }
}

/// Moves to a processor that is somebody else's.
fn processor(id: usize) -> Attempt {
    let mask = [1u64 << id, 0];
    call(
        libc::SYS_sched_setaffinity,
        &[0, size_of_val(&mask), mask.as_ptr() as usize],
    )?;
    let now = kernel::processor();
    if usize::try_from(now) == Ok(id) {
        Ok(format!("processor {id}"))
    } else {
        Err(held(format!("still on processor {now}")))
    }
}
