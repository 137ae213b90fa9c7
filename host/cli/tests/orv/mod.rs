//! The real binary, run as a user runs it.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each suite uses its part")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A user's folder: wallets, passphrase, cache, and perhaps a network.
pub struct Home {
    pub folder: TempDir,
    deployment: Option<PathBuf>,
}

/// What a run answered.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The one document: the last line on stdout.
    pub fn document(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("no document\n{}\n{}", self.stdout, self.stderr))
    }

    /// Asserts that it failed so, with exactly one document.
    pub fn assert_failed(&self, status: i32, code: &str) {
        let document = self.document();
        assert_eq!(
            (self.status, document["code"].as_str()),
            (status, Some(code)),
            "{document}\n{}",
            self.stderr
        );
        assert_eq!(document["schema"], "orv.error/1");
        assert!(
            document["next"].as_str().is_some_and(|next| !next.is_empty()),
            "{document}"
        );
        assert_eq!(self.stdout.lines().count(), 1);
    }

    /// Asserts that it succeeded.
    pub fn succeeded(&self) -> Value {
        assert_eq!(self.status, 0, "{}\n{}", self.stdout, self.stderr);
        self.document()
    }
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Self {
            folder,
            deployment: None,
        };
        home.write_secret("passphrase", "correct horse\n");
        home
    }

    /// Writes a file that only its owner can read.
    pub fn write_secret(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
        self.set_mode(name, 0o600);
    }

    /// Says who can use a file.
    pub fn set_mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same home on a network.
    pub fn on(mut self, devnet: &Devnet) -> Self {
        self.deployment = Some(devnet.deployment.clone());
        self
    }

    /// Runs with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Run {
        let mut command = self.command();
        run(command.arg("--json").args(arguments))
    }

    /// Runs for people.
    pub fn text(&self, arguments: &[&str]) -> Run {
        run(self.command().args(arguments))
    }

    /// The binary with this home's settings, and none of the developer's own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv"));
        command.current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        command
            .env("ORV_WALLET_HOME", self.path("wallets"))
            .env("ORV_CACHE", self.path("cache"));
        command
            .env("ORV_WALLET", "main")
            .env("ORV_PASSPHRASE_FILE", self.path("passphrase"));
        if let Some(deployment) = &self.deployment {
            command.env("ORV_DEPLOYMENT", deployment);
        }
        command
    }

    /// A wallet with coins.
    pub fn with_wallet(self) -> Self {
        self.json(&["wallet", "new", "main", "--cost", "light"]).succeeded();
        if self.deployment.is_some() {
            self.json(&["wallet", "fund"]).succeeded();
        }
        self
    }
}

fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Run {
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A network in a process of its own, ended when dropped.
pub struct Devnet {
    child: Child,
    folder: TempDir,
    pub deployment: PathBuf,
    pub ready: Value,
}

impl Devnet {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let deployment = folder.path().join("deployment.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_orv"))
            .args([
                "devnet",
                "--json",
                "--rpc-port",
                "0",
                "--storage-port",
                "0",
                "--deployment",
            ])
            .arg(&deployment)
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the devnet said {line:?}"));
        Self {
            child,
            folder,
            deployment,
            ready,
        }
    }

    /// Interrupts it as a person does, and answers its exit status.
    pub fn interrupt(mut self) -> i32 {
        let kill = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The example's static interpreter, as `FILE=PATH` for `--image-file`.
pub fn interpreter() -> String {
    let path = workspace().join("target/static/x86_64-unknown-linux-gnu/reproducible/lua");
    assert!(
        path.exists(),
        "{} is missing; build it with: cargo build --config images/example/static.toml -p orv-example-runtime --profile reproducible --target-dir target/static",
        path.display()
    );
    format!("{}=bin/lua", path.display())
}

pub fn example() -> String {
    workspace().join("images/example/project").display().to_string()
}
