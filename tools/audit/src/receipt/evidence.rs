//! The vendor's side of a receipt: whether genuine hardware endorsed the key, and what it says it runs.

use crate::command_line::ReceiptRequest;
use crate::line::Line;
use crate::trust::{Trust, policy_text};
use orv_evidence::Envelope;
use orv_receipt::{DatedCollateral, Receipt};
use orv_verify::{
    AllowedMeasurement, Check, Claims, Collateral, ExpectedBinding, Policy, claimed_time, measurement_id, verify,
};
use serde::Serialize;
use std::fmt::Write as _;

/// What the evidence says.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    platform: String,
    measurement: String,
    measurement_compared: bool,
    judged_at: String,
    /// SHA-256 of the policy's file; null for the built-in one.
    policy: Option<String>,
    key_origin: String,
    claims: Claims,
}

/// Result of examining the evidence.
pub(crate) struct Examined {
    pub(crate) checks: Vec<Line>,
    pub(crate) summary: Option<Summary>,
    pub(crate) simulated: bool,
}

/// Verifies the envelope's evidence, as of the time that was asked for. Without one, evidence that names its own time
/// is judged at that: the challenge bounds it from below. TDX and SNP name none, and are judged now.
pub(crate) fn examine(receipt: &Receipt, request: &ReceiptRequest, trust: &Trust) -> Examined {
    let envelope = match Envelope::decode(&receipt.envelope) {
        Ok(envelope) => envelope,
        Err(error) => return Examined::failed(Line::fail("evidence", error), false),
    };
    let simulated = envelope.platform.is_simulated();
    if simulated && !request.trust.rules.allow_simulated {
        let detail = "the evidence is SIMULATED; --allow-simulated accepts it, for development only";
        return Examined::failed(Line::fail("evidence", detail), simulated);
    }
    let binding = ExpectedBinding::To(envelope.binding());
    let mut collateral = trust.collateral.clone();
    // Anybody may have put it there, so it may be nonsense without making the evidence wrong.
    let _ = envelope.collateral.as_deref().map(|hint| collateral.add(hint));
    // Nothing signs what stands in the receipt beside the envelope, so there is no room in it for anything else.
    for piece in receipt.collateral.iter().flat_map(DatedCollateral::pieces) {
        if let Err(error) = Collateral::none().add(piece) {
            return Examined::failed(Line::fail("receipt-collateral", error), simulated);
        }
        // Beside a folder that is full already it is passed over: the auditor's own comes first.
        let _ = collateral.add(piece);
    }
    let named = claimed_time(&envelope.evidence, envelope.platform);
    let at = trust.at.or(named.ok()).unwrap_or_else(|| trust.moment());
    let policy = policy(request, trust);
    match verify(&envelope.evidence, &collateral, at, &trust.roots, &policy, &binding) {
        Ok(verified) => {
            let summary = Summary {
                platform: envelope.platform.as_str().to_owned(),
                measurement: format!("0x{}", hex::encode(measurement_id(verified.claims()))),
                measurement_compared: policy.measurements.is_some(),
                judged_at: at.to_string(),
                policy: trust.policy_hash.map(hex::encode),
                key_origin: envelope.key_origin.to_string(),
                claims: verified.claims().clone(),
            };
            let checks = verified.checks().iter().map(line).collect();
            Examined {
                checks,
                summary: Some(summary),
                simulated,
            }
        }
        Err(error) => Examined::failed(line(&error.check()), simulated),
    }
}

/// Beside the receipt's own checks, those of the evidence say whose they are.
fn line(check: &Check) -> Line {
    let line = Line::from(check);
    Line {
        name: format!("evidence:{}", line.name),
        ..line
    }
}

/// The policy, with the measurement of the command line in place of its list.
fn policy(request: &ReceiptRequest, trust: &Trust) -> Policy {
    let mut policy = trust.policy.clone();
    if let Some(id) = request.measurement {
        policy.measurements = Some(vec![AllowedMeasurement::by_id(id, "given on the command line")]);
    }
    policy
}

impl Examined {
    fn failed(line: Line, simulated: bool) -> Self {
        Self {
            checks: vec![line],
            summary: None,
            simulated,
        }
    }
}

impl Summary {
    /// In words.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "  key {} on {}, measurement {}",
            self.key_origin, self.platform, self.measurement
        );
        let _ = writeln!(
            text,
            "  evidence judged at {} by {}",
            self.judged_at,
            policy_text(self.policy.as_deref())
        );
        if !self.measurement_compared {
            let _ = writeln!(
                text,
                "  the measurement was compared with no published one: whoever owns such hardware can measure a program \
                 of their own; give --measurement"
            );
        }
        text
    }
}
