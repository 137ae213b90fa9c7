//! The keeper's process: gives up everything it does not need, then answers until its socket closes.

use super::request::{Request, read, write};
use super::vault::Vault;
use crate::console::tell;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Instant;
use zeroize::Zeroizing;

/// The keeper's uid and gid: nothing else runs under it.
pub(crate) const KEEPER_ID: u32 = 65532;

/// Why the keeper ends.
#[derive(Debug, thiserror::Error)]
enum KeeperFailure {
    #[error("could not give up privileges: {0}")]
    Privileges(#[from] nix::Error),
    #[error("no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("the random bytes make no key")]
    NoKey,
    #[error("socket: {0}")]
    Socket(#[from] io::Error),
}

/// Runs the keeper on its standard input, which is one end of a socket pair.
pub(crate) fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("keeper: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), KeeperFailure> {
    close_inherited()?;
    give_up_privileges()?;
    let mut entropy = Zeroizing::new([0u8; 32]);
    getrandom::fill(entropy.as_mut_slice()).map_err(KeeperFailure::Entropy)?;
    let born = Instant::now();
    let mut vault = Vault::from_entropy(entropy).ok_or(KeeperFailure::NoKey)?;
    let mut socket = UnixStream::from(nix::unistd::dup(io::stdin())?);
    while let Some(request) = read::<Request>(&mut socket)? {
        write(&mut socket, &vault.answer(request, born.elapsed()))?;
    }
    Ok(())
}

/// Closes everything but the three standard descriptors: whoever started the enclave may have left some open.
fn close_inherited() -> io::Result<()> {
    let numbers = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse::<i32>().ok();
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")?.filter_map(numbers).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one that listed the others is closed already; that is the only error there can be.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}

/// Another identity, no way back, no core file, nobody may look inside, and it dies with its parent.
fn give_up_privileges() -> Result<(), nix::Error> {
    if Uid::effective().is_root() {
        setgroups(&[])?;
        let (group, user) = (Gid::from_raw(KEEPER_ID), Uid::from_raw(KEEPER_ID));
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
    }
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    prctl::set_no_new_privs()?;
    prctl::set_dumpable(false)?;
    prctl::set_pdeathsig(Signal::SIGKILL)
}
