//! Who submits what. Nothing here says what the verdict will be.

use std::path::{Path, PathBuf};

/// One proposal of the demo.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    /// The miner's name, which is also that of its wallet.
    pub(crate) miner: String,
    /// What it is, for the table.
    pub(crate) what: String,
    /// Where its code comes from.
    pub(crate) code: Code,
    /// The score that the miner claims (bins, negated); never a gate.
    pub(crate) claimed_score: String,
}

/// Where a candidate comes from.
#[derive(Debug, Clone)]
pub(crate) enum Code {
    /// Files laid over the project's repository.
    Overlay(PathBuf),
    /// A patch to the project's repository.
    Patch(PathBuf),
}

/// The proposals in the order in which they are submitted.
pub(crate) fn all(example: &Path, patch: Option<&Path>) -> Vec<Proposal> {
    let overlay = |miner: &str, what: &str, folder: &str, claimed_score: &str| Proposal {
        miner: miner.to_owned(),
        what: what.to_owned(),
        code: Code::Overlay(example.join("proposals").join(folder)),
        claimed_score: claimed_score.to_owned(),
    };
    let mut proposals = vec![
        overlay(
            "alice",
            "a real improvement: first-fit decreasing",
            "improvement",
            "-960",
        ),
        overlay(
            "bob",
            "a copy of the snapshot with another comment",
            "unchanged-copy",
            "-1000",
        ),
        overlay("carol", "edits the harness and prints a false metric", "forger", "-1"),
        overlay("dave", "crashes in the middle", "crasher", "-900"),
        overlay(
            "erin",
            "alice's improvement, copied by another address",
            "late-copy",
            "-960",
        ),
        overlay("frank", "a further improvement", "second-improvement", "-896"),
    ];
    if let Some(patch) = patch {
        proposals.push(Proposal {
            miner: "grace".to_owned(),
            what: format!("the patch {}", patch.display()),
            code: Code::Patch(patch.to_owned()),
            claimed_score: "-1".to_owned(),
        });
    }
    proposals
}
