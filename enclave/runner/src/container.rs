//! What is to be run, and inside which limits.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::layer::Layer;

/// User id of the payload inside the container.
pub const PAYLOAD_ID: u32 = 1000;
/// Host id to which id 0 of the container is mapped; the map covers 65 536 ids.
pub const FIRST_HOST_ID: u32 = 100_000;
/// Host id of the payload: an id no host user has (DESIGN 2, container.md 2).
pub const PAYLOAD_HOST_ID: u32 = FIRST_HOST_ID + PAYLOAD_ID;

/// One command in one container.
#[derive(Debug)]
pub struct Container {
    /// The unpacked image. Shared by trials, never written: the container sees it read-only.
    pub rootfs: PathBuf,
    /// The tree that appears copy-on-write at `/work`.
    pub work: WorkTree,
    /// The command; `argv[0]` without a slash is looked up in the `PATH` of `env`, and nowhere when that has none.
    pub argv: Vec<String>,
    /// The whole environment of the command; nothing is added to it.
    pub env: Vec<(String, String)>,
    /// Absolute path inside the container in which the command starts.
    pub cwd: String,
    /// Host directories shown read-only at absolute paths of the container, such as the judge's files at `/judge`.
    pub extra_read_only: Vec<(PathBuf, String)>,
    /// What the command may use.
    pub limits: Limits,
    /// Descriptors the command finds from number 3 up.
    pub channel: Channel,
}

/// The prepared tree of one arm.
///
/// A run shows `lower`, with `layers` over it, at `/work` under a fresh writable layer of its own, which vanishes with
/// the run. `lower` and everything in it is given to [`PAYLOAD_HOST_ID`] at first use: the payload could not write to
/// files of the host's root.
#[derive(Debug, Clone)]
pub struct WorkTree {
    /// Directory with the prepared tree.
    pub lower: PathBuf,
    /// What set-up runs left ([`crate::Runner::run_setup`]), lowest first.
    pub layers: Vec<Arc<Layer>>,
    /// Bytes that may be written beneath `/work`. Counts as memory of the container.
    pub size_limit: u64,
}

/// Descriptors handed to the command beside its three standard ones.
#[derive(Debug, Default)]
pub enum Channel {
    /// None: every descriptor from 3 up is closed.
    #[default]
    None,
    /// These, at 3, 4 and so on; at most six. The caller's own stay open until it drops them: who waits for an end of
    /// file on the other side must have done so.
    Descriptors(Vec<OwnedFd>),
}

/// What one container may use. Every limit is set or the run is refused; see [`crate::CgroupMode`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from the start of the command; for a candidate of a split run, the sum of its windows.
    pub wall: Duration,
    /// CPU time of all processes together.
    pub cpu: Option<Duration>,
    /// Memory in bytes, everything written to `/work` and `/tmp` included. No swap beside it.
    pub memory_bytes: u64,
    /// Processes and threads at one time.
    pub pids: u32,
    /// Bytes that fit in `/tmp` (and `/dev/shm`, which is the same place).
    pub scratch_bytes: u64,
    /// Bytes kept of standard output, and of standard error. What is beyond is read and dropped; a stream longer than
    /// [`FLOOD_FACTOR`] times this ends the run.
    pub output_bytes: usize,
    /// Open descriptors of one process.
    pub open_files: u32,
    /// Processors the container is pinned to; all when absent.
    pub cpus: Option<Vec<u32>>,
}

/// How many times its cap a stream may be before the run ends with [`crate::Exit::OutputLimit`]: a chatty build is only
/// truncated, an endless writer does not get to burn the runner's CPU until its wall limit.
pub const FLOOD_FACTOR: u64 = 64;
