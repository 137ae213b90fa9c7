//! A PostgreSQL server of one's own: in a temporary folder, behind a Unix socket, gone when its handle is dropped or when
//! the process that holds it ends, however it ends.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// Where Debian keeps the programs of each major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The user that owns nothing: PostgreSQL refuses to be run by root.
const NOBODY: u32 = 65_534;

/// Becomes the server. A keeper beside it ends the server when this process lets go of the pipe, and the folder with it;
/// a word before that ends the server without its leave and keeps the folder. What ends this whole group of processes
/// leaves the keeper the time to clean up.
const KEEPER: &str = r#"exec 3<&0 </dev/null
folder=$1; shift
(
    trap '' HUP INT TERM
    read -r word <&3
    case "$word" in
        over) ;;
        kill) kill -9 $$ ;;
        *) kill -QUIT $$; sleep 1; rm -rf "$folder" ;;
    esac
) &
exec "$@" 3<&-"#;

/// How often a starting server is asked, a tenth of a second apart.
const QUESTIONS: u32 = 600;

/// A running server.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    running: Option<(Child, ChildStdin)>,
    databases: AtomicU32,
}

impl Server {
    /// Starts one; nothing, loudly, where PostgreSQL is not installed, and a failure where CI has not installed it.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "there is no PostgreSQL in {VERSIONS}");
            eprintln!("NOT TESTED on PostgreSQL: there is none in {VERSIONS}. ./dev test installs it.");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        if user().is_some() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut server = Self {
            folder,
            programs,
            running: None,
            databases: AtomicU32::new(0),
        };
        let made = server
            .program("initdb")
            .args([
                "--auth=trust",
                "--username=orv",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.restart();
        Some(server)
    }

    /// The address of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("journal_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask(&format!("CREATE DATABASE {name}")).unwrap();
        format!("postgres://orv@localhost/{name}?host={}", self.folder.path().display())
    }

    /// Ends the server without its leave.
    pub fn kill(&mut self) {
        if let Some((mut server, mut pipe)) = self.running.take() {
            let ended = server.try_wait().unwrap().is_some();
            writeln!(pipe, "{}", if ended { "over" } else { "kill" }).unwrap();
            drop(pipe);
            server.wait().unwrap();
        }
    }

    /// Starts the server again after [`Self::kill`].
    pub fn restart(&mut self) {
        // What the one before left running ends by itself, and until then the new one refuses to start.
        for _ in 0..QUESTIONS {
            let mut server = self.spawn();
            let pipe = server.stdin.take().unwrap();
            self.running = Some((server, pipe));
            if self.comes_up() {
                return;
            }
            self.kill();
            sleep(Duration::from_millis(100));
        }
        panic!(
            "the server does not start: {}",
            fs::read_to_string(self.log()).unwrap_or_default()
        );
    }

    fn spawn(&self) -> Child {
        let mut command = self.as_user("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(self.folder.path())
            .arg(self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
        // What is killed here is the server, not the machine: what it wrote is written.
        command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        let mut log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        writeln!(log, "-- start").unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        command.spawn().unwrap()
    }

    /// Whether it answers; not, when it has ended before.
    fn comes_up(&mut self) -> bool {
        for _ in 0..QUESTIONS {
            if self.ask("SELECT 1").is_ok() {
                return true;
            }
            let running = self.running.as_mut();
            if running.is_none_or(|(server, _)| server.try_wait().unwrap().is_some()) {
                return false;
            }
            sleep(Duration::from_millis(100));
        }
        false
    }

    fn ask(&self, statement: &str) -> Result<(), String> {
        let asked = self
            .program("psql")
            .args(["-qXU", "orv", "-d", "postgres", "-c", statement, "-h"])
            .arg(self.folder.path())
            .output()
            .unwrap();
        match asked.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&asked.stderr).into_owned()),
        }
    }

    fn program(&self, name: &str) -> Command {
        self.as_user(self.programs.join(name))
    }

    fn as_user(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        if let Some(user) = user() {
            command.uid(user).gid(user);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((mut server, pipe)) = self.running.take() {
            drop(pipe);
            let _ = server.wait();
        }
    }
}

/// Whom root becomes for the server; others stay who they are.
fn user() -> Option<u32> {
    (fs::metadata("/proc/self").unwrap().uid() == 0).then_some(NOBODY)
}

/// The newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(Path::new(VERSIONS)).ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").exists().then_some((version, programs))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs)
}
