//! Upstream's protocol on chain: projects, proposals, their tokens, and what miners and creators send.

mod ledger;
mod project;
mod proposal;
mod token;

use std::{fmt, str::FromStr};

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

pub use self::{
    ledger::{Constants, Submission, SubmittedProposal},
    project::{CreatedProject, NewProject, Project},
    proposal::{Proposal, ProposalStatus},
    token::{Cost, Curve},
};

macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub U256);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = NotAnIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let plain = !text.is_empty() && text.len() <= 78 && text.bytes().all(|byte| byte.is_ascii_digit());
                let refuse = || NotAnIdentifier(text.chars().take(80).collect());
                if !plain {
                    return Err(refuse());
                }
                U256::from_str_radix(text, 10).map(Self).map_err(|_| refuse())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(U256::from(id))
            }
        }
    };
}

identifier! {
    /// A project's number; they count from zero. In text and JSON a decimal string.
    ProjectId
}
identifier! {
    /// A proposal's number; they count from zero over all projects. In text and JSON a decimal string.
    ProposalId
}

/// Text that is no decimal number below 2^256.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a decimal id")]
pub struct NotAnIdentifier(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_decimals() {
        assert_eq!("42".parse::<ProposalId>().unwrap(), ProposalId::from(42));
        for text in ["", "-1", "0x1", "1e3", " 1", &"9".repeat(78)] {
            assert!(text.parse::<ProposalId>().is_err(), "{text:?}");
        }
        assert_eq!(serde_json::to_string(&ProjectId::from(7)).unwrap(), "\"7\"");
    }
}
