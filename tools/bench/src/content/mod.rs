//! Figures of the content: roots, the stream into the enclave, unpacking.

mod root;
mod scalar;
mod sdk;
mod stream;
mod unpack;

pub(crate) use stream::receive;

use crate::account::{Account, AccountError};
use crate::document::Section;
use clap::{Args, ValueEnum};
use nix::errno::Errno;
use orv_content::archive::ArchiveError;
use orv_content::materialize::MaterializeError;
use orv_content::merkle::EmptyContent;
use orv_content::tree::{PathError, TreeError};
use std::io;
use std::path::PathBuf;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these figures (default: all).
    #[arg(long, value_enum, value_name = "FIGURE")]
    only: Vec<Figure>,
    /// Rounds of each comparison; 0G's SDK, which takes seconds, joins the first three of them.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Size of the content whose root is computed, in MiB.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    root_size: u32,
    /// Size of the content that is streamed, and hashed on one thread and on two, in MiB.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    stream_size: u32,
    /// Files of the archive that is unpacked, of 10,000 bytes each.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    files: u32,
    /// Folder in which 0G's SDK is installed; without it the SDK is not measured.
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// The root of a content in memory.
    Root,
    /// From the host over a socket, verified, into a memory file.
    Stream,
    /// An archive of many files.
    Unpack,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentBenchError {
    /// Content of no bytes was asked for.
    #[error(transparent)]
    Empty(#[from] EmptyContent),
    /// The group of the measurement could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Times cannot be read, or a tmpfs not mounted.
    #[error("{0}")]
    System(#[from] Errno),
    /// Two implementations give two roots, so no figure of either is worth anything.
    #[error("{who} gives the root {found}, ours is {expected}")]
    OtherRoot {
        /// The other implementation.
        who: &'static str,
        /// Its root.
        found: String,
        /// Ours.
        expected: String,
    },
    /// A file could not be used.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program failed.
    #[error("{program}: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// The stream broke.
    #[error("the stream: {0}")]
    Stream(String),
    /// A path of ours is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Our files do not make a tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Our own archive was refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The tree could not be written.
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, ContentBenchError> {
    let wanted = |figure| arguments.only.is_empty() || arguments.only.contains(&figure);
    let rounds = arguments.rounds as usize;
    // For its weight: nothing here outlives who waits for it.
    let _account = Account::open()?;
    let mut sections = Vec::new();
    if wanted(Figure::Root) {
        sections.push(root::measure(arguments.root_size, rounds, arguments.sdk.as_deref())?);
        sections.push(root::measure_threads(arguments.stream_size, rounds.min(7))?);
    }
    if wanted(Figure::Stream) {
        sections.push(stream::measure(arguments.stream_size, rounds.min(5))?);
    }
    if wanted(Figure::Unpack) {
        sections.push(unpack::measure(arguments.files, rounds)?);
    }
    Ok(sections)
}

/// `mebibytes` of bytes that look like nothing in particular, and are the same in every run.
fn content(mebibytes: u32) -> Vec<u8> {
    let mut draw = crate::statistics::Draw::from_seed(0);
    let words = mebibytes as usize * (1 << 20) / 8;
    std::iter::repeat_with(|| draw.next().to_le_bytes())
        .take(words)
        .flatten()
        .collect()
}
