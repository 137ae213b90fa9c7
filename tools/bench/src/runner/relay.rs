//! What the relay of a split trial costs for each request.

use super::fidelity::FidelityError;
use super::pinned::{Processors, bare, bind_to};
use crate::account::Account;
use crate::cost::microseconds;
use crate::document::{Cell, Section, Table, Unit};
use crate::inside::{self, Work};
use crate::stage::{PROGRAM, Stage};
use crate::statistics::Sample;
use orv_runner::{Exit, RelayLimits};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

/// Where a container finds its channel.
const CHANNEL: &str = "3";

/// Round trips of one run, and what the runner had to do for them.
struct Run {
    trips: Vec<f64>,
    /// Microseconds of a window, on average.
    window: Option<f64>,
    /// Microseconds of this process for a request, on average, with the start of both containers in it.
    relay_cpu: Option<f64>,
}

pub(super) fn measure(
    account: &Account,
    stage: &Stage,
    processors: Processors,
    rounds: usize,
    requests: u32,
) -> Result<Section, FidelityError> {
    let (mut direct, mut relayed) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        direct.push(run_direct(stage, requests, processors)?);
        relayed.push(run_relayed(account, stage, requests, processors)?);
    }
    let mut table = Table::new(&[
        "way",
        "round trip, median",
        "99 of 100 within",
        "window, mean",
        "runner's cpu, mean",
    ]);
    table.rows.push(row("one socket between two processes", &direct));
    table
        .rows
        .push(row("through the relay, candidate frozen between requests", &relayed));
    Ok(Section {
        name: "relay",
        title: "A request of a split trial".to_owned(),
        method: format!(
            "{rounds} runs of {requests} requests each way, in turn. The judge times each request from its first byte \
             written to its answer's last byte read; the candidate gives the line back; judge on processor {}, \
             candidate on processor {}. A window is what the runner counts as the candidate's time.",
            processors.measuring, processors.measured
        ),
        table,
        targets: Vec::new(),
        notes: Vec::new(),
    })
}

fn row(name: &str, runs: &[Run]) -> Vec<Cell> {
    let trips = Sample::of(runs.iter().flat_map(|run| run.trips.iter().copied()));
    let mean = |figure: fn(&Run) -> Option<f64>| {
        let sample = Sample::of(runs.iter().filter_map(figure));
        sample.map_or(Cell::Nothing, |sample| Cell::of(sample.median(), Unit::Microseconds))
    };
    let of_trips = |figure: fn(&Sample) -> f64| {
        trips
            .as_ref()
            .map_or(Cell::Nothing, |trips| Cell::of(figure(trips), Unit::Microseconds))
    };
    vec![
        Cell::text(name),
        of_trips(Sample::median),
        of_trips(|trips| trips.quantile(0.99)),
        mean(|run| run.window),
        mean(|run| run.relay_cpu),
    ]
}

fn run_relayed(account: &Account, stage: &Stage, requests: u32, processors: Processors) -> Result<Run, FidelityError> {
    let count = requests.to_string();
    let judge = [PROGRAM, inside::ARGUMENT, Work::Judge.name(), CHANNEL, &count];
    let judge = stage.container(&judge, processors.if_two(processors.measuring));
    let candidate = [PROGRAM, inside::ARGUMENT, Work::Candidate.name(), CHANNEL];
    let candidate = stage.container(&candidate, processors.if_two(processors.measured));
    let limits = RelayLimits {
        line_bytes: RelayLimits::LINE_BYTES,
        window: Duration::from_secs(20),
        requests: u64::from(requests),
        metric_bytes: 64,
    };
    let (report, cost) = account.cost_of(|| stage.runner().run_split(&judge, &candidate, &limits))?;
    let report = report?;
    if report.judge.exit != Exit::Code(0) || report.violation.is_some() {
        return Err(FidelityError::Inside {
            work: Work::Judge.name(),
            exit: report.judge.exit,
            said: format!("{:?}", report.violation),
        });
    }
    let each = f64::from(requests);
    let inside = report.judge.cpu + report.candidate_cpu;
    Ok(Run {
        trips: read_trips(&report.judge.stdout.bytes)?,
        window: Some(microseconds(report.window_time) / each),
        relay_cpu: Some(microseconds(cost.cpu.saturating_sub(inside)) / each),
    })
}

fn run_direct(stage: &Stage, requests: u32, processors: Processors) -> Result<Run, FidelityError> {
    let failed = |source| FidelityError::Bare {
        work: Work::Judge.name(),
        source,
    };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    bind_to(processors.measured)?;
    let candidate = bare(stage, Work::Candidate, &["0".to_owned()])
        .stdin(OwnedFd::from(theirs))
        .spawn();
    bind_to(processors.measuring)?;
    let mut candidate = candidate.map_err(failed)?;
    let judge = bare(stage, Work::Judge, &["0".to_owned(), requests.to_string()])
        .stdin(OwnedFd::from(ours))
        .stdout(Stdio::piped())
        .output();
    candidate.wait().map_err(failed)?;
    Ok(Run {
        trips: read_trips(&judge.map_err(failed)?.stdout)?,
        window: None,
        relay_cpu: None,
    })
}

/// The judge's lines of nanoseconds, in microseconds.
fn read_trips(printed: &[u8]) -> Result<Vec<f64>, FidelityError> {
    let text = String::from_utf8_lossy(printed);
    let trips: Option<Vec<f64>> = text
        .lines()
        .map(|line| line.parse::<u64>().ok().map(|time| time as f64 / 1e3))
        .collect();
    trips
        .filter(|trips| !trips.is_empty())
        .ok_or(FidelityError::Printed(Work::Judge.name()))
}
