//! The lies, one a row: what is changed, and the name of the error with which the gateway answers.

use super::scene::nobody;
use crate::host;
use alloy_primitives::{B256, I256, U256};
use orv_content::archive;
use orv_content::tree::{Executable, TreePath};
use orv_receipt::Run;
use orv_wire::Job;

/// A lie told to the enclave, the reason in the statement that came of it, and the gateway's answer to that.
pub type Told = (&'static str, fn(&mut Job, &Other), &'static str, &'static str);

/// What else is on the shelf and on chain, for lies to point at.
pub struct Other {
    /// The facts of another proposal, with a ticket of its own.
    pub job: Job,
    /// The root of code that is better than the snapshot.
    pub better: B256,
    /// The root of a protocol with a smaller margin.
    pub protocol: B256,
    /// The root of a benchmark that differs in a file nobody reads.
    pub benchmark: B256,
}

pub const TOLD: &[Told] = &[
    (
        "incumbent's score",
        |job, _| job.incumbent.score = score(-1500),
        "odd-project-state",
        "WrongIncumbent",
    ),
    (
        "incumbent's code",
        |job, _| job.incumbent.code_hash = job.project.repo_snapshot_hash,
        "improved",
        "WrongIncumbent",
    ),
    (
        "incumbent's code and score",
        |job, other| {
            (job.incumbent.code_hash, job.incumbent.score) = (other.better, score(-960));
        },
        "improved",
        "WrongIncumbent",
    ),
    (
        "ticket that was never opened",
        |job, _| job.ticket = B256::repeat_byte(0xcc),
        "improved",
        "UnknownTicket",
    ),
    (
        "ticket of another proposal",
        |job, other| job.ticket = other.job.ticket,
        "improved",
        "WrongProposal",
    ),
    (
        "proposal id",
        |job, other| job.proposal.id = other.job.proposal.id,
        "improved",
        "WrongProposal",
    ),
    (
        "whole other proposal",
        |job, other| job.proposal = other.job.proposal.clone(),
        "improved",
        "WrongProposal",
    ),
    (
        "proposal's code",
        |job, other| job.proposal.code_hash = other.better,
        "improved",
        "WrongProposalDigest",
    ),
    (
        "proposal's miner",
        |job, _| job.proposal.miner = nobody(),
        "improved",
        "WrongProposalDigest",
    ),
    (
        "proposal's recipient",
        |job, _| job.proposal.reward_recipient = nobody(),
        "improved",
        "WrongProposalDigest",
    ),
    (
        "proposal's stake",
        |job, _| job.proposal.stake = U256::from(1),
        "improved",
        "WrongProposalDigest",
    ),
    (
        "project's id",
        |job, _| {
            job.project.id = U256::from(77);
            job.proposal.project_id = job.project.id;
        },
        "improved",
        "WrongProject",
    ),
    (
        "project's protocol",
        |job, other| job.project.protocol_hash = other.protocol,
        "improved",
        "WrongProjectDigest",
    ),
    (
        "project's snapshot",
        |job, other| job.project.repo_snapshot_hash = other.better,
        "improved",
        "WrongProjectDigest",
    ),
    (
        "project's benchmark",
        |job, other| job.project.benchmark_hash = other.benchmark,
        "improved",
        "WrongProjectDigest",
    ),
    (
        "project's baseline",
        |job, _| (job.project.baseline_score, job.incumbent.score) = (score(-9999), score(-9999)),
        "improved",
        "WrongProjectDigest",
    ),
    ("ledger", |job, _| job.ledger = nobody(), "improved", "WrongLedger"),
    (
        "registry",
        |job, _| job.registry = nobody(),
        "improved",
        "WrongRegistry",
    ),
];

/// A change to a signed statement, and the gateway's answer.
pub type Altered = (&'static str, fn(&mut Run), &'static str);

pub const ALTERED: &[Altered] = &[
    (
        "bundle root",
        |run| run.bundle_root = B256::repeat_byte(1),
        "WrongSigner",
    ),
    ("verdict", |run| run.verdict = 1, "WrongSigner"),
    (
        "verdict and scores",
        |run| (run.verdict, run.score, run.lower, run.upper) = better_run(),
        "WrongSigner",
    ),
    ("score", |run| run.score = score(-900), "ScoreOutOfInterval"),
    (
        "whole interval",
        |run| (run.score, run.lower, run.upper) = (score(-1200), score(-1200), score(-1200)),
        "WrongSigner",
    ),
    ("reason", |run| run.reason = B256::ZERO, "WrongSigner"),
    ("margin", |run| run.margin_bips = 5000, "WrongSigner"),
    ("metric kind", |run| run.metric_kind = 2, "WrongSigner"),
    ("metric channel", |run| run.metric_channel = 2, "WrongSigner"),
    ("platform tier", |run| run.platform_tier = 1, "WrongPlatformTier"),
    ("rule version", |run| run.rule_version = 2, "WrongSigner"),
    ("evidence root", |run| run.evidence_root = B256::ZERO, "WrongEvidence"),
    ("ticket", |run| run.ticket = B256::ZERO, "UnknownTicket"),
    ("proposal", |run| run.proposal_id += U256::from(1), "WrongProposal"),
    (
        "proposal digest",
        |run| run.proposal_digest = B256::ZERO,
        "WrongProposalDigest",
    ),
    ("project", |run| run.project_id += U256::from(1), "WrongProject"),
    (
        "project digest",
        |run| run.project_digest = B256::ZERO,
        "WrongProjectDigest",
    ),
    (
        "incumbent's code",
        |run| run.incumbent_code_hash = B256::repeat_byte(1),
        "WrongIncumbent",
    ),
    (
        "incumbent's score",
        |run| run.incumbent_score = score(-1),
        "WrongIncumbent",
    ),
    ("ledger", |run| run.ledger = nobody(), "WrongLedger"),
    ("registry", |run| run.registry = nobody(), "WrongRegistry"),
];

pub fn score(value: i64) -> I256 {
    I256::try_from(value).unwrap()
}

/// An approval with scores to carry it.
pub fn better_run() -> (u8, I256, I256, I256) {
    (1, score(-900), score(-900), score(-900))
}

/// The same bundle with one file more beside the judge.
pub fn with_a_note(benchmark: Vec<u8>) -> Vec<u8> {
    let mut tree = archive::read(benchmark.into(), &archive::Quota::project()).unwrap();
    let note = host::file(b"another benchmark".to_vec(), Executable::No);
    tree.insert(TreePath::new("judge/note").unwrap(), note).unwrap();
    archive::write(&tree)
}
