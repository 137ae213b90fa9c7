//! From the host into the enclave: segments over a unix socket, verified and written to a memory file.

use super::{ContentBenchError, content};
use crate::cost::{Cost, cost_of};
use crate::document::{Bound, Cell, Section, Table, Target, Unit};
use crate::inside::{self, Work};
use crate::output::answer;
use crate::statistics::Sample;
use alloy_primitives::B256;
use nix::sys::memfd::{MFdFlags, memfd_create};
use orv_content::Root;
use orv_content::merkle::{Engine, root_with};
use orv_wire::{Channel, Message, Order, download};
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The stream number that both sides use.
const STREAM: u32 = 1;

/// Memory that the receiving side may take beside the content.
const MOST_BESIDE: f64 = 64.0;

/// The part of the hash's speed that the whole way should reach.
const LEAST_PART: f64 = 0.6;

/// What the receiving side tells.
struct Told {
    wall: Duration,
    cpu: Duration,
    /// Most memory of the process that was resident, in bytes; a memory file's pages are not in it.
    resident: u64,
    /// What the memory file takes up, in bytes.
    file: u64,
    root: String,
}

pub(super) fn measure(mebibytes: u32, rounds: usize) -> Result<Section, ContentBenchError> {
    let content = content(mebibytes);
    let expected = root_with(&Engine::one_thread(), &content)?;
    let (mut hashing, mut streaming) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (root, cost) = cost_of(|| root_with(&Engine::one_thread(), &content))?;
        root?;
        hashing.push(cost);
        let told = stream(&content, &expected)?;
        if told.root != expected.to_string() {
            return Err(ContentBenchError::OtherRoot {
                who: "the receiving side",
                found: told.root,
                expected: expected.to_string(),
            });
        }
        streaming.push(told);
    }
    Ok(section(mebibytes, rounds, &hashing, &streaming))
}

fn section(mebibytes: u32, rounds: usize, hashing: &[Cost], streaming: &[Told]) -> Section {
    let gigabytes = f64::from(mebibytes) * f64::from(1 << 20) / 1e9;
    let seconds = |times: &mut dyn Iterator<Item = Duration>| {
        Sample::of(times.map(|time| time.as_secs_f64())).map_or(f64::NAN, |sample| sample.median())
    };
    let hash = seconds(&mut hashing.iter().map(|cost| cost.wall));
    let way = seconds(&mut streaming.iter().map(|told| told.wall));
    let parts = hashing
        .iter()
        .zip(streaming)
        .map(|(hash, told)| hash.wall.div_duration_f64(told.wall));
    let part = Sample::of(parts).map_or(f64::NAN, |parts| parts.median());
    let most = |figure: fn(&Told) -> u64| streaming.iter().map(figure).max().unwrap_or(0) as f64 / f64::from(1 << 20);
    let beside = most(|told| told.resident + told.file) - f64::from(mebibytes);
    let mut table = Table::new(&["what", "wall, median", "speed", "cpu, median"]);
    let mut row = |name: &str, wall: f64, cpu: f64| {
        table.rows.push(vec![
            Cell::text(name),
            Cell::of(wall * 1e3, Unit::Milliseconds),
            Cell::of(gigabytes / wall, Unit::GigabytesPerSecond),
            Cell::of(cpu * 1e3, Unit::Milliseconds),
        ]);
    };
    row(
        "root in memory, one thread",
        hash,
        seconds(&mut hashing.iter().map(|cost| cost.cpu)),
    );
    row(
        "socket to memory file, verified",
        way,
        seconds(&mut streaming.iter().map(|told| told.cpu)),
    );
    Section {
        name: "stream",
        title: format!("{mebibytes} MiB from the host into the enclave's memory"),
        method: format!(
            "{rounds} rounds, in turn: the root of the content in memory by one thread; the same content through \
             `orv_wire::download` over a unix socket into a memory file of another process, which hashes it on the way. \
             Wall of that process from its first request to the root; its CPU. Memory beside the content: most resident \
             memory of that process and the file's blocks, less the content."
        ),
        table,
        targets: vec![
            Target::new(
                "the way's speed / the hash's",
                part,
                Unit::Ratio,
                Bound::AtLeast(LEAST_PART),
            ),
            Target::new(
                "memory beside the content",
                beside,
                Unit::Mebibytes,
                Bound::AtMost(MOST_BESIDE),
            ),
        ],
        notes: Vec::new(),
    }
}

/// Serves the content to another process of this program.
fn stream(content: &[u8], root: &Root) -> Result<Told, ContentBenchError> {
    let broken = |error: &dyn std::fmt::Display| ContentBenchError::Stream(error.to_string());
    let (ours, theirs) = UnixStream::pair().map_err(|error| broken(&error))?;
    let mut child = Command::new("/proc/self/exe")
        .args([
            inside::ARGUMENT,
            Work::Receive.name(),
            &root.to_string(),
            &content.len().to_string(),
        ])
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| broken(&error))?;
    let mut channel = Channel::new(ours);
    // It ends when the other side has all and goes.
    while let Ok((stream, message)) = channel.receive() {
        let Message::Want(want) = message else { break };
        if channel
            .send_segments(stream, want.hash, content, want.offset, want.length)
            .is_err()
        {
            break;
        }
    }
    // Otherwise a receiver that failed early would wait for more.
    drop(channel);
    let output = child.stdout.take().map(io::read_to_string);
    child.wait().map_err(|error| broken(&error))?;
    let printed = output.transpose().map_err(|error| broken(&error))?.unwrap_or_default();
    read(&printed).ok_or_else(|| broken(&"the receiving side told nothing"))
}

fn read(printed: &str) -> Option<Told> {
    let mut words = printed.split_whitespace();
    let root = words.next()?.to_owned();
    let mut next = || words.next()?.parse::<u64>().ok();
    Some(Told {
        root,
        wall: Duration::from_nanos(next()?),
        cpu: Duration::from_nanos(next()?),
        resident: next()?,
        file: next()?,
    })
}

/// The receiving side: standard input is the socket.
pub(crate) fn receive(hash: &str, limit: u64) -> io::Result<()> {
    let socket = UnixStream::from(OwnedFd::from(inside::inherited(0)?));
    let hash: Root = hash.parse().map_err(io::Error::other)?;
    let file = File::from(memfd_create("content", MFdFlags::MFD_CLOEXEC)?);
    let order = Order {
        hash: B256::from(hash.0),
        limit,
        first: Duration::from_secs(60),
        each: Duration::from_secs(60),
        until: Instant::now() + Duration::from_secs(3600),
    };
    let mut channel = Channel::new(socket);
    let (came, cost) = cost_of(|| download(&mut channel, STREAM, &order, file))?;
    let came = came.map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound)?;
    if came.root != hash {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    let blocks = came.sink.metadata()?.blocks() * 512;
    let (wall, cpu) = (cost.wall.as_nanos(), cost.cpu.as_nanos());
    answer(&format!("{} {wall} {cpu} {} {blocks}", came.root, most_resident()?))
}

/// Most memory of this process that was ever resident, in bytes.
fn most_resident() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes
        .map(|kibibytes| kibibytes * 1024)
        .ok_or(io::ErrorKind::Unsupported.into())
}
