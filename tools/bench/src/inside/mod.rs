//! What runs inside the containers, and beside them without one: this same program, started as `orv-bench inside WORK`.
//!
//! A work prints lines of plain numbers, all of them nanoseconds of its own clocks.

mod channel;
mod compute;
mod memory;
mod tree;

pub(crate) use channel::inherited;

use crate::output::answer;
use std::io;
use std::time::{Duration, Instant};

/// The first argument that makes this program a payload.
pub(crate) const ARGUMENT: &str = "inside";

/// What can be run. The name of a work is the argument that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A chain of multiplications and shifts: nothing but the processor.
    Arithmetic,
    /// Copies of 64 MiB that are in memory already.
    Copy,
    /// Dependent loads all over 64 MiB that are in memory already.
    Chase,
    /// First touches of 64 MiB of fresh memory.
    Fault,
    /// System calls whose arguments the filter does not look at.
    Call,
    /// Reads every file beneath the working directory, and rewrites one.
    Tree,
    /// Sends requests on a descriptor and waits for each answer.
    Judge,
    /// Gives back every line that comes on a descriptor.
    Candidate,
    /// Takes a content from standard input into a memory file.
    Receive,
}

impl Work {
    const ALL: [Self; 9] = [
        Self::Arithmetic,
        Self::Copy,
        Self::Chase,
        Self::Fault,
        Self::Call,
        Self::Tree,
        Self::Judge,
        Self::Candidate,
        Self::Receive,
    ];

    /// The argument that asks for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::Copy => "copy",
            Self::Chase => "chase",
            Self::Fault => "fault",
            Self::Call => "call",
            Self::Tree => "tree",
            Self::Judge => "judge",
            Self::Candidate => "candidate",
            Self::Receive => "receive",
        }
    }
}

/// Wall and processor time that a work says it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnTime {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl OwnTime {
    /// Reads what a timed work printed.
    pub(crate) fn read(printed: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(printed).ok()?;
        let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten().map(Duration::from_nanos);
        Some(Self {
            wall: next()?,
            cpu: next()?,
        })
    }
}

/// Runs what the arguments behind [`ARGUMENT`] ask for.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let begun = Instant::now();
    let unknown = || io::Error::from(io::ErrorKind::InvalidInput);
    let name = arguments.next().ok_or_else(unknown)?;
    let work = Work::ALL.into_iter().find(|work| work.name() == name);
    let mut word = || arguments.next().ok_or_else(unknown);
    let number = |word: String| word.parse().map_err(|_| unknown());
    match work.ok_or_else(unknown)? {
        Work::Arithmetic => timed(compute::arithmetic),
        Work::Copy => memory::Buffers::new().timed_copy(),
        Work::Chase => memory::Cycle::new().timed_chase(),
        Work::Fault => timed(memory::fault),
        Work::Call => timed(compute::call),
        Work::Tree => tree::read_and_rewrite(begun),
        Work::Judge => channel::judge(number(word()?)?, word()?.parse().map_err(|_| unknown())?),
        Work::Candidate => channel::candidate(number(word()?)?),
        Work::Receive => crate::content::receive(&word()?, word()?.parse().map_err(|_| unknown())?),
    }
}

/// Runs a work and prints its own wall and processor time.
fn timed<T>(work: impl FnOnce() -> T) -> io::Result<()> {
    let (_, cost) = crate::cost::cost_of(|| std::hint::black_box(work()))?;
    answer(&format!("{} {}", cost.wall.as_nanos(), cost.cpu.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_a_time_and_anything_else_is_none() {
        let time = OwnTime::read(b"1500 1000\n").unwrap();
        assert_eq!((time.wall.as_nanos(), time.cpu.as_nanos()), (1500, 1000));
        for other in [&b""[..], b"1500", b"1 x", b"-1 2", b"\xff 1"] {
            assert_eq!(OwnTime::read(other), None);
        }
    }
}
