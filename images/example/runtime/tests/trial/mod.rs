//! One trial: a composed tree, a judge process and a candidate process.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The interpreter under test.
const LUA: &str = env!("CARGO_BIN_EXE_lua");
/// What the project's protocol.json opens to proposals.
const MUTABLE: &str = "pack.lua";
/// Far more than any trial takes that ends at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where the candidate's tree comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// The project as its creator published it.
    Snapshot,
    /// A folder of `proposals/`.
    Proposal(&'a str),
    /// The snapshot with this text as its main.lua, which no proposal can reach: the judge must hold without the harness.
    /// Its arguments are the judge's folder and the improvement's folder.
    Main(&'a str),
}

/// What a trial gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Measured {
    /// The judge ended well and wrote one metric.
    Metric(u64),
    /// No metric; `log` is the judge's standard error.
    Nothing { log: String },
}

/// The folder `images/example`.
pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs the project's judge against `source`, for `limit` at most.
pub fn judge(source: Source<'_>, seed: Option<&str>, limit: Duration) -> Measured {
    let tree = compose(source);
    let folder = example().join("project/benchmark/judge");
    let (judge_end, candidate_end) = UnixStream::pair().unwrap();
    let mut candidate = candidate(tree.path(), &folder, candidate_end);
    let mut command = Command::new("/bin/sh");
    // The shell's only work is to put the descriptors where the runner puts them: no unsafe code in a test.
    command
        .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 1>&2 0</dev/null"#, LUA])
        .arg(folder.join("judge.lua"));
    command.env_clear().envs(seed.map(|seed| ("ORV_SEED", seed)));
    let mut judge = command
        .stdin(OwnedFd::from(judge_end))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command);
    let ended = wait(&mut judge, limit);
    candidate.kill().unwrap();
    candidate.wait().unwrap();
    let (mut metric, mut log) = (String::new(), String::new());
    judge.stdout.take().unwrap().read_to_string(&mut metric).unwrap();
    judge.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    match (ended, metric.strip_suffix('\n')) {
        (true, Some(bins)) => Measured::Metric(bins.parse().unwrap()),
        (true, None) => panic!("the judge ended well without a metric: {log}"),
        (false, metric) => {
            assert_eq!(metric, None, "a judge that failed has written a metric");
            Measured::Nothing { log }
        }
    }
}

fn candidate(tree: &Path, judge_folder: &Path, channel: UnixStream) -> Child {
    Command::new("/bin/sh")
        .args(["-c", r#"exec "$0" "$@" 3<&0 0</dev/null"#, LUA, "main.lua"])
        .arg(judge_folder)
        .arg(example().join("proposals/improvement"))
        .current_dir(tree)
        .env_clear()
        .stdin(OwnedFd::from(channel))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether `judge` ended well; one that has not by the limit is ended.
fn wait(judge: &mut Child, limit: Duration) -> bool {
    let begun = Instant::now();
    loop {
        if let Some(status) = judge.try_wait().unwrap() {
            return status.success();
        }
        if begun.elapsed() > limit {
            judge.kill().unwrap();
            judge.wait().unwrap();
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The snapshot, of the proposal only what is open to proposals, then the harness over it (DESIGN 5.5).
fn compose(source: Source<'_>) -> TempDir {
    let tree = TempDir::new().unwrap();
    let project = example().join("project");
    lay_over(&project.join("repository"), tree.path());
    if let Source::Proposal(name) = source {
        fs::copy(
            example().join("proposals").join(name).join(MUTABLE),
            tree.path().join(MUTABLE),
        )
        .unwrap();
    }
    lay_over(&project.join("benchmark/harness"), tree.path());
    if let Source::Main(text) = source {
        fs::write(tree.path().join("main.lua"), text).unwrap();
    }
    tree
}

fn lay_over(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.file_type().unwrap().is_file(), "the example's trees are flat");
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
