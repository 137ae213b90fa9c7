//! The system calls that neither `std` nor `nix` offers as safe functions. The crate's only unsafe code.
#![allow(unsafe_code)]

pub(crate) mod landlock;

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid};
use seccompiler::BpfProgramRef;

/// Highest capability number tried when the bounding set is emptied; the kernel answers EINVAL beyond its last.
const CAPABILITY_NUMBERS: libc::c_ulong = 64;
/// `CLONE_INTO_CGROUP` of `linux/sched.h`, since 5.7.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
/// `_LINUX_CAPABILITY_VERSION_3` of `linux/capability.h`: two words of 32 capabilities each.
const CAPABILITY_VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: libc::c_int,
}

impl CapabilityHeader {
    const fn of_this_process() -> Self {
        CapabilityHeader {
            version: CAPABILITY_VERSION,
            pid: 0,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilityData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Forks the calling process, which must have one thread.
pub(crate) fn fork() -> Result<ForkResult, Errno> {
    // SAFETY: only the helper calls this; it is a fresh executable that has never started a thread, so no lock can be
    // held by a thread that the child would lack.
    unsafe { nix::unistd::fork() }
}

/// Forks the calling process, which must have one thread, with the child in the control group of version 2 that `group`
/// is a directory of.
pub(crate) fn fork_into(group: BorrowedFd<'_>) -> Result<ForkResult, Errno> {
    // SAFETY: every field of this type is an integer, for which zero is a value.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = u64::from(libc::SIGCHLD.unsigned_abs());
    arguments.cgroup = u64::from(group.as_raw_fd().unsigned_abs());
    // SAFETY: as for `fork`: one thread, no stack or memory shared with the child, which goes on with a copy. The C
    // library's own fork would also note the child's thread id, which only its threads and locks between them need.
    let answer = unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<libc::clone_args>()) };
    match i32::try_from(Errno::result(answer)?) {
        Ok(0) => Ok(ForkResult::Child),
        Ok(child) => Ok(ForkResult::Parent {
            child: Pid::from_raw(child),
        }),
        Err(_) => Err(Errno::EOVERFLOW),
    }
}

/// Takes ownership of a descriptor that the kernel has just installed in this process for us.
pub(crate) fn own(descriptor: RawFd) -> OwnedFd {
    // SAFETY: callers pass descriptors that a call has just answered, or an SCM_RIGHTS message has brought, each exactly
    // once, or the number 0 that the helper owns from its start.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Ends the process without running exit handlers or destructors.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no precondition.
    unsafe { libc::_exit(code) }
}

fn close_range(first: u32, flags: libc::c_uint) -> Result<(), Errno> {
    // SAFETY: takes three integers; callers own every descriptor at or above `first` or know there is none.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) };
    Errno::result(answer).map(drop)
}

/// Closes every descriptor from `first` up. Only for the first lines of the helper, when Rust owns none of them.
pub(crate) fn close_from(first: u32) -> Result<(), Errno> {
    close_range(first, 0)
}

/// Makes every descriptor from `first` up close at execve.
pub(crate) fn close_on_exec_from(first: u32) -> Result<(), Errno> {
    close_range(first, libc::CLOSE_RANGE_CLOEXEC)
}

/// Puts a copy of `source` at the number `target`, open across execve, replacing what was there.
pub(crate) fn place(source: BorrowedFd<'_>, target: RawFd) -> Result<(), Errno> {
    // SAFETY: integers only; the payload owns the numbers 0 to 4 and nothing in Rust refers to them afterwards.
    Errno::result(unsafe { libc::dup2(source.as_raw_fd(), target) }).map(drop)
}

/// A descriptor that becomes readable when the child `pid` has ended.
pub(crate) fn open_process(pid: Pid) -> Result<OwnedFd, Errno> {
    // SAFETY: two integers; the answer is a new descriptor or an error.
    let answer = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })?;
    RawFd::try_from(answer).map(own).map_err(|_| Errno::EBADF)
}

