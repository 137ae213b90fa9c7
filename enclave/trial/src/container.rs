//! What runs in which container, from the project's documents.

use crate::workshop::Workshop;
use orv_protocol::seed::SeedVariable;
use orv_runner::{Channel, Container, Limits, WorkTree};
use std::path::PathBuf;
use std::time::Duration;

/// Where the arm's tree appears.
const WORK: &str = "/work";

/// Where the judge's files appear.
const JUDGE: &str = "/judge";

/// Variable that hands the seed to the judge of a split project: 64 hexadecimal digits.
const SEED_VARIABLE: &str = "ORV_SEED";

/// What a judge may take for itself beside twice the candidate's limit.
const JUDGE_EXTRA: Duration = Duration::from_secs(5);

/// Most descriptors that one process may have open.
const OPEN_FILES: u32 = 1024;

/// One setup command of one arm: no seed, no channel, the arm's own tree.
pub(crate) fn setup(workshop: &Workshop<'_>, work: WorkTree, argv: Vec<String>, wall: Duration) -> Container {
    let mut container = base(workshop, work, argv, wall);
    container.limits.cpus = None;
    container
}

/// The one command of a shared project, with the seed that its protocol fixes. Upstream's derivation from the candidate's
/// own files can be ground by a miner; a split project's judge has a seed that is drawn inside.
pub(crate) fn shared(workshop: &Workshop<'_>, work: WorkTree, seed: Option<&SeedVariable>) -> Container {
    let command = workshop.documents.protocol.execution.command.as_str();
    let argv = ["bash", "-c", command].map(str::to_owned).to_vec();
    let mut container = base(workshop, work, argv, workshop.caps.trial_time);
    container
        .env
        .extend(seed.map(|seed| (seed.name.clone(), seed.value.clone())));
    container
}

/// The candidate of a split project: it is told nothing but what the judge asks.
pub(crate) fn candidate(workshop: &Workshop<'_>, work: WorkTree, command: &[String]) -> Container {
    base(workshop, work, command.to_vec(), workshop.caps.trial_time)
}

/// The judge of a split project: seed, data and expected answers are its alone.
pub(crate) fn judge(workshop: &Workshop<'_>, command: &[String], seed: &[u8; 32]) -> Container {
    // The candidate's limit is the sum of its windows; the judge outlives it, so that a candidate which hangs is seen
    // to be the one that hangs.
    let wall = workshop.caps.trial_time * 2 + JUDGE_EXTRA;
    let mut container = base(workshop, workshop.judge_work.clone(), command.to_vec(), wall);
    container.cwd = JUDGE.to_owned();
    container.extra_read_only = vec![(PathBuf::from(&workshop.judge_files), JUDGE.to_owned())];
    container.limits.cpus = workshop.processors.judge();
    container.env.push((SEED_VARIABLE.to_owned(), hexadecimal(seed)));
    container
}

fn base(workshop: &Workshop<'_>, work: WorkTree, argv: Vec<String>, wall: Duration) -> Container {
    let caps = &workshop.caps;
    let cwd = workshop.documents.protocol.execution.cwd.as_str();
    Container {
        rootfs: workshop.rootfs.clone(),
        work,
        argv,
        env: environment(workshop),
        cwd: if cwd.is_empty() {
            WORK.to_owned()
        } else {
            format!("{WORK}/{cwd}")
        },
        extra_read_only: Vec::new(),
        limits: Limits {
            wall,
            cpu: None,
            memory_bytes: caps.memory,
            pids: caps.processes,
            scratch_bytes: caps.scratch,
            output_bytes: caps.output,
            open_files: OPEN_FILES,
            cpus: workshop.processors.candidate(),
        },
        channel: Channel::None,
    }
}

/// Upstream's fixed environment (openresearch.md 4.3) under what the image sets.
fn environment(workshop: &Workshop<'_>) -> Vec<(String, String)> {
    let mut environment: Vec<(String, String)> = [
        ("HOME", "/tmp"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for setting in &workshop.environment {
        let Some((name, value)) = setting.split_once('=') else {
            continue;
        };
        environment.retain(|(known, _)| known != name);
        environment.push((name.to_owned(), value.to_owned()));
    }
    environment
}

fn hexadecimal(seed: &[u8; 32]) -> String {
    seed.iter().map(|byte| format!("{byte:02x}")).collect()
}
