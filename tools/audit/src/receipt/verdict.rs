//! The statement in words.

use orv_protocol::judgement::Reason;
use orv_receipt::{Receipt, printable};
use serde::Serialize;
use std::fmt::Write as _;

/// What the enclave says.
#[derive(Debug, Serialize)]
pub(crate) struct Statement {
    chain_id: u64,
    gateway: String,
    project_id: String,
    proposal_id: String,
    verdict: &'static str,
    reason: String,
    explanation: &'static str,
    metric_kind: &'static str,
    metric_channel: &'static str,
    score: String,
    lower: String,
    upper: String,
    incumbent_score: String,
    margin_bips: u16,
    rule_version: u16,
    bundle_root: String,
    trials: usize,
    undone_differences: usize,
    obstacle: Option<String>,
    missing_protections: Vec<String>,
}

impl Statement {
    /// The statement of a receipt; whether it holds is for the checks to say.
    pub(crate) fn of(receipt: &Receipt) -> Self {
        let run = &receipt.run;
        let bundle = receipt.bundle().ok();
        let reason = Reason::from_bytes32(&run.reason.0);
        Self {
            chain_id: receipt.domain.chain_id,
            gateway: receipt.domain.gateway.to_string(),
            project_id: run.project_id.to_string(),
            proposal_id: run.proposal_id.to_string(),
            verdict: match run.verdict {
                1 => "approve",
                2 => "reject",
                3 => "inconclusive",
                _ => "unknown",
            },
            reason: reason.map_or_else(|| run.reason.to_string(), |reason| reason.code().to_owned()),
            explanation: reason.map_or("Not a reason of the published rule.", Reason::explain),
            metric_kind: match run.metric_kind {
                1 => "exact",
                2 => "timed",
                _ => "unknown",
            },
            metric_channel: match run.metric_channel {
                1 => "split",
                2 => "shared",
                _ => "unknown",
            },
            score: run.score.to_string(),
            lower: run.lower.to_string(),
            upper: run.upper.to_string(),
            incumbent_score: run.incumbent_score.to_string(),
            margin_bips: run.margin_bips,
            rule_version: run.rule_version,
            bundle_root: run.bundle_root.to_string(),
            trials: bundle.as_ref().map_or(0, |bundle| bundle.trials.len()),
            undone_differences: bundle.as_ref().map_or(0, |bundle| bundle.differences.len()),
            obstacle: bundle
                .as_ref()
                .and_then(|bundle| bundle.obstacle.as_ref())
                .map(|obstacle| obstacle.detail.clone()),
            missing_protections: bundle.map(|bundle| bundle.missing_protections).unwrap_or_default(),
        }
    }

    /// In words.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "Proposal {} of project {} on chain {}:",
            self.proposal_id, self.project_id, self.chain_id
        );
        let _ = writeln!(
            text,
            "  {} ({}): {}",
            self.verdict.to_uppercase(),
            self.reason,
            self.explanation
        );
        let _ = writeln!(
            text,
            "  score {} in [{}, {}], incumbent {}, margin {} basis points; {} metric, {} channel, {} trials",
            self.score,
            self.lower,
            self.upper,
            self.incumbent_score,
            self.margin_bips,
            self.metric_kind,
            self.metric_channel,
            self.trials
        );
        if self.undone_differences > 0 {
            let _ = writeln!(
                text,
                "  {} files outside the mutable surface were undone",
                self.undone_differences
            );
        }
        if let Some(obstacle) = &self.obstacle {
            let _ = writeln!(text, "  it ended early: {}", printable(obstacle));
        }
        if !self.missing_protections.is_empty() {
            let names = printable(&self.missing_protections.join(", "));
            let _ = writeln!(text, "  it ran without these protections: {names}");
        }
        let _ = writeln!(text, "  bundle {}", self.bundle_root);
        text
    }
}
