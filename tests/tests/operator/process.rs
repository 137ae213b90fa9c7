//! Processes that are started, listened to and killed.

use crate::host;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

/// What a program that is listened to does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It said a line.
    Line(String),
    /// It says nothing more: it has ended.
    End,
}

/// A program of the workspace: beside the running test.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "{} is missing; build it: ./dev build", path.display());
    path
}

impl Process {
    /// Starts a program and waits for its first line.
    pub fn ready(command: &mut Command, log: &Path) -> Option<(Self, String)> {
        let (mut process, said) = Self::piped(command, log);
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if line.is_empty() {
            process.child.wait().unwrap();
            return None;
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some((process, line))
    }

    /// Starts a program whose lines go to `heard`, each made by `tell`.
    pub fn told<T: Send + 'static>(
        command: &mut Command,
        log: &Path,
        heard: Sender<T>,
        tell: impl Fn(Heard) -> T + Send + 'static,
    ) -> Self {
        let (process, said) = Self::piped(command, log);
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // Nobody listens any more at the suite's end.
                let _ = heard.send(tell(Heard::Line(line)));
            }
            let _ = heard.send(tell(Heard::End));
        });
        process
    }

    /// What it says on standard output comes back, on standard error goes to the log.
    fn piped(command: &mut Command, log: &Path) -> (Self, impl Read + Send + use<>) {
        let log = File::options().create(true).append(true).open(log).unwrap();
        // It ends with the thread that started it, however that ends.
        let mut bound = Command::new("setpriv");
        bound.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program());
        bound.args(command.get_args());
        bound.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = bound
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let said = child.stdout.take().unwrap();
        (Self { child }, said)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and the wait for its end.
    pub fn kill(&mut self) -> ExitStatus {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap()
    }

    /// The status of one that has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The enclave's command line.
pub fn enclave(folder: &Path) -> Command {
    let mut command = Command::new(host::program());
    let listen = format!("unix:{}", socket(folder).display());
    command
        .args(["--listen", &listen, "--scratch"])
        .arg(folder.join("scratch"));
    command
}

/// Where the enclave of a folder listens.
pub fn socket(folder: &Path) -> PathBuf {
    folder.join("enclave.sock")
}
