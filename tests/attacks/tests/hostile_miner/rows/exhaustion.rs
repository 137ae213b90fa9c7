//! Taking more than was given.

use std::time::Duration;

use orv_runner::{Exit, Protection as P};

use super::row;
use crate::attack::{Attack, Attempted, Class, judge};
use crate::stage::{Project, Stage};

const MIB: u64 = 1 << 20;

pub const ROWS: &[Attack] = &[
    row(
        "memory-bomb",
        Class::Exhaustion,
        P::MemoryLimit,
        "killed at the limit",
        |stage| stage.words("memory 320"),
    ),
    row(
        "memory-bomb-in-a-file",
        Class::Exhaustion,
        P::MemoryLimit,
        "killed at the limit",
        |stage| stage.words("memory-file 320"),
    ),
    row(
        "memory-bomb-in-socket-buffers",
        Class::Exhaustion,
        P::MemoryLimit,
        "killed at the limit",
        |stage| stage.words("memory-in-sockets 320"),
    ),
    row(
        "lock-memory",
        Class::Exhaustion,
        P::MemoryLimit,
        "cannot allocate",
        |stage| stage.words("lock-memory 1048576"),
    ),
    row(
        "sacrifice-a-child-to-the-memory-limit",
        Class::Exhaustion,
        P::OutOfMemoryEndsRun,
        "ends the run",
        |stage| {
            let trial = stage.trial(&Project::shared("memory-in-child 320"))?;
            judge(trial.ended_well(), trial.describe())
        },
    ),
    row(
        "fork-bomb",
        Class::Exhaustion,
        P::ProcessLimit,
        "no more processes",
        |stage| stage.words("fork-bomb 64"),
    ),
    row(
        "thread-bomb",
        Class::Exhaustion,
        P::ProcessLimit,
        "no more threads",
        |stage| stage.words("thread-bomb 64"),
    ),
    row(
        "burn-processor-time",
        Class::Exhaustion,
        P::CpuLimit,
        "ended at the limit",
        |stage| {
            stage.prepared(&Project::shared("sleep 1"), |scene| {
                let mut container = scene.container("burn 600");
                container.limits.cpu = Some(Duration::from_millis(200));
                container.limits.wall = Duration::from_secs(60);
                let report = scene.runner.run(&container).map_err(|error| error.to_string())?;
                judge(report.exit == Exit::Code(0), format!("{:?}", report.exit))
            })
        },
    ),
    row(
        "sleep-beyond-the-limit",
        Class::Time,
        P::WallLimit,
        "ended at the limit",
        |stage| timed(stage, "sleep 1500"),
    ),
    row(
        "spin-beyond-the-limit",
        Class::Time,
        P::WallLimit,
        "ended at the limit",
        |stage| timed(stage, "spin 1500"),
    ),
    row(
        "fill-tmp",
        Class::Exhaustion,
        P::WritableBytes,
        "no space left",
        |stage| small(stage, "fill /tmp/x 4194304"),
    ),
    row(
        "fill-the-tree",
        Class::Exhaustion,
        P::WritableBytes,
        "no space left",
        |stage| small(stage, "fill /work/x 4194304"),
    ),
    row(
        "fill-the-shared-memory-place",
        Class::Exhaustion,
        P::WritableBytes,
        "no space left",
        |stage| small(stage, "fill /dev/shm/x 4194304"),
    ),
    row(
        "inode-bomb-in-tmp",
        Class::Exhaustion,
        P::WritableFiles,
        "no space left",
        |stage| small(stage, "inodes /tmp 3000"),
    ),
    row(
        "inode-bomb-in-the-tree",
        Class::Exhaustion,
        P::WritableFiles,
        "no space left",
        |stage| small(stage, "inodes /work 3000"),
    ),
    row(
        "sparse-file",
        Class::Exhaustion,
        P::FileLength,
        "file too large",
        |stage| stage.words("sparse /tmp/x 1099511627776"),
    ),
    row(
        "descriptor-bomb",
        Class::Exhaustion,
        P::OpenFiles,
        "too many open files",
        |stage| stage.words("open-files 2000"),
    ),
    row(
        "use-up-the-machines-queued-signals",
        Class::Exhaustion,
        P::SharedCounts,
        "resource temporarily unavailable",
        |stage| stage.words("signals 4096"),
    ),
    row(
        "use-up-the-machines-watchers",
        Class::Exhaustion,
        P::SharedCounts,
        "too many open files",
        |stage| stage.words("watchers 64"),
    ),
    row(
        "flood-standard-output",
        Class::Exhaustion,
        P::OutputLimit,
        "ended as a flood",
        |stage| stage.words("flood stdout 8388608"),
    ),
    row(
        "flood-standard-error",
        Class::Exhaustion,
        P::OutputLimit,
        "ended as a flood",
        |stage| stage.words("flood stderr 8388608"),
    ),
    row(
        "leave-a-memory-image",
        Class::Exhaustion,
        P::NoCoreFiles,
        "none",
        |stage| stage.words("core"),
    ),
    row(
        "run-on-the-judges-processor",
        Class::Time,
        P::Pinning,
        "stays where it is",
        |stage| stage.words("processor 0"),
    ),
];

/// A project of one second.
fn timed(stage: &Stage, words: &str) -> Attempted {
    let mut project = Project::shared(words);
    project.seconds = 1;
    let trial = stage.trial(&project)?;
    judge(trial.metric().is_some(), trial.describe())
}

/// A project with a mebibyte to write.
fn small(stage: &Stage, words: &str) -> Attempted {
    let mut project = Project::shared(words);
    project.scratch = Some(MIB);
    stage.trial(&project)?.by_its_word()
}
