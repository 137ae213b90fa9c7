//! Who is started: ours, the others, and the bare command.

use super::bundle;
use super::groups::{Groups, Places};
use crate::stage::Stage;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_runner::{Container, Exit};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long one start may take; `youki run` is known to hang for ever now and then (container reference 0).
const PATIENCE: Duration = Duration::from_secs(3);

/// One way to run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contestant {
    Bare,
    Ours,
    Bubblewrap,
    /// The same with control groups made around it.
    GroupedBubblewrap,
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
    /// Where control groups are made around bubblewrap.
    pub(super) groups: Places,
}

impl Contestant {
    pub(super) const ALL: [Self; 7] = [
        Self::Bare,
        Self::Ours,
        Self::Bubblewrap,
        Self::GroupedBubblewrap,
        Self::Crun,
        Self::Runc,
        Self::Youki,
    ];

    /// As it stands in the table; of the others, their program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "orv",
            Self::Bubblewrap | Self::GroupedBubblewrap => "bwrap",
            Self::Crun => "crun",
            Self::Runc => "runc",
            Self::Youki => "youki",
        }
    }

    /// Its name, its version, and what was added to it.
    pub(super) fn label(self) -> String {
        let version = self.version().unwrap_or_default();
        let more = if self == Self::GroupedBubblewrap {
            ", control groups around it"
        } else {
            ""
        };
        format!("{} {version}", self.name()).trim_end().to_owned() + more
    }

    /// Whether it isolates, and keeps memory and processes within limits.
    pub(super) fn limits_resources(self) -> bool {
        self.is_other_runtime() && self != Self::Bubblewrap
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
            Self::Bare => watched(Command::new(prepared.stage.path("image/bin/busybox")).arg("true"), None),
            Self::Bubblewrap => watched(&mut bubblewrap(prepared)?, None),
            Self::GroupedBubblewrap => {
                let name = format!("orv-bench-bwrap-{}-{number}", std::process::id());
                let groups = prepared.groups.make(&name).map_err(refused)?;
                watched(&mut bubblewrap(prepared)?, Some(&groups))
            }
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
            None,
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
fn bubblewrap(prepared: &Prepared<'_>) -> Result<Command, Failure> {
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
        .arg("/bin/true")
        // It reads the filter to its end and closes it; the command has no standard input then.
        .stdin(filter);
    Ok(command)
}

/// Starts a command, moves it into groups, waits for it, and kills it where it stays too long.
fn watched(command: &mut Command, groups: Option<&Groups>) -> Result<(), Failure> {
    if command.get_program() != "bwrap" {
        command.stdin(Stdio::null());
    }
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(refused)?;
    if let Some(groups) = groups {
        // One that has ended already has not been waited for, so its number is still its own.
        groups.take(child.id()).map_err(refused)?;
    }
    let said = said(&mut child).map_err(refused)?;
    if said.is_none() {
        child.kill().map_err(refused)?;
    }
    let status = child.wait().map_err(refused)?;
    match said {
        None => Err(Failure::Hung),
        Some(_) if status.success() => Ok(()),
        Some(said) => Err(Failure::Refused(format!("{status}: {}", said.trim()))),
    }
}

/// What the child and everything below it write on standard error until the last of them is gone; none where one of them
/// stays too long.
fn said(child: &mut Child) -> io::Result<Option<String>> {
    let Some(stderr) = child.stderr.as_mut() else {
        return Ok(Some(String::new()));
    };
    let deadline = Instant::now() + PATIENCE;
    let mut text = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(stderr.as_fd(), PollFlags::POLLIN)], left) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut block = [0; 4096];
        match stderr.read(&mut block)? {
            0 => return Ok(Some(String::from_utf8_lossy(&text).into_owned())),
            read => text.extend_from_slice(block.get(..read).unwrap_or_default()),
        }
    }
}

fn refused(error: io::Error) -> Failure {
    Failure::Refused(error.to_string())
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
            groups: Places::of_this_machine(&container.limits),
        })
    }
}
