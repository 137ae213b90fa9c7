//! System calls that open the kernel.

use crate::kernel::{self, Fork, call};
use crate::{Attempt, Words, held};

const CLONE_NEWUSER: usize = 0x1000_0000;
/// `KEY_SPEC_PROCESS_KEYRING`.
const PROCESS_KEYRING: i32 = -2;

pub fn attempt(words: Words<'_>) -> Option<Attempt> {
    Some(match words {
        ["namespace", "clone"] => clone_namespace(),
        ["namespace", "unshare"] => {
            call(libc::SYS_unshare, &[CLONE_NEWUSER]).map(|_| "a user namespace of its own".into())
        }
        ["namespace", "clone3"] => clone3_namespace(),
        ["trace", "child"] => trace_child(),
        ["trace", "memory"] => read_memory(),
        ["trace", "descriptor"] => steal_descriptor(),
        ["trace", "file"] => open_memory(),
        ["trace", "compare"] => {
            let own = std::process::id() as usize;
            call(libc::SYS_kcmp, &[own, own, 1, 0, 0]).map(|_| "a comparison of kernel objects".into())
        }
        ["kernel", name] => kernel_interface(name),
        ["key", "add"] => add_key(),
        ["key", "session"] => call(libc::SYS_keyctl, &[1, 0]).map(|key| format!("session keyring {key}")),
        ["clock", "set"] => {
            let time = [0i64; 2];
            call(libc::SYS_clock_settime, &[0, time.as_ptr() as usize]).map(|_| "the machine's clock".into())
        }
        ["terminal", "inject"] => {
            let letter = b'x';
            match call(
                libc::SYS_ioctl,
                &[0, libc::TIOCSTI as usize, &raw const letter as usize],
            ) {
                // Past the filter: standard input is no terminal.
                Err(error) if error.raw_os_error() == Some(libc::ENOTTY) => Ok("to the terminal's own check".into()),
                other => other.map(|_| "a letter into a terminal".into()),
            }
        }
        ["personality"] => call(libc::SYS_personality, &[0x0040_0000]).map(|_| "an executable heap".into()),
        _ => return None,
    })
}

fn clone_namespace() -> Attempt {
    match call(libc::SYS_clone, &[CLONE_NEWUSER | libc::SIGCHLD as usize])? {
        0 => kernel::exit(0),
        child => {
            kernel::wait(i32::try_from(child).unwrap_or(-1))?;
            Ok("a process in a user namespace of its own".into())
        }
    }
}

fn clone3_namespace() -> Attempt {
    let mut arguments = [0u64; 11];
    arguments[0] = CLONE_NEWUSER as u64;
    arguments[4] = libc::SIGCHLD as u64;
    match call(
        libc::SYS_clone3,
        &[arguments.as_ptr() as usize, size_of_val(&arguments)],
    )? {
        0 => kernel::exit(0),
        child => {
            kernel::wait(i32::try_from(child).unwrap_or(-1))?;
            Ok("a process in a user namespace of its own, by clone3".into())
        }
    }
}

fn sleeping_child() -> std::io::Result<i32> {
    match kernel::fork()? {
        Fork::Child => {
            std::thread::sleep(std::time::Duration::from_secs(5));
            kernel::exit(0)
        }
        Fork::Parent(child) => Ok(child),
    }
}

fn trace_child() -> Attempt {
    let child = sleeping_child()?;
    call(libc::SYS_ptrace, &[libc::PTRACE_SEIZE as usize, child as usize])?;
    Ok("a traced process".into())
}

fn read_memory() -> Attempt {
    let secret = *b"secret";
    let mut copy = [0u8; 6];
    let child = sleeping_child()?;
    let local = [copy.as_mut_ptr() as usize, copy.len()];
    let remote = [secret.as_ptr() as usize, secret.len()];
    let (local, remote) = (local.as_ptr() as usize, remote.as_ptr() as usize);
    call(libc::SYS_process_vm_readv, &[child as usize, local, 1, remote, 1, 0])?;
    Ok("another process's memory".into())
}

fn open_memory() -> Attempt {
    let memory = format!("/proc/{}/mem", sleeping_child()?);
    std::fs::OpenOptions::new()
        .write(true)
        .open(memory)
        .map(|_| "another process's memory, to write".into())
}

fn steal_descriptor() -> Attempt {
    let child = sleeping_child()?;
    let process = call(libc::SYS_pidfd_open, &[child as usize, 0])?;
    call(libc::SYS_pidfd_getfd, &[process, 1, 0]).map(|_| "another process's descriptor".into())
}

fn kernel_interface(name: &str) -> Attempt {
    let zeros = [0u64; 32];
    let place = zeros.as_ptr() as usize;
    let answer = match name {
        "io_uring" => call(libc::SYS_io_uring_setup, &[4, place]),
        // `UFFD_USER_MODE_ONLY`.
        "userfaultfd" => call(libc::SYS_userfaultfd, &[1]),
        "perf" => {
            // A software clock of this process alone, without the kernel's side.
            let mut event = [0u32; 32];
            (event[0], event[1], event[10]) = (1, 128, 0x60);
            call(
                libc::SYS_perf_event_open,
                &[event.as_ptr() as usize, 0, usize::MAX, usize::MAX, 0],
            )
        }
        "fanotify" => call(libc::SYS_fanotify_init, &[0x200, 0]),
        "secret-memory" => call(libc::SYS_memfd_secret, &[0]),
        "landlock" => call(libc::SYS_landlock_create_ruleset, &[0, 0, 1]),
        "handle" => {
            let mut handle = [0u32; 40];
            handle[0] = 128;
            let mut mount = 0i32;
            let path = c"/work";
            let (handle, mount) = (handle.as_mut_ptr() as usize, &raw mut mount as usize);
            call(
                libc::SYS_name_to_handle_at,
                &[usize::MAX, path.as_ptr() as usize, handle, mount, 0],
            )
        }
        "vmsplice" => {
            let mut pipe = [0i32; 2];
            call(libc::SYS_pipe2, &[pipe.as_mut_ptr() as usize, 0])?;
            let part = [place, 8];
            call(libc::SYS_vmsplice, &[pipe[1] as usize, part.as_ptr() as usize, 1, 0])
        }
        other => return Err(held(format!("no interface is called {other}"))),
    };
    answer.map(|answer| format!("the kernel's {name}: {answer}"))
}

fn add_key() -> Attempt {
    let (kind, name, payload) = (c"user", c"orv-trace", b"trace");
    let arguments = [
        kind.as_ptr() as usize,
        name.as_ptr() as usize,
        payload.as_ptr() as usize,
        payload.len(),
        PROCESS_KEYRING as usize,
    ];
    call(libc::SYS_add_key, &arguments).map(|key| format!("key {key} in the kernel"))
}
