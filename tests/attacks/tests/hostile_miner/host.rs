//! The host: what an attacker would like to reach, and how to see whether it was reached.

use std::fs;
use std::io::Read;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orv_runner::PAYLOAD_HOST_ID;

use crate::stage::{MARK, Stage};

/// What no container may read.
pub const CANARY: &str = "canary-of-the-host";

impl Stage {
    /// A file of the host that anybody there may read.
    pub fn canary(&self) -> String {
        let path = self.path("canary");
        fs::write(&path, CANARY).expect("a canary");
        path.display().to_string()
    }

    /// A name that nobody else has.
    pub fn name(&self) -> String {
        let directory = self.directory.path().file_name().unwrap_or_default();
        directory.to_string_lossy().into_owned()
    }
}

/// A process of the host, with the id that payloads have there, so that ids alone protect nothing.
pub struct Victim {
    process: Child,
    pub marker: String,
}

impl Victim {
    pub fn start(stage: &Stage) -> Result<Self, String> {
        let marker = format!("victim-{}", stage.name());
        let program = stage.path("victim");
        fs::copy(crate::STATIC_PROGRAM, &program).map_err(|error| error.to_string())?;
        let process = Command::new(&program)
            .args(["linger", &marker, "60"])
            .uid(PAYLOAD_HOST_ID)
            .gid(PAYLOAD_HOST_ID)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Victim { process, marker })
    }

    pub fn is_dead(&mut self) -> bool {
        // A signal that was sent has arrived when this returns.
        std::thread::sleep(Duration::from_millis(20));
        matches!(self.process.try_wait(), Ok(Some(_)))
    }

    fn statistics(&self) -> Vec<String> {
        let text = self.read("stat");
        let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        after.split_whitespace().map(str::to_owned).collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.process.id())).unwrap_or_default()
    }

    pub fn is_stopped(&self) -> bool {
        self.statistics().first().is_some_and(|state| state == "T")
    }

    /// Its nice value: field 19 of stat(5), the 17th after the name.
    pub fn niceness(&self) -> String {
        self.statistics().get(16).cloned().unwrap_or_default()
    }

    pub fn processors(&self) -> String {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.unwrap_or_default().trim().to_owned()
    }

    pub fn open_files(&self) -> String {
        let limits = self.read("limits");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        line.unwrap_or_default()
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program of the host that listens on an abstract name.
pub struct Listener(UnixListener);

impl Listener {
    pub fn start(name: &str) -> Result<Self, String> {
        let listen = || -> std::io::Result<UnixListener> {
            let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        listen().map(Listener).map_err(|error| error.to_string())
    }

    pub fn at(path: &Path) -> Result<Self, String> {
        let listener = UnixListener::bind(path).map_err(|error| error.to_string())?;
        listener.set_nonblocking(true).map_err(|error| error.to_string())?;
        let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o777);
        fs::set_permissions(path, open).map_err(|error| error.to_string())?;
        Ok(Listener(listener))
    }

    /// What somebody said.
    pub fn heard(&self) -> Option<String> {
        let (mut stream, _) = self.0.accept().ok()?;
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        Some(text)
    }
}

/// The same for messages.
pub struct Mailbox(UnixDatagram);

impl Mailbox {
    pub fn start(name: &str) -> Result<Self, String> {
        let bind = || -> std::io::Result<UnixDatagram> {
            let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        bind().map(Mailbox).map_err(|error| error.to_string())
    }

    pub fn heard(&self) -> Option<String> {
        let mut block = [0u8; 64];
        let length = self.0.recv(&mut block).ok()?;
        Some(String::from_utf8_lossy(block.get(..length).unwrap_or_default()).into_owned())
    }
}

/// Runs the attack program on the host itself.
pub fn on_the_host(words: &[&str]) -> Result<String, String> {
    let output = Command::new(crate::STATIC_PROGRAM)
        .args(words)
        .output()
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// How this process's directories begin. Several suites may run on one machine at one time.
pub fn prefix() -> String {
    format!("orv-hostile-{}-", std::process::id())
}

/// Key of System V objects that is this process's own.
pub fn key() -> String {
    (0x7200_0000 + u64::from(std::process::id())).to_string()
}

/// Processes that came out of this suite's containers and are alive.
pub fn leftovers() -> Vec<i32> {
    let mark = format!("{MARK}={}", std::process::id());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .split(|byte| *byte == 0)
            .any(|setting| setting == mark.as_bytes())
        {
            found.push(process);
        }
    }
    found
}

/// Control groups of this process's containers, in every hierarchy.
fn groups() -> Vec<PathBuf> {
    let own = format!("-{}-", std::process::id());
    let root = Path::new("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let all = hierarchies
        .chain([root.to_owned()])
        .flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten());
    let ours = all.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("orv-") && name.contains(&own)
    });
    ours.map(|entry| entry.path()).collect()
}

/// Everything of a run that the machine may still have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    pub processes: Vec<i32>,
    pub groups: Vec<String>,
    pub mounts: usize,
    pub objects: usize,
}

impl Traces {
    pub fn now() -> Self {
        let groups = groups().into_iter().map(|path| path.display().to_string()).collect();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let objects = ["shm", "sem", "msg"].map(|kind| {
            let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
            let mine = |line: &&str| line.split_whitespace().next() == Some(key().as_str());
            table.lines().filter(mine).count()
        });
        Traces {
            processes: leftovers(),
            groups,
            mounts: mounts.lines().filter(|line| line.contains(&prefix())).count(),
            objects: objects.iter().sum(),
        }
    }

    /// None at all, as it must be after a run at full strength.
    pub fn is_clean(&self) -> bool {
        self.processes.is_empty() && self.groups.is_empty() && self.mounts == 0 && self.objects == 0
    }
}

/// Ends what a weakened run has left.
pub fn clean_up() {
    for _ in 0..100 {
        let left = leftovers();
        if left.is_empty() {
            break;
        }
        for process in left {
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..100 {
        let left = groups();
        if left.is_empty() {
            break;
        }
        for group in left {
            // Refused for as long as a process is dying in it.
            let _ = fs::remove_dir(group);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = on_the_host(&["remove-objects", &key()]);
}
