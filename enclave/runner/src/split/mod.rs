//! A judge and a candidate in two containers, joined by a relay (DESIGN 5.6). `SPLIT.md` is the protocol.

mod processors;
mod relay;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};

use crate::container::{Channel, Container};
use crate::document::Upper;
use crate::error::RunnerError;
use crate::protection::{ControlGroups, Kept, Protection, Strength};
use crate::report::{CandidateEnd, SplitReport, Violation};
use crate::runner::Runner;
use crate::supervise::{Stop, Stream, Supervised, wait};
use relay::Relay;

pub use processors::separation;

/// What the relay lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayLimits {
    /// Longest line in bytes, its line end included; DESIGN 5.6: 1 MiB.
    pub line_bytes: usize,
    /// Longest window.
    pub window: Duration,
    /// Most requests.
    pub requests: u64,
    /// Most bytes on the judge's descriptor 4.
    pub metric_bytes: usize,
}

impl RelayLimits {
    /// The longest line that DESIGN 5.6 allows, in bytes.
    pub const LINE_BYTES: usize = 1 << 20;
}

/// How long a candidate that has closed its channel may take to be gone; one that stays is stopped like any other.
const GRACE: Duration = Duration::from_millis(500);

struct Ends {
    judge: UnixStream,
    candidate: UnixStream,
    metric: Stream,
}

pub(crate) fn run(
    runner: &Runner,
    judge: &Container,
    candidate: &Container,
    limits: &RelayLimits,
) -> Result<SplitReport, RunnerError> {
    check(judge, candidate)?;
    let kept = runner.kept;
    let separation = if kept.has(Protection::DisjointProcessors) {
        processors::separation(judge.limits.cpus.as_deref(), candidate.limits.cpus.as_deref())?
    } else {
        Strength::Absent
    };
    let shown = with_judge_files(judge, candidate, kept);
    let candidate = shown.as_ref().unwrap_or(candidate);
    let action = "making a channel";
    let (judge_end, judge_channel) = UnixStream::pair().map_err(RunnerError::system(action))?;
    let (candidate_end, candidate_channel) = UnixStream::pair().map_err(RunnerError::system(action))?;
    let (metric, metric_writer) = Stream::new(limits.metric_bytes)?;
    let mut candidate_channels = vec![OwnedFd::from(candidate_channel)];
    if !kept.has(Protection::MetricDescriptor) {
        candidate_channels.push(metric_writer.try_clone().map_err(RunnerError::system(action))?);
    }
    let mut judge_run = start(runner, judge, &[judge_channel.into(), metric_writer])?;
    let mut candidate_run = start(runner, candidate, &candidate_channels)?;
    drop(candidate_channels);
    for run in [&judge_run, &candidate_run] {
        if run.group().kind() == ControlGroups::None {
            // Its own answer is the typed error for this machine.
            run.group().freeze()?;
        }
    }
    judge_run.await_ready()?;
    candidate_run.await_ready()?;
    judge_run.go()?;
    judge_run.begin_deadline();
    let ends = Ends {
        judge: judge_end,
        candidate: candidate_end,
        metric,
    };
    let mut relay = Relay::new(ends, limits, kept)?;
    let violation = serve(&mut judge_run, &mut candidate_run, &mut relay)?;
    if violation.is_none() && relay.candidate_left() {
        // One that crashed is about to be reported with its own exit.
        candidate_run.serve_until(GRACE)?;
    }
    if violation.is_none() {
        // A candidate that stays until its judge has ended tells nothing of its own end.
        candidate_run.look_at_room()?;
    }
    judge_run.stop(Stop::Partner)?;
    candidate_run.stop(Stop::Partner)?;
    judge_run.serve_to_end()?;
    candidate_run.serve_to_end()?;
    report(judge_run, candidate_run, relay, separation, violation)
}

/// Starts one side. The descriptors are its own from here: ours are closed on return.
fn start<'a>(runner: &Runner, container: &'a Container, channel: &[OwnedFd]) -> Result<Supervised<'a>, RunnerError> {
    let channel: Vec<_> = channel.iter().map(AsFd::as_fd).collect();
    Supervised::start(runner, container, Upper::Fresh(container.work.size_limit), &channel)
}

/// The candidate with the judge's directories, in a weakened build that leaves out their being the judge's alone.
fn with_judge_files(judge: &Container, candidate: &Container, kept: Kept) -> Option<Container> {
    let shown = candidate.extra_read_only.iter().chain(&judge.extra_read_only);
    (!kept.has(Protection::JudgeFiles)).then(|| Container {
        rootfs: candidate.rootfs.clone(),
        work: candidate.work.clone(),
        argv: candidate.argv.clone(),
        env: candidate.env.clone(),
        cwd: candidate.cwd.clone(),
        extra_read_only: shown.cloned().collect(),
        limits: candidate.limits.clone(),
        channel: Channel::None,
    })
}

fn check(judge: &Container, candidate: &Container) -> Result<(), RunnerError> {
    match (&judge.channel, &candidate.channel) {
        (Channel::None, Channel::None) => Ok(()),
        _ => Err(RunnerError::ForeignChannel),
    }
}

/// Until the judge is gone or something voids the trial.
fn serve(
    judge: &mut Supervised<'_>,
    candidate: &mut Supervised<'_>,
    relay: &mut Relay,
) -> Result<Option<Violation>, RunnerError> {
    while !judge.is_over() {
        let mut watched: Vec<PollFd<'_>> = Vec::new();
        judge.watched(&mut watched);
        candidate.watched(&mut watched);
        relay.watched(&mut watched);
        wait(&mut watched, judge.patience().min(relay.patience()?))?;
        judge.service()?;
        candidate.service()?;
        if let Some(violation) = relay.service(candidate)? {
            return Ok(Some(violation));
        }
    }
    // What the judge wrote last may have come with its end.
    relay.drain_metric()
}

fn report(
    judge: Supervised<'_>,
    candidate: Supervised<'_>,
    mut relay: Relay,
    separation: Strength,
    violation: Option<Violation>,
) -> Result<SplitReport, RunnerError> {
    let tally = relay.tally();
    let mut judge = judge.finish()?;
    let mut candidate = candidate.finish()?;
    judge.protections.cpu_pinning = separation;
    candidate.protections.cpu_pinning = separation;
    candidate.wall = tally.window_time;
    Ok(SplitReport {
        judge,
        candidate_cpu: candidate.cpu,
        candidate,
        metric: relay.metric(),
        windows: tally.windows,
        window_time: tally.window_time,
        candidate_end: if relay.candidate_left() {
            CandidateEnd::LeftEarly
        } else {
            CandidateEnd::Stayed
        },
        violation,
    })
}

/// For a descriptor that is to be watched for both.
pub(super) fn watch<'a>(descriptor: &'a UnixStream, flags: PollFlags, watched: &mut Vec<PollFd<'a>>) {
    watched.push(PollFd::new(descriptor.as_fd(), flags));
}
