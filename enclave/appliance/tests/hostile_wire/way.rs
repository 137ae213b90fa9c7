//! One way to be a hostile host: what it does, and what the enclave has to answer.

use crate::scene::Scene;
use orv_wire::{Failure, FailureCode};
use std::fmt;

/// A row of the table.
pub struct Way {
    /// What the host does, in words; unique.
    pub name: &'static str,
    /// Does it, and tells what came back, in order.
    pub host: fn(&Scene) -> Vec<Answer>,
    /// What has to come back.
    pub answers: &'static [Expected],
}

/// The last word of the enclave about one thing that the host did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A coded failure.
    Refused(Failure),
    /// The connection was closed without a word.
    Closed,
    /// A statement, which the notary has checked: the verdict's number and its reason.
    Stated(u8, String),
    /// The key and its evidence.
    Introduced,
    /// The host left and waits for nothing.
    Left,
    /// Nothing came, for longer than any limit of the enclave.
    Silent,
    /// Something that has no place there.
    Odd(String),
}

/// What has to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A failure with this code.
    Refused(FailureCode),
    /// A failure with this code that says this.
    Says(FailureCode, &'static str),
    /// The end of the connection, with a word or without.
    Ended,
    /// An inconclusive statement with this reason.
    Inconclusive(&'static str),
    /// The verdict that the contents deserve.
    Improved,
    /// The verdict on a copy of the snapshot.
    NotImproved,
    /// An answer to a Hello that is none of the ways to be refused.
    Introduced,
    /// Nothing that could be heard any more.
    Left,
}

impl Expected {
    /// Whether the answer is the expected one.
    pub fn is(self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Refused(code), Answer::Refused(failure)) => failure.code == code,
            (Self::Says(code, words), Answer::Refused(failure)) => {
                failure.code == code && failure.detail.contains(words)
            }
            (Self::Ended, Answer::Refused(failure)) => failure.code == FailureCode::Malformed,
            (Self::Inconclusive(expected), Answer::Stated(3, reason)) => expected == reason,
            (Self::Improved, Answer::Stated(1, reason)) => reason == "improved",
            (Self::NotImproved, Answer::Stated(2, reason)) => reason == "no-improvement",
            (Self::Ended, Answer::Closed) | (Self::Introduced, Answer::Introduced) | (Self::Left, Answer::Left) => true,
            _ => false,
        }
    }

    /// Whether the host was refused, rather than served what it has a right to.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Refused(_) | Self::Says(..) | Self::Ended | Self::Inconclusive(_)
        )
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
