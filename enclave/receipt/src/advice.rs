//! Upstream's gates and red flags on record: advice, which decides nothing.

use minicbor::{Decode, Encode};
use orv_protocol::advice::{Advice, Finding};

/// What upstream's own validator would have said of the candidate (`orv_protocol::advice`).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AdviceRecord {
    /// The first findings, at most `orv_protocol::advice::MOST_FINDINGS`.
    #[n(0)]
    pub findings: Vec<FindingRecord>,
    /// Findings beyond them.
    #[n(1)]
    pub left_out: u64,
    /// Files that upstream would have read and that were too long.
    #[n(2)]
    pub unread: u64,
}

/// One thing that upstream would have refused.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FindingRecord {
    /// 1 hard-denied path, 2 forbidden path, 3 path that nothing permits, 4 red flag: the numbers of
    /// `orv_protocol::advice::Gate`.
    #[n(0)]
    pub gate: u8,
    /// Path in the candidate's archive.
    #[n(1)]
    pub path: String,
    /// The pattern of a red flag.
    #[n(2)]
    pub pattern: Option<String>,
}

impl From<&Advice> for AdviceRecord {
    fn from(advice: &Advice) -> Self {
        Self {
            findings: advice.findings.iter().map(FindingRecord::from).collect(),
            left_out: advice.left_out,
            unread: advice.unread,
        }
    }
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> Self {
        Self {
            gate: finding.gate as u8,
            path: finding.path.as_str().to_owned(),
            pattern: finding.pattern.map(str::to_owned),
        }
    }
}
