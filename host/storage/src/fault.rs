//! What a server did wrong, and which one.

use std::fmt;

use orv_chain::HttpError;
use orv_content::{Root, Sha256, merkle::ProofError};

/// One thing that one server did wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// It gave no usable HTTP answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Its answer is not what the protocol says.
    #[error("malformed answer to {question}: {reason}")]
    Malformed {
        /// The method.
        question: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// It answered an error.
    #[error("refused: {reason} (code {code})")]
    Refused {
        /// JSON-RPC or gateway error code.
        code: i64,
        /// Its text.
        reason: String,
    },
    /// It gave too few bytes in the time it was given.
    #[error("gave less than {bytes} bytes in {seconds} s")]
    TooSlow {
        /// What was waited for, in bytes.
        bytes: u64,
        /// How long, in seconds.
        seconds: u64,
    },
    /// It does not have the file, or not all of it.
    #[error("does not have the file")]
    Missing,
    /// It names another size than the one looked for.
    #[error("names {found} bytes, expected {expected}")]
    WrongSize {
        /// The size looked for.
        expected: u64,
        /// The size it named or sent.
        found: u64,
    },
    /// It names or sends content of another root.
    #[error("gives content of root {found}, expected {expected}")]
    WrongRoot {
        /// The root asked for.
        expected: Root,
        /// The root of what it gave.
        found: Root,
    },
    /// It sends content of another SHA-256.
    #[error("gives content of SHA-256 {found}, expected {expected}")]
    WrongSha256 {
        /// The hash asked for.
        expected: Sha256,
        /// The hash of what it gave.
        found: Sha256,
    },
    /// It sent another segment than the one asked for.
    #[error("sent segment {found}, expected {expected}")]
    WrongSegment {
        /// The index asked for.
        expected: u64,
        /// The index sent.
        found: u64,
    },
    /// Its segment does not belong to the root.
    #[error("sent a false segment {index}: {reason}")]
    FalseSegment {
        /// Which segment.
        index: u64,
        /// How the proof fails.
        reason: ProofError,
    },
}

impl Fault {
    /// Whether asking again is of no use: content that is too slow once is so always.
    pub(crate) fn is_final(&self) -> bool {
        self.is_lie() || matches!(self, Self::TooSlow { .. })
    }

    /// Whether the server gave wrong content, as opposed to none. Such a server is not asked again.
    pub fn is_lie(&self) -> bool {
        matches!(
            self,
            Self::WrongRoot { .. }
                | Self::WrongSha256 { .. }
                | Self::WrongSegment { .. }
                | Self::FalseSegment { .. }
                | Self::WrongSize { .. }
        )
    }
}

/// A fault and the server it is blamed on.
#[derive(Debug, Clone)]
pub struct Blame {
    /// The server's origin.
    pub server: String,
    /// What it did.
    pub fault: Fault,
}

impl fmt::Display for Blame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.server, self.fault)
    }
}

/// Several blames, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Blames(pub Vec<Blame>);

/// Most blames that are kept: a bad network must not fill the memory with its failures.
const MAX_BLAMES: usize = 64;

impl Blames {
    /// Adds one, unless there are plenty.
    pub(crate) fn add(&mut self, server: impl fmt::Display, fault: Fault) {
        if self.0.len() < MAX_BLAMES {
            self.0.push(Blame {
                server: server.to_string(),
                fault,
            });
        }
    }
}

impl fmt::Display for Blames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("nobody was found to ask");
        }
        for (number, blame) in self.0.iter().enumerate() {
            if number > 0 {
                formatter.write_str("; ")?;
            }
            blame.fmt(formatter)?;
        }
        Ok(())
    }
}
