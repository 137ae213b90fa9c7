//! Who is started: ours, the others, and the bare command.

use super::bundle;
use crate::stage::Stage;
use orv_runner::{Container, Exit};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long one start may take; `youki run` is known to hang for ever now and then (container reference 0).
const PATIENCE: Duration = Duration::from_secs(3);

/// One way to run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contestant {
    Bare,
    Ours,
    Bubblewrap,
    Crun,
    Runc,
    Youki,
}

/// How one start ended that gives no figure.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not end by itself.
    Hung,
    /// It did not run the command.
    Refused(String),
}

/// What the others are given.
pub(super) struct Prepared<'a> {
    pub(super) stage: &'a Stage,
    pub(super) container: &'a Container,
    /// Directory of each other runtime's bundle, by its program's name.
    pub(super) bundles: PathBuf,
    /// The system-call filter as a program for bubblewrap.
    pub(super) filter: PathBuf,
}

impl Contestant {
    pub(super) const ALL: [Self; 6] = [
        Self::Bare,
        Self::Ours,
        Self::Bubblewrap,
        Self::Crun,
        Self::Runc,
        Self::Youki,
    ];

    /// As it stands in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "orv",
            Self::Bubblewrap => "bwrap",
            Self::Crun => "crun",
            Self::Runc => "runc",
            Self::Youki => "youki",
        }
    }

    /// Whether it isolates.
    pub(super) fn is_other_runtime(self) -> bool {
        !matches!(self, Self::Bare | Self::Ours)
    }

    /// What it says of its version; none where it is not installed.
    pub(super) fn version(self) -> Option<String> {
        if !self.is_other_runtime() {
            return Some(String::new());
        }
        let told = Command::new(self.name()).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        let first = text.lines().next().unwrap_or_default();
        let number = first
            .split_whitespace()
            .find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()));
        Some(number.unwrap_or(first).to_owned())
    }

    /// Runs the command once.
    pub(super) fn start(self, prepared: &Prepared<'_>, number: usize) -> Result<(), Failure> {
        match self {
            Self::Ours => ours(prepared),
            Self::Bare => watched(Command::new(prepared.stage.path("image/bin/busybox")).arg("true")),
            Self::Bubblewrap => bubblewrap(prepared),
            Self::Crun | Self::Runc | Self::Youki => self.bundle(prepared, number),
        }
    }

    fn bundle(self, prepared: &Prepared<'_>, number: usize) -> Result<(), Failure> {
        let identity = format!("orv-bench-{}-{number}", std::process::id());
        let bundle = prepared.bundles.join(self.name());
        let answer = watched(
            Command::new(self.name())
                .arg("run")
                .arg("--bundle")
                .arg(bundle)
                .arg(&identity),
        );
        if answer.is_err() {
            // Whatever it left would be in the way of nobody but the next reader of this machine.
            let _ = Command::new(self.name())
                .args(["delete", "--force", &identity])
                .output();
        }
        answer
    }
}

fn ours(prepared: &Prepared<'_>) -> Result<(), Failure> {
    match prepared.stage.runner().run(prepared.container) {
        Ok(report) if report.exit == Exit::Code(0) => Ok(()),
        Ok(report) => Err(Failure::Refused(format!("{:?}", report.exit))),
        Err(error) => Err(Failure::Refused(error.to_string())),
    }
}

/// Its namespaces, its read-only root, its /proc, /dev and tmpfs, its user, our filter. It has no control groups, no map
/// of many ids, no overlay and masks nothing.
fn bubblewrap(prepared: &Prepared<'_>) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Refused(error.to_string());
    let filter = File::open(&prepared.filter).map_err(refused)?;
    let image = prepared.stage.path("image");
    let mut command = Command::new("bwrap");
    command
        .args(["--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"])
        .args([
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--hostname",
            "orv",
        ])
        .args([Path::new("--ro-bind"), &image, Path::new("/")])
        .args([
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/work",
        ])
        .args([
            "--clearenv",
            "--setenv",
            "PATH",
            "/bin",
            "--chdir",
            "/work",
            "--seccomp",
            "0",
        ])
        .arg("/bin/true");
    // It reads the filter to its end and closes it; the command has no standard input then.
    watched(command.stdin(filter))
}

/// Starts a command and waits for it, and kills it where it stays too long.
fn watched(command: &mut Command) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Refused(error.to_string());
    if command.get_program() != "bwrap" {
        command.stdin(Stdio::null());
    }
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(refused)?;
    let (done, ended) = channel();
    let process = child.id();
    std::thread::scope(|scope| {
        let watch = scope.spawn(move || hung(&ended, process));
        let status = child.wait();
        drop(done);
        if watch.join().unwrap_or(false) {
            return Err(Failure::Hung);
        }
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::Refused(format!("{status}: {}", said(&mut child)))),
            Err(error) => Err(refused(error)),
        }
    })
}

/// Waits until the other side is dropped; true when it took too long and the process was killed.
fn hung(ended: &Receiver<()>, process: u32) -> bool {
    let hung = ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
    if let (true, Ok(process)) = (hung, i32::try_from(process)) {
        // It may have ended this very moment; it has not been waited for, so the number is still its own.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGKILL);
    }
    hung
}

fn said(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = child.stderr.as_mut() {
        // What cannot be read is not said.
        let _ = stderr.take(2000).read_to_string(&mut text);
    }
    text.trim().to_owned()
}

impl Prepared<'_> {
    /// Writes what the others need.
    pub(super) fn of<'a>(stage: &'a Stage, container: &'a Container) -> Result<Prepared<'a>, super::StartError> {
        let bundles = stage.make("bundles")?;
        bundle::write(stage, Contestant::Crun, container)?;
        bundle::write(stage, Contestant::Runc, container)?;
        let document = bundle::write(stage, Contestant::Youki, container)?;
        let filter = stage.write("filter.bpf", &super::filter::program(&document)?)?;
        Ok(Prepared {
            stage,
            container,
            bundles,
            filter,
        })
    }
}