/// Gives a signal its default action. Rust's start-up ignores SIGPIPE, and an ignored signal survives execve.
pub(crate) fn restore_default_pipe_signal() -> Result<(), Errno> {
    // SAFETY: SIG_DFL is no handler, so no code of ours runs in signal context.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGPIPE, nix::sys::signal::SigHandler::SigDfl) }
        .map(drop)
}

/// Has the kernel bury every child by itself.
pub(crate) fn leave_no_zombies() -> Result<(), Errno> {
    // SAFETY: SIG_IGN is no handler, so no code of ours runs in signal context.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGCHLD, nix::sys::signal::SigHandler::SigIgn) }
        .map(drop)
}

/// Lets children be waited for again.
pub(crate) fn restore_default_child_signal() -> Result<(), Errno> {
    // SAFETY: SIG_DFL is no handler, so no code of ours runs in signal context.
    unsafe { nix::sys::signal::signal(nix::sys::signal::Signal::SIGCHLD, nix::sys::signal::SigHandler::SigDfl) }
        .map(drop)
}

/// Empties the capability bounding set, so that no later execve can gain one.
pub(crate) fn drop_bounding_set() -> Result<(), Errno> {
    for capability in 0..CAPABILITY_NUMBERS {
        // SAFETY: integers only.
        match Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }) {
            Ok(_) => {}
            Err(Errno::EINVAL) if capability > 0 => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives up every effective, permitted, inheritable and ambient capability.
pub(crate) fn drop_capabilities() -> Result<(), Errno> {
    // SAFETY: integers only.
    Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) })?;
    set_capabilities([CapabilityData::default(); 2])
}

/// Makes every permitted capability effective: a weakened build's, for a process that installs a filter without
/// no-new-privileges.
pub(crate) fn make_capabilities_effective() -> Result<(), Errno> {
    let permitted = permitted_capabilities()?;
    set_capabilities(permitted.map(|word| CapabilityData {
        effective: word.permitted,
        ..word
    }))
}

/// Makes every permitted capability survive execve: a weakened build's, for a command that is to have them.
pub(crate) fn raise_capabilities() -> Result<(), Errno> {
    let permitted = permitted_capabilities()?;
    set_capabilities(permitted.map(|word| CapabilityData {
        effective: word.permitted,
        inheritable: word.permitted,
        ..word
    }))?;
    for capability in 0..CAPABILITY_NUMBERS {
        // SAFETY: integers only.
        let answer = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, capability, 0, 0) };
        match Errno::result(answer) {
            Ok(_) => {}
            Err(Errno::EINVAL) if capability > 0 => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn permitted_capabilities() -> Result<[CapabilityData; 2], Errno> {
    let header = CapabilityHeader::of_this_process();
    let mut found = [CapabilityData::default(); 2];
    // SAFETY: both pointers are to live values of the layout that version 3 prescribes; the kernel fills two words.
    let answer = unsafe { libc::syscall(libc::SYS_capget, &raw const header, found.as_mut_ptr()) };
    Errno::result(answer).map(|_| found)
}

fn set_capabilities(capabilities: [CapabilityData; 2]) -> Result<(), Errno> {
    let header = CapabilityHeader::of_this_process();
    // SAFETY: both pointers are to live values of the layout that version 3 prescribes; the kernel only reads them.
    let answer = unsafe { libc::syscall(libc::SYS_capset, &raw const header, capabilities.as_ptr()) };
    Errno::result(answer).map(drop)
}

/// Installs a filter of system calls on the calling thread. Needs no-new-privileges, or `CAP_SYS_ADMIN`.
pub(crate) fn install_filter(program: BpfProgramRef<'_>) -> Result<(), Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        // The kernel reads it only; the C type has no way to say so. Both instruction types are the kernel's own.
        filter: program.as_ptr().cast_mut().cast(),
    };
    // SAFETY: the kernel copies `len` instructions from a live slice.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    Errno::result(answer).map(drop)
}

/// Sets the domain name of this process's host-name namespace.
pub(crate) fn set_domain_name(name: &str) -> Result<(), Errno> {
    // SAFETY: the kernel reads `len` bytes from a live string.
    Errno::result(unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// Whether the kernel has seccomp filters.
pub(crate) fn has_seccomp_filter() -> bool {
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the kernel reads one u32 from a live local.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
    answer == 0
}
