//! Statements as the gateway takes them.

use orv_chain::bindings::VerifierGateway;
use orv_chain::primitives::Bytes;
use orv_receipt::{Receipt, Run};

/// Statements of one verdict, with the signatures in the same order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statements {
    pub(super) runs: Vec<VerifierGateway::Run>,
    pub(super) signatures: Vec<Bytes>,
}

impl Statements {
    /// This one alone.
    pub(super) fn of(receipt: &Receipt) -> Self {
        Self {
            runs: vec![run_of(&receipt.run)],
            signatures: vec![signature_of(receipt)],
        }
    }
}

pub(super) fn signature_of(receipt: &Receipt) -> Bytes {
    Bytes::copy_from_slice(&receipt.signature.0)
}

pub(super) fn run_of(run: &Run) -> VerifierGateway::Run {
    VerifierGateway::Run {
        ledger: run.ledger,
        registry: run.registry,
        ticket: run.ticket,
        projectId: run.project_id,
        proposalId: run.proposal_id,
        projectDigest: run.project_digest,
        proposalDigest: run.proposal_digest,
        incumbentCodeHash: run.incumbent_code_hash,
        incumbentScore: run.incumbent_score,
        verdict: run.verdict,
        reason: run.reason,
        score: run.score,
        lower: run.lower,
        upper: run.upper,
        marginBips: run.margin_bips,
        metricKind: run.metric_kind,
        metricChannel: run.metric_channel,
        platformTier: run.platform_tier,
        ruleVersion: run.rule_version,
        bundleRoot: run.bundle_root,
        evidenceRoot: run.evidence_root,
    }
}
