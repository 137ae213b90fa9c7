//! A root file system of one static program, `probe.c`, and what is common to the tests that run it.
#![allow(dead_code, missing_docs)]
// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use orv_runner::{Channel, Container, Limits, RelayLimits, Report, Runner, SplitReport, WorkTree};
use tempfile::TempDir;

pub const MIB: u64 = 1 << 20;

/// The test's machine: directories that vanish with it.
pub struct Bench {
    pub directory: TempDir,
}

/// The static probe, compiled once for each test program unless `ORV_PROBE` names a ready one, as it does in a guest
/// without a compiler; none, loudly, where it cannot be built or run.
fn probe() -> Option<&'static Path> {
    static PROBE: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let built = PROBE.get_or_init(|| {
        if !nix::unistd::Uid::effective().is_root() {
            eprintln!("SKIPPED, NOT TESTED: containers need root");
            return None;
        }
        let directory = TempDir::new().expect("a directory");
        if let Some(ready) = std::env::var_os("ORV_PROBE") {
            return Some((directory, ready.into()));
        }
        let program = directory.path().join("probe");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/probe.c");
        let compiled = Command::new("cc")
            .args(["-static", "-O1", "-o"])
            .arg(&program)
            .arg(source)
            .status();
        match compiled {
            Ok(status) if status.success() => Some((directory, program)),
            other => {
                eprintln!("SKIPPED, NOT TESTED: `cc -static` is needed to build {source}: {other:?}");
                None
            }
        }
    });
    built.as_ref().map(|(_, program)| program.as_path())
}

/// Sets a mode that the umask has no say in.
pub fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

impl Bench {
    /// A new one; none where containers cannot be tested, which is said on standard error.
    pub fn new() -> Option<Self> {
        let probe = probe()?;
        let directory = TempDir::new().expect("a directory");
        for place in [
            "image",
            "image/bin",
            "image/proc",
            "image/etc",
            "tree",
            "tree/sub",
            "judge",
            "scratch",
        ] {
            fs::create_dir(directory.path().join(place)).expect("a directory");
            allow(&directory.path().join(place), 0o755);
        }
        fs::copy(probe, directory.path().join("image/bin/probe")).expect("the probe");
        allow(&directory.path().join("image/bin/probe"), 0o755);
        for (file, content) in [
            ("tree/given", "given\n"),
            ("tree/sub/deep", "deep\n"),
            ("judge/answer", "42\n"),
        ] {
            fs::write(directory.path().join(file), content).expect("a file");
            allow(&directory.path().join(file), 0o644);
        }
        // Nobody but root may pass here: what a container gets of it, it gets by mounts.
        allow(directory.path(), 0o700);
        Some(Bench { directory })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn runner(&self) -> Runner {
        let mut runner = Runner::new(self.path("scratch"));
        runner.helper = PathBuf::from(env!("CARGO_BIN_EXE_orv-container"));
        runner
    }

    /// The probe with these arguments, inside limits that none of it meets by accident.
    pub fn container(&self, arguments: &[&str]) -> Container {
        let mut argv = vec!["/bin/probe".to_owned()];
        argv.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Container {
            rootfs: self.path("image"),
            work: WorkTree {
                lower: self.path("tree"),
                layers: vec![],
                size_limit: 4 * MIB,
            },
            argv,
            env: vec![],
            cwd: "/work".to_owned(),
            extra_read_only: vec![],
            limits: Limits {
                wall: Duration::from_secs(60),
                cpu: None,
                memory_bytes: 64 * MIB,
                pids: 16,
                scratch_bytes: 4 * MIB,
                output_bytes: 64 * 1024,
                open_files: 64,
                cpus: None,
            },
            channel: Channel::None,
        }
    }

    /// The probe as a judge of one kind, and as a candidate of one kind.
    pub fn sides(&self, judge: &str, candidate: &str) -> (Container, Container) {
        (
            self.container(&["judge", judge]),
            self.container(&["candidate", candidate]),
        )
    }

    pub fn split(&self, judge: &str, candidate: &str, limits: &RelayLimits) -> SplitReport {
        let (judge, candidate) = self.sides(judge, candidate);
        self.runner().run_split(&judge, &candidate, limits).expect("a report")
    }

    pub fn run(&self, arguments: &[&str]) -> Report {
        self.runner().run(&self.container(arguments)).expect("a report")
    }
}

pub fn text(report: &Report) -> String {
    assert!(
        report.stderr.bytes.is_empty(),
        "{}",
        String::from_utf8_lossy(&report.stderr.bytes)
    );
    String::from_utf8(report.stdout.bytes.clone()).expect("text")
}

/// The number or word after `name` in the probe's output.
pub fn answer(output: &str, name: &str) -> String {
    let found = output
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {output}")).to_owned()
}
