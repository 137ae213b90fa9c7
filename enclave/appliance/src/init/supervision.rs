//! Starts the service, reaps the dead, and finds out why the service ended.

use super::kernel_log;
use super::root::PROGRAM;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{Pid, pipe2};
use orv_wire::{Exit, ExitCode, Frame, Message};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

/// The argument that makes the program the service of an image.
pub(crate) const SERVICE: &str = "service";

/// Runs the service to its end and tells why it ended.
pub(super) fn run() -> Exit {
    match supervise() {
        Ok(exit) => exit,
        Err(error) => Exit::new(ExitCode::Start, format!("init could not run the service: {error}")),
    }
}

fn supervise() -> io::Result<Exit> {
    let (words, theirs) = pipe2(OFlag::O_CLOEXEC)?;
    // A process that outlives the service must not be able to keep init waiting.
    fcntl(&words, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let service = start(theirs)?;
    let status = reap_until_the_end_of(service)?;
    let process = service.as_raw().unsigned_abs();
    Ok(cause(status, last_words(words), kernel_log::killed_for_memory(process)))
}

fn start(words: OwnedFd) -> io::Result<Pid> {
    let child = Command::new(PROGRAM)
        .arg(SERVICE)
        .env_clear()
        .stdin(Stdio::from(words))
        .spawn()?;
    // It is waited for with all the others.
    Ok(Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?))
}

/// Waits for every process of the machine that has no other parent.
fn reap_until_the_end_of(service: Pid) -> io::Result<WaitStatus> {
    loop {
        match wait() {
            Ok(status @ (WaitStatus::Exited(process, _) | WaitStatus::Signaled(process, _, _)))
                if process == service =>
            {
                return Ok(status);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The first thing that the service said about its end, if it said any.
fn last_words(pipe: OwnedFd) -> Option<Exit> {
    let frame = Frame::read_from(&mut File::from(pipe)).ok()?;
    match Message::from_frame(&frame) {
        Ok(Message::Exit(exit)) => Some(exit),
        _ => None,
    }
}

/// Why the service ended: by its own words, or else by what the kernel says.
fn cause(status: WaitStatus, words: Option<Exit>, out_of_memory: Option<String>) -> Exit {
    match (words, out_of_memory, status) {
        (Some(exit), _, _) => exit,
        (None, Some(kernel), _) => Exit::new(ExitCode::OutOfMemory, kernel),
        (None, None, WaitStatus::Signaled(_, signal, _)) => Exit::new(ExitCode::Killed, signal.as_str()),
        (None, None, WaitStatus::Exited(_, code)) => Exit::new(ExitCode::Silent, format!("exit code {code}")),
        (None, None, other) => Exit::new(ExitCode::Silent, format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::Signal;
    use std::io::Write;

    const SERVICE: Pid = Pid::from_raw(71);

    fn killed() -> WaitStatus {
        WaitStatus::Signaled(SERVICE, Signal::SIGKILL, false)
    }

    #[test]
    fn the_service_s_own_words_say_why_it_ended() {
        let words = Exit::new(ExitCode::Panic, "index out of bounds");
        let aborted = WaitStatus::Signaled(SERVICE, Signal::SIGABRT, false);
        assert_eq!(cause(aborted, Some(words.clone()), None), words);
    }

    #[test]
    fn without_words_the_kernel_says_whether_memory_was_short() {
        let exit = cause(killed(), None, Some("Out of memory: Killed process 71".into()));
        assert_eq!(exit.code, ExitCode::OutOfMemory);
        assert_eq!(cause(killed(), None, None), Exit::new(ExitCode::Killed, "SIGKILL"));
        let ended = cause(WaitStatus::Exited(SERVICE, 3), None, None);
        assert_eq!(ended, Exit::new(ExitCode::Silent, "exit code 3"));
    }

    #[test]
    fn words_are_read_from_the_pipe_and_half_a_word_is_none() {
        let whole = Message::Exit(Exit::new(ExitCode::Keeper, "gone"))
            .to_frame(0)
            .to_bytes()
            .unwrap();
        for (bytes, heard) in [(&whole[..], true), (&whole[..9], false), (b"", false)] {
            let (words, theirs) = pipe2(OFlag::O_CLOEXEC).unwrap();
            File::from(theirs).write_all(bytes).unwrap();
            assert_eq!(last_words(words).is_some(), heard);
        }
    }

    #[test]
    fn somebody_who_keeps_the_pipe_open_cannot_keep_init_waiting() {
        let (words, _theirs) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).unwrap();
        assert_eq!(last_words(words), None);
    }
}
