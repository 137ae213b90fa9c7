//! System calls by number: most of what an attacker wants has no safe function. The program's only unsafe code.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

/// Which side of a fork this is.
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the new one's id.
    Parent(i32),
}

/// A system call with up to six arguments; missing ones are zero.
///
/// # Errors
/// What the kernel answers.
pub fn call(number: libc::c_long, arguments: &[usize]) -> io::Result<usize> {
    let at = |index: usize| arguments.get(index).copied().unwrap_or_default();
    // SAFETY: pointers among the arguments are to live values of the caller's, large enough for the call it names. A
    // call that harms this process harms nobody: it is an attack program in a container.
    let answer = unsafe { libc::syscall(number, at(0), at(1), at(2), at(3), at(4), at(5)) };
    usize::try_from(answer).map_err(|_| io::Error::last_os_error())
}

/// Copies this process, which has one thread.
///
/// # Errors
/// What the kernel answers.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the program starts threads in one attack only, which does not fork.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child)),
    }
}

/// Ends the process at once.
pub fn exit(code: i32) -> ! {
    // SAFETY: no precondition.
    unsafe { libc::_exit(code) }
}

/// Ends the process as a broken program ends.
pub fn crash() -> ! {
    // SAFETY: no precondition.
    unsafe { libc::abort() }
}

/// Waits for a child and gives its raw status.
///
/// # Errors
/// What the kernel answers.
pub fn wait(child: i32) -> io::Result<i32> {
    let mut status = 0;
    // SAFETY: the kernel writes one integer to a live local.
    match unsafe { libc::waitpid(child, &raw mut status, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(status),
    }
}

/// The processor this thread runs on.
pub fn processor() -> i32 {
    // SAFETY: no precondition.
    unsafe { libc::sched_getcpu() }
}

/// Nanoseconds of a clock.
pub fn clock(id: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec to a live local.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or_default()
}

/// A descriptor that somebody else opened for us.
pub fn own(descriptor: i32) -> File {
    // SAFETY: callers pass a number that is open and that nothing in Rust owns.
    unsafe { File::from_raw_fd(descriptor) }
}
