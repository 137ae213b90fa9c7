//! Everything that a row may name: the runner's protections, the rules of reading and deciding, and the quotas.

use orv_content::archive::Quota;
use orv_content::weakened::{self as content, Rule as Content};
use orv_protocol::weakened::{self as protocol, Rule as Protocol};
use orv_receipt::weakened::{self as receipt, Rule as Receipt};
use orv_runner::Protection as Kernel;

/// One protection, by whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// The container's.
    Runner(Kernel),
    /// Of what comes in.
    Content(Content),
    /// Of the published rule.
    Protocol(Protocol),
    /// Of the record.
    Receipt(Receipt),
    /// A bound on what comes in.
    Bound(Bound),
}

/// One field of [`Quota`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    Entries,
    Bytes,
    PathLength,
    Depth,
    Ratio,
}

impl Bound {
    const ALL: [Bound; 5] = [
        Bound::Entries,
        Bound::Bytes,
        Bound::PathLength,
        Bound::Depth,
        Bound::Ratio,
    ];

    fn name(self) -> &'static str {
        match self {
            Bound::Entries => "entry-quota",
            Bound::Bytes => "byte-quota",
            Bound::PathLength => "path-length-quota",
            Bound::Depth => "depth-quota",
            Bound::Ratio => "ratio-quota",
        }
    }

    /// The quota without this bound.
    pub fn lifted(self, quota: Quota) -> Quota {
        match self {
            Bound::Entries => Quota {
                entries: u64::MAX,
                ..quota
            },
            Bound::Bytes => Quota {
                bytes: u64::MAX,
                ..quota
            },
            Bound::PathLength => Quota {
                path_length: usize::MAX,
                ..quota
            },
            Bound::Depth => Quota {
                depth: usize::MAX,
                ..quota
            },
            Bound::Ratio => Quota {
                ratio: u64::MAX,
                ..quota
            },
        }
    }
}

impl Protection {
    /// Every one there is.
    pub fn all() -> Vec<Protection> {
        let kernel = Kernel::all().iter().copied().map(Protection::Runner);
        let content = Content::all().iter().copied().map(Protection::Content);
        let protocol = Protocol::all().iter().copied().map(Protection::Protocol);
        let receipt = Receipt::all().iter().copied().map(Protection::Receipt);
        let bounds = Bound::ALL.into_iter().map(Protection::Bound);
        kernel
            .chain(content)
            .chain(bounds)
            .chain(protocol)
            .chain(receipt)
            .collect()
    }

    /// Its name in tables and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Protection::Runner(protection) => protection.name(),
            Protection::Content(rule) => rule.name(),
            Protection::Protocol(rule) => rule.name(),
            Protection::Receipt(rule) => rule.name(),
            Protection::Bound(bound) => bound.name(),
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Protection> {
        Protection::all()
            .into_iter()
            .find(|protection| protection.name() == name)
    }

    /// Acts without it, where it is a rule that this thread obeys; the others are the stage's to leave out.
    pub fn left_out_of<T>(self, act: impl FnOnce() -> T) -> T {
        match self {
            Protection::Content(rule) => content::without(rule, act),
            Protection::Protocol(rule) => protocol::without(rule, act),
            Protection::Receipt(rule) => receipt::without(rule, act),
            Protection::Runner(_) | Protection::Bound(_) => act(),
        }
    }
}
