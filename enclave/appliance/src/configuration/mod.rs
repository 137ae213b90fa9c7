//! What the enclave is started with, and the part of it that is measured.
//!
//! An image has its settings in a file of its own, which is measured with it ([`image`]); a program that is started by hand
//! has them on its command line ([`command_line`]). Both end in one [`Configuration`].

pub(crate) mod command_line;
pub(crate) mod image;

use crate::job::limits;
use std::path::PathBuf;
use std::time::Duration;

/// Where the enclave listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A unix socket.
    Unix(PathBuf),
    /// A vsock port.
    Vsock {
        /// The port.
        port: u32,
        /// Whose connections are taken.
        peers: Peers,
    },
}

/// Who may connect over vsock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peers {
    /// Anybody: by hand.
    Any,
    /// The parent alone, by its context ids.
    Only(Vec<u32>),
}

impl Peers {
    /// Whether a peer of this context id may speak.
    pub(crate) fn admits(&self, context_id: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Only(parents) => parents.contains(&context_id),
        }
    }
}

/// What to do where a container limit cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingLimits {
    /// Refuse to run.
    Refuse,
    /// Run, and record it.
    Record,
}

/// Who endorses the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endorsement {
    /// The simulator, for a program that is started by hand.
    Simulated,
    /// The machine that the image is built for.
    By(Machine),
}

/// The machines that images are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Machine {
    /// An AWS Nitro Enclave.
    Nitro,
    /// A virtual machine under TDX or SEV-SNP; the kernel says which.
    Vm,
}

impl Machine {
    /// The name in the measured configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nitro => "nitro",
            Self::Vm => "vm",
        }
    }
}

/// How long the enclave waits for a host that is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// For a content that the host has to look for, and for its next message where it owes none.
    pub(crate) search: Duration,
    /// For one frame to come in whole or to be taken in whole, however its bytes drip.
    pub(crate) segment: Duration,
}

impl Patience {
    /// That of every image.
    pub(crate) const FULL: Self = Self {
        search: limits::SEARCH_TIME,
        segment: limits::SEGMENT_TIME,
    };
}

/// The service's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) listen: Listen,
    pub(crate) scratch: PathBuf,
    pub(crate) missing_limits: MissingLimits,
    pub(crate) endorsement: Endorsement,
    pub(crate) patience: Patience,
}

impl Configuration {
    /// The settings that a verdict depends on, one a line: these are measured and bound to the key. Where the enclave
    /// listens and where it keeps its scratch decide nothing.
    pub(crate) fn measured(&self) -> String {
        let missing = match self.missing_limits {
            MissingLimits::Refuse => "refuse",
            MissingLimits::Record => "record",
        };
        format!(
            "orv/configuration/v1\nmissing-limits={missing}\n{}",
            limits::measured(self.patience)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(listen: Listen, scratch: &str, missing_limits: MissingLimits) -> Configuration {
        Configuration {
            listen,
            scratch: scratch.into(),
            missing_limits,
            endorsement: Endorsement::Simulated,
            patience: Patience::FULL,
        }
    }

    #[test]
    fn less_patience_is_another_measurement() {
        let full = listening(Listen::Unix("/a".into()), "/a", MissingLimits::Refuse);
        let mut short = full.clone();
        short.patience.segment = Duration::from_secs(1);
        assert!(full.measured().contains("search-seconds=600\nsegment-seconds=30\n"));
        assert_ne!(full.measured(), short.measured());
    }

    #[test]
    fn paths_are_not_measured_and_weaker_limits_are() {
        let vsock = |peers| Listen::Vsock { port: 1, peers };
        let here = listening(Listen::Unix("/a".into()), "/a", MissingLimits::Refuse);
        let there = listening(vsock(Peers::Any), "/b", MissingLimits::Refuse);
        let weaker = listening(vsock(Peers::Any), "/b", MissingLimits::Record);
        assert_eq!(here.measured(), there.measured());
        assert_ne!(here.measured(), weaker.measured());
    }

    #[test]
    fn only_the_parent_is_admitted_where_it_is_named() {
        let parent = Peers::Only(vec![3, 2]);
        assert!(parent.admits(3) && parent.admits(2) && !parent.admits(16));
        assert!(Peers::Any.admits(16));
    }
}
