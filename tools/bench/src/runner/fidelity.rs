//! Whether the container disturbs what runs in it: the same program inside and beside it, in alternating pairs.

use super::pinned::{Processors, bare, bind_to};
use crate::account::AccountError;
use crate::cost::milliseconds;
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::inside::{self, OwnTime, Work};
use crate::stage::{PROGRAM, Stage};
use crate::statistics::Sample;
use nix::errno::Errno;
use orv_runner::{Exit, RunnerError};
use std::io;
use std::process::Output;

/// What is compared, and whether its ratio has a target: a system call meets the filter and a fresh page the control
/// group's accounting, by design.
const WORKS: [(Work, &str, Aim); 5] = [
    (Work::Arithmetic, "arithmetic", Aim::Equal),
    (Work::Copy, "copies of 32 MiB", Aim::Equal),
    (Work::Chase, "dependent loads over 64 MiB", Aim::Equal),
    (Work::Fault, "first touches of 64 MiB", Aim::Told),
    (Work::Call, "getppid", Aim::Told),
];

/// How far a ratio may be from 1.
const TOLERANCE: f64 = 0.005;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    Equal,
    Told,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FidelityError {
    /// The container did not run.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// The work failed inside.
    #[error("{work} ended inside with {exit:?}: {said}")]
    Inside {
        /// Which.
        work: &'static str,
        /// How.
        exit: Exit,
        /// What it wrote on standard error.
        said: String,
    },
    /// The work could not be started beside the container.
    #[error("{work} could not be started: {source}")]
    Bare {
        /// Which.
        work: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The work printed no times.
    #[error("{0} printed no times")]
    Printed(&'static str),
    /// Processor time could not be told.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// This thread cannot be bound to a processor.
    #[error("binding to a processor: {0}")]
    Binding(#[from] Errno),
}

/// One pair of runs.
struct Pair {
    inside: OwnTime,
    bare: OwnTime,
}

pub(super) fn measure(stage: &Stage, processors: Processors, pairs: usize) -> Result<Section, FidelityError> {
    let mut table = Table::new(&["work", "bare, wall median", "inside / bare, wall", "inside / bare, cpu"]);
    let mut targets = Vec::new();
    for (work, words, aim) in WORKS {
        let pairs = compare(stage, work, pairs, processors)?;
        let bare = Sample::of(pairs.iter().map(|pair| milliseconds(pair.bare.wall)));
        let wall = Sample::of(
            pairs
                .iter()
                .map(|pair| pair.inside.wall.div_duration_f64(pair.bare.wall)),
        );
        let cpu = Sample::of(pairs.iter().map(|pair| pair.inside.cpu.div_duration_f64(pair.bare.cpu)));
        table.rows.push(vec![
            Cell::text(words),
            bare.map_or(Cell::Nothing, |bare| Cell::of(bare.median(), Unit::Milliseconds)),
            Cell::estimate(wall.as_ref(), Unit::Ratio),
            Cell::estimate(cpu.as_ref(), Unit::Ratio),
        ]);
        for (name, ratio) in [("wall", wall), ("cpu", cpu)] {
            if let (Aim::Equal, Some(ratio)) = (aim, ratio) {
                let bound = Bound::Within(1.0 - TOLERANCE, 1.0 + TOLERANCE);
                targets.push(Target::new(
                    format!("{words}, {name}"),
                    ratio.median(),
                    Unit::Ratio,
                    bound,
                ));
            }
        }
    }
    Ok(Section {
        name: "fidelity",
        title: "The same program inside the container and beside it".to_owned(),
        method: format!(
            "{pairs} pairs of each work, inside first and bare first in turn, both on processor {}, everything else of \
             this program on processor {}. The work times itself, after it has made its data; ratios are medians over \
             the pairs with their 99 % interval.",
            processors.measured, processors.measuring
        ),
        table,
        targets,
        notes: vec![
            "First touches pay the control group's accounting and system calls the filter: both arms of a verdict do."
                .to_owned(),
        ],
    })
}

fn compare(stage: &Stage, work: Work, pairs: usize, processors: Processors) -> Result<Vec<Pair>, FidelityError> {
    bind_to(processors.measuring)?;
    let mut found = Vec::with_capacity(pairs);
    for index in 0..pairs {
        found.push(if index % 2 == 0 {
            let inside = run_inside(stage, work, processors)?;
            let bare = run_bare(stage, work, processors)?;
            Pair { inside, bare }
        } else {
            let bare = run_bare(stage, work, processors)?;
            let inside = run_inside(stage, work, processors)?;
            Pair { inside, bare }
        });
    }
    Ok(found)
}

fn run_inside(stage: &Stage, work: Work, processors: Processors) -> Result<OwnTime, FidelityError> {
    let command = [PROGRAM, inside::ARGUMENT, work.name()];
    let report = stage
        .runner()
        .run(&stage.container(&command, Some(processors.measured)))?;
    if report.exit != Exit::Code(0) {
        return Err(FidelityError::Inside {
            work: work.name(),
            exit: report.exit,
            said: String::from_utf8_lossy(&report.stderr.bytes).into_owned(),
        });
    }
    OwnTime::read(&report.stdout.bytes).ok_or(FidelityError::Printed(work.name()))
}

fn run_bare(stage: &Stage, work: Work, processors: Processors) -> Result<OwnTime, FidelityError> {
    bind_to(processors.measured)?;
    let child = bare(stage, work, &[]).stdout(std::process::Stdio::piped()).spawn();
    bind_to(processors.measuring)?;
    let answer = child.and_then(std::process::Child::wait_with_output);
    let Output { stdout, .. } = answer.map_err(|source| FidelityError::Bare {
        work: work.name(),
        source,
    })?;
    OwnTime::read(&stdout).ok_or(FidelityError::Printed(work.name()))
}
