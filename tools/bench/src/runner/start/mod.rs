//! Start to exit of a command that does nothing, beside the other runtimes.

mod bundle;
mod contestant;
mod filter;
mod groups;

use crate::account::{Account, AccountError};
use crate::cost::{Cost, milliseconds};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::stage::{Stage, StageError};
use crate::statistics::{Draw, Sample};
use contestant::{Contestant, Failure, Prepared};
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use orv_runner::RunnerError;
use std::collections::BTreeMap;
use std::path::Path;

/// Version 2's hierarchy on a machine that has version 1 too; `crun` refuses to run beside it (container reference 1).
const UNIFIED: &str = "/sys/fs/cgroup/unified";

/// Why starts could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// There is nothing to start on.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The container's document could not be had.
    #[error("the container's document: {0}")]
    Document(#[from] RunnerError),
    /// The container's document is no JSON.
    #[error("the container's document: {0}")]
    Syntax(#[from] serde_json::Error),
    /// The container's document is not as it was.
    #[error("the container's document has no {0}")]
    Unexpected(&'static str),
    /// The document names a system call that this architecture does not have.
    #[error("there is no system call {0:?}")]
    SystemCall(String),
    /// The filter cannot be compiled.
    #[error("the filter: {0}")]
    Filter(#[from] seccompiler::BackendError),
    /// The second hierarchy could not be taken away.
    #[error("unmounting {UNIFIED}: {0}")]
    Unmount(Errno),
    /// Processor time could not be told.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Our own container did not run.
    #[error("our container did not run: {0}")]
    Ours(String),
}

/// The costs of one contestant, and how often it hung.
#[derive(Debug, Default)]
struct Record {
    costs: Vec<(usize, Cost)>,
    hung: usize,
}

/// Everybody once a round, in an order drawn for each round.
pub(super) fn measure(account: &Account, stage: &Stage, rounds: usize, seed: u64) -> Result<Section, StartError> {
    unmount_second_hierarchy()?;
    let container = stage.container(&["/bin/true"], None);
    let prepared = Prepared::of(stage, &container)?;
    let (present, mut notes) = present(&prepared)?;
    let mut records: BTreeMap<Contestant, Record> = present.iter().map(|one| (*one, Record::default())).collect();
    let mut draw = Draw::from_seed(seed);
    for round in 0..rounds {
        for index in draw.order(present.len()) {
            let Some(contestant) = present.get(index).copied() else {
                continue;
            };
            let record = records.entry(contestant).or_default();
            let (answer, cost) = account.cost_of(|| contestant.start(&prepared, round + 1))?;
            match answer {
                Ok(()) => record.costs.push((round, cost)),
                Err(Failure::Hung) => record.hung += 1,
                Err(Failure::Refused(reason)) if contestant == Contestant::Ours => {
                    return Err(StartError::Ours(reason));
                }
                Err(Failure::Refused(reason)) => notes.push(format!("{}: {reason}", contestant.name())),
            }
        }
    }
    notes.extend(
        records
            .iter()
            .filter(|(_, record)| record.hung > 0)
            .map(|(contestant, record)| {
                let (name, hung) = (contestant.name(), record.hung);
                format!("{name} hung in {hung} of {rounds} runs and was killed; they are left out")
            }),
    );
    Ok(section(&records, rounds, seed, notes))
}

/// Those that run the command here, after one start that does not count, and why the others do not.
fn present(prepared: &Prepared<'_>) -> Result<(Vec<Contestant>, Vec<String>), StartError> {
    let mut present = Vec::new();
    let mut notes = Vec::new();
    for contestant in Contestant::ALL {
        let name = contestant.name();
        if contestant.version().is_none() {
            notes.push(format!("{name} is not installed here and was not measured"));
            continue;
        }
        match contestant.start(prepared, 0) {
            Ok(()) | Err(Failure::Hung) => present.push(contestant),
            Err(Failure::Refused(reason)) if contestant == Contestant::Ours => return Err(StartError::Ours(reason)),
            Err(Failure::Refused(reason)) => notes.push(format!("{name} does not run here: {reason}")),
        }
    }
    Ok((present, notes))
}

/// Takes away what keeps `crun` from running, in the mount namespace from which everybody is started.
fn unmount_second_hierarchy() -> Result<(), StartError> {
    if Path::new(UNIFIED).exists() {
        umount2(UNIFIED, MntFlags::MNT_DETACH).map_err(StartError::Unmount)?;
    }
    Ok(())
}

fn section(records: &BTreeMap<Contestant, Record>, rounds: usize, seed: u64, notes: Vec<String>) -> Section {
    let mut table = Table::new(&[
        "runtime",
        "wall, median",
        "wall, least",
        "cpu, median",
        "orv / it, wall",
        "orv / it, cpu",
    ]);
    let empty = Record::default();
    let ours = records.get(&Contestant::Ours).unwrap_or(&empty);
    for (contestant, record) in records {
        let walls = Sample::of(record.costs.iter().map(|(_, cost)| milliseconds(cost.wall)));
        let cpus = Sample::of(record.costs.iter().map(|(_, cost)| milliseconds(cost.cpu)));
        let (Some(walls), Some(cpus)) = (walls, cpus) else {
            continue;
        };
        table.rows.push(vec![
            Cell::text(contestant.label()),
            Cell::of(walls.median(), Unit::Milliseconds),
            Cell::of(walls.least(), Unit::Milliseconds),
            Cell::of(cpus.median(), Unit::Milliseconds),
            Cell::estimate(ratios(ours, record, wall).as_ref(), Unit::Ratio),
            Cell::estimate(ratios(ours, record, cpu).as_ref(), Unit::Ratio),
        ]);
    }
    let mut targets = Vec::new();
    add_targets(
        &mut targets,
        records,
        "the fastest with limits",
        Contestant::limits_resources,
    );
    add_targets(&mut targets, records, "without limits", |one| {
        one == Contestant::Bubblewrap
    });
    Section {
        name: "start",
        title: "Start to exit of `true`".to_owned(),
        method: format!(
            "{rounds} rounds, everybody once a round in an order drawn from seed {seed}. Ours: from the call of \
             `Runner::run` in a running program to its return; the others: from spawning their program to its end. One \
             static image and one tree on one tmpfs; crun, runc and youki are given the document of our own container \
             (with limits of memory and processes, and a writable layer that stands ready); bwrap is given the same table \
             of system calls as the list that seccompiler makes of it, and has neither a map of many ids, nor overlay, \
             nor masked files, and no control groups but those made around it in its second row. CPU: everything in the \
             control group around all of it, to 5 ms after the end. \
             Ratios: median over the rounds of ours / theirs, with its 99 % interval."
        ),
        table,
        targets,
        notes,
    }
}

/// Ours beside the fastest of those that are `meant`.
fn add_targets(
    targets: &mut Vec<Target>,
    records: &BTreeMap<Contestant, Record>,
    words: &str,
    meant: impl Fn(Contestant) -> bool,
) {
    let Some(ours) = records.get(&Contestant::Ours) else {
        return;
    };
    let others = records.iter().filter(|(contestant, _)| meant(**contestant));
    let figures = others.filter_map(|(contestant, record)| {
        let (wall, cpu) = (ratios(ours, record, wall)?, ratios(ours, record, cpu)?);
        Some((contestant.label(), wall.median(), cpu.median()))
    });
    // Whom ours is slowest beside is the fastest.
    if let Some((name, wall, cpu)) = figures.max_by(|left, right| left.1.total_cmp(&right.1)) {
        let mut target = |figure: &str, ratio| {
            let name = format!("{figure}, orv / {name}, {words}");
            targets.push(Target::new(name, ratio, Unit::Ratio, Bound::AtMost(1.0)));
        };
        target("wall", wall);
        target("cpu", cpu);
    }
}

fn wall(cost: &Cost) -> f64 {
    cost.wall.as_secs_f64()
}

fn cpu(cost: &Cost) -> f64 {
    cost.cpu.as_secs_f64()
}

/// Ours through theirs, of each round in which both ran.
fn ratios(ours: &Record, theirs: &Record, figure: impl Fn(&Cost) -> f64) -> Option<Sample> {
    let by_round: BTreeMap<usize, f64> = ours.costs.iter().map(|(round, cost)| (*round, figure(cost))).collect();
    let pairs = theirs
        .costs
        .iter()
        .filter_map(|(round, cost)| Some((by_round.get(round)?, figure(cost))));
    Sample::of(
        pairs
            .filter(|(_, theirs)| *theirs > 0.0)
            .map(|(ours, theirs)| ours / theirs),
    )
}
