//! The gateway's calls for a statement, and what their logs say.

use crate::journal::{Ending, Settlement};
use orv_chain::Mined;
use orv_chain::bindings::VerifierGateway::{self, recordCall, settleCall};
use orv_chain::primitives::{Address, B256, Bytes};
use orv_receipt::{Receipt, Run};

/// What a mined transaction did with the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It ended.
    Ended(Ending),
    /// It waits for other operators' statements.
    Held,
}

/// `settle` with this one statement.
pub(crate) fn settle_call(receipt: &Receipt) -> settleCall {
    settleCall {
        runs: vec![run_of(&receipt.run)],
        signatures: vec![signature_of(receipt)],
    }
}

/// `record` with this statement.
pub(crate) fn record_call(receipt: &Receipt) -> recordCall {
    recordCall {
        run: run_of(&receipt.run),
        signature: signature_of(receipt),
    }
}

/// Reads the logs; nothing when the gateway left none about this ticket.
pub(crate) fn recorded(mined: &Mined, gateway: Address, ticket: B256) -> Option<Recorded> {
    if let Some(event) = mined.event::<VerifierGateway::VerdictSettled>(gateway) {
        let settlement = match event.verdict {
            1 => Settlement::Approved,
            2 => Settlement::Rejected,
            _ => return None,
        };
        return (event.ticket == ticket).then_some(Recorded::Ended(Ending::Settled(settlement)));
    }
    if let Some(event) = mined.event::<VerifierGateway::StatementInconclusive>(gateway) {
        return (event.ticket == ticket).then_some(Recorded::Ended(Ending::Inconclusive));
    }
    if let Some(event) = mined.event::<VerifierGateway::StatementSetAside>(gateway) {
        return (event.ticket == ticket).then_some(Recorded::Ended(Ending::SetAside));
    }
    let held = mined.event::<VerifierGateway::StatementHeld>(gateway)?;
    (held.ticket == ticket).then_some(Recorded::Held)
}

fn signature_of(receipt: &Receipt) -> Bytes {
    Bytes::copy_from_slice(&receipt.signature.0)
}

fn run_of(run: &Run) -> VerifierGateway::Run {
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
