//! The enclave's last message: that it ends, and why.

use minicbor::{Decode, Encode};
use std::fmt;

/// The enclave ends. On the connection of the host that met the cause it comes with stream 0; to the parent's report port it is
/// the one frame of a connection of its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Exit {
    /// What kind of end.
    #[n(0)]
    pub code: ExitCode,
    /// For people; at most 1,024 characters.
    #[n(1)]
    pub detail: String,
}

impl Exit {
    /// An end with its words, cut to 1,024 characters.
    pub fn new(code: ExitCode, detail: impl ToString) -> Self {
        let detail = orv_receipt::detail(detail);
        Self { code, detail }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.code.code(), self.code, self.detail)
    }
}

/// Kinds of end, each with its stable code (DESIGN 5.12; `docs/errors.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ExitCode {
    /// A step of the boot failed: a mount, the root, a module, the loopback device.
    #[n(0)]
    Boot,
    /// The measured configuration is not one.
    #[n(1)]
    Configuration,
    /// The control groups cannot carry every limit.
    #[n(2)]
    ControlGroups,
    /// The hardware gave no random bytes.
    #[n(3)]
    Entropy,
    /// The service could not begin to serve, or to listen.
    #[n(4)]
    Start,
    /// The keeper is gone, and the key with it.
    #[n(5)]
    Keeper,
    /// The runner or another part of a job failed by itself, and not by what it ran.
    #[n(6)]
    Anomaly,
    /// The program has a fault.
    #[n(7)]
    Panic,
    /// The kernel killed the service for want of memory.
    #[n(8)]
    OutOfMemory,
    /// A signal ended the service.
    #[n(9)]
    Killed,
    /// The service ended and said nothing.
    #[n(10)]
    Silent,
}

impl ExitCode {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 11] = [
        Self::Boot,
        Self::Configuration,
        Self::ControlGroups,
        Self::Entropy,
        Self::Start,
        Self::Keeper,
        Self::Anomaly,
        Self::Panic,
        Self::OutOfMemory,
        Self::Killed,
        Self::Silent,
    ];

    /// The code that is printed, listed in `docs/errors.md`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Boot => "ORV-E-001",
            Self::Configuration => "ORV-E-002",
            Self::ControlGroups => "ORV-E-003",
            Self::Entropy => "ORV-E-004",
            Self::Start => "ORV-E-005",
            Self::Keeper => "ORV-E-006",
            Self::Anomaly => "ORV-E-007",
            Self::Panic => "ORV-E-008",
            Self::OutOfMemory => "ORV-E-009",
            Self::Killed => "ORV-E-010",
            Self::Silent => "ORV-E-011",
        }
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Boot => "the enclave could not boot",
            Self::Configuration => "the measured configuration is refused",
            Self::ControlGroups => "the control groups cannot carry every limit",
            Self::Entropy => "the hardware gave no random bytes",
            Self::Start => "the service could not start",
            Self::Keeper => "the keeper is gone",
            Self::Anomaly => "a part of the enclave failed",
            Self::Panic => "the service panicked",
            Self::OutOfMemory => "the service ran out of memory",
            Self::Killed => "the service was killed",
            Self::Silent => "the service ended without a word",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own_and_prints_it_first() {
        for (number, code) in ExitCode::ALL.into_iter().enumerate() {
            assert_eq!(code.code(), format!("ORV-E-{:03}", number + 1));
            assert!(Exit::new(code, "why").to_string().starts_with(code.code()));
        }
    }

    #[test]
    fn the_detail_is_bounded() {
        assert_eq!(Exit::new(ExitCode::Panic, "x".repeat(5000)).detail.len(), 1024);
    }
}
