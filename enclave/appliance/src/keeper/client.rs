//! The job service's side of the keeper's socket.

use super::request::{Answer, Binding, Refusal, Request, SignRequest, read, write};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use orv_receipt::{Domain, Run, Signature};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The running keeper.
pub(crate) struct Keeper {
    socket: Mutex<UnixStream>,
    process: Child,
    public_key: [u8; 65],
}

/// Why the keeper gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeeperError {
    /// It refused.
    #[error("the keeper refuses: {0}")]
    Refused(#[from] Refusal),
    /// Its socket failed: the keeper is gone, and with it the key.
    #[error("no answer from the keeper: {0}")]
    Gone(#[from] io::Error),
    /// It answered something else than asked.
    #[error("the keeper answered out of turn")]
    OutOfTurn,
}

impl KeeperError {
    /// Whether the keeper itself failed: a refusal is its right, anything else is the key's end.
    pub(crate) fn is_anomaly(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Gone(_) | Self::OutOfTurn => true,
        }
    }
}

impl Keeper {
    /// Starts the keeper as a process of its own. Call it before anything else runs and before any thread.
    pub(crate) fn start() -> Result<Self, KeeperError> {
        let (ours, theirs) = UnixStream::pair()?;
        let process = Command::new("/proc/self/exe")
            .arg("keeper")
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()?;
        let mut socket = ours;
        let public_key = match exchange(&mut socket, &Request::PublicKey)? {
            Answer::PublicKey(key) => key.try_into().map_err(|_| KeeperError::OutOfTurn)?,
            _ => return Err(KeeperError::OutOfTurn),
        };
        Ok(Self {
            socket: Mutex::new(socket),
            process,
            public_key,
        })
    }

    /// The public key, SEC1 uncompressed.
    pub(crate) fn public_key(&self) -> [u8; 65] {
        self.public_key
    }

    /// The keeper's process id.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the keeper's process has ended, and tells how. The dead process is left for [`Child`] to wait for.
    pub(crate) fn await_end(&self) -> String {
        let process = Pid::from_raw(i32::try_from(self.process.id()).unwrap_or(i32::MAX));
        loop {
            match waitid(Id::Pid(process), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
                Ok(WaitStatus::Signaled(_, signal, _)) => return format!("the keeper was killed by {signal}"),
                Ok(WaitStatus::Exited(_, code)) => return format!("the keeper ended with exit code {code}"),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return format!("the keeper cannot be watched: {errno}"),
            }
        }
    }

    /// Binds the key for its life.
    pub(crate) fn bind(&self, binding: Binding) -> Result<(), KeeperError> {
        match self.ask(&Request::Bind(binding))? {
            Answer::Bound => Ok(()),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(KeeperError::OutOfTurn),
        }
    }

    /// Has a statement signed.
    pub(crate) fn sign(&self, domain: Domain, run: Run) -> Result<Signature, KeeperError> {
        match self.ask(&Request::Sign(Box::new(SignRequest { domain, run })))? {
            Answer::Signed(signature) => Ok(signature),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(KeeperError::OutOfTurn),
        }
    }

    fn ask(&self, request: &Request) -> Result<Answer, KeeperError> {
        // A thread that died while it held the socket may have left half a message in it: the next read then fails
        // and says so, nothing is signed.
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        exchange(&mut socket, request)
    }
}

fn exchange(socket: &mut UnixStream, request: &Request) -> Result<Answer, KeeperError> {
    write(socket, request)?;
    let answer = read(socket)?;
    Ok(answer.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?)
}
