//! What happened in a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::protection::Protections;

/// How a run ended. A limit that was hit takes precedence over the exit status: a process may well exit with 0 after
/// its child was killed for memory (container.md 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// The command exited with this status.
    Code(i32),
    /// The command was ended by this signal, not one the runner sent.
    Signal(i32),
    /// The command could not be executed, or its working directory not entered; the system's error number (2: no such
    /// file, 13: not executable).
    NotStarted(i32),
    /// Stopped at the wall limit.
    WallLimit,
    /// Stopped at the CPU limit.
    CpuLimit,
    /// The kernel killed at least one process of the container for want of memory.
    MemoryLimit,
    /// It wrote more than [`crate::FLOOD_FACTOR`] times its cap to one stream; stopped at that unless it ended first.
    OutputLimit,
    /// Stopped because the run it was part of had ended: the candidate after its judge's exit or after a violation;
    /// or because its caller wanted it no more ([`crate::Wanted`]).
    Stopped,
}

/// The kept beginning of an output stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// At most `Limits::output_bytes` bytes, written by the payload: hostile.
    pub bytes: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
}

/// One container's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub exit: Exit,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// From just before the command was started until its end was seen (`CLOCK_MONOTONIC_RAW`).
    pub wall: Duration,
    /// CPU time of all processes of the container since the command was started, by its control group; zero without
    /// one.
    pub cpu: Duration,
    /// Highest memory charge in bytes, by its control group; zero without one.
    pub peak_memory: u64,
    /// Processes killed for want of memory.
    pub oom_kills: u64,
    /// Forks refused by the process limit.
    pub pids_hit: u64,
    /// Room left in `/work` and `/tmp` when the command ended.
    pub room: Room,
    /// What protected the run on this machine.
    pub protections: Protections,
}

/// What was left of the writable places when the command had ended and before anything of it was cleared away, or when its
/// judge had.
///
/// A command that met the limit and then removed what it had written is not seen here: the kernel counts no refused
/// writes on a tmpfs, and looking now and then would miss as much and cost the measurement. What it can hide is its own
/// trouble alone: the write failed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// In `/work`.
    pub work: Left,
    /// In `/tmp`.
    pub temporary: Left,
}

impl Room {
    /// Whether one of the places was full: the limit was hit.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        [self.work, self.temporary].iter().any(Left::is_nothing)
    }
}

/// What is left of one place, a number being absent where nothing bounds it. Nobody looked where both are absent: the
/// command never ran, or was stopped for a limit or a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// Bytes.
    pub bytes: Option<u64>,
    /// Files, directories and links.
    pub files: Option<u64>,
}

impl Left {
    fn is_nothing(&self) -> bool {
        self.bytes == Some(0) || self.files == Some(0)
    }
}

/// A judge and a candidate in two containers (DESIGN 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitReport {
    /// The judge's run.
    pub judge: Report,
    /// The candidate's run; [`Exit::Stopped`] is its usual end. Its `wall` is the sum of its windows.
    pub candidate: Report,
    /// What the judge wrote on descriptor 4, whole; empty when it wrote nothing.
    pub metric: Vec<u8>,
    /// Requests forwarded.
    pub windows: u64,
    /// Sum over the windows of the time from the candidate's thaw until its answer's last byte was read.
    pub window_time: Duration,
    /// CPU time of the candidate, the same as in its report.
    pub candidate_cpu: Duration,
    /// Whether the candidate left, or closed its channel, while the judge was still running.
    pub candidate_end: CandidateEnd,
    /// What voided the trial, if anything did.
    pub violation: Option<Violation>,
}

/// Whether the candidate stayed to the judge's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateEnd {
    /// It was still there when the judge exited.
    Stayed,
    /// It closed descriptor 3 or exited earlier; the judge then reads end of file and decides.
    LeftEarly,
}

/// One of the two sides of a split run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The project's judge.
    Judge,
    /// The code under test.
    Candidate,
}

/// Why a split trial is void, whatever the judge wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Violation {
    /// The candidate sent bytes ahead of a request, or more than one line for one.
    EarlyAnswer,
    /// A line longer than the relay's limit.
    LineTooLong(Side),
    /// No answer within one window's limit.
    WindowLimit,
    /// The judge wrote more to descriptor 4 than the relay's limit.
    MetricTooLong,
    /// The candidate could not be frozen after its answer.
    NotFrozen,
    /// The judge sent more requests than the relay's limit.
    TooManyRequests,
}
