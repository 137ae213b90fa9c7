//! The vendor's side of a receipt: whether genuine hardware endorsed the key, and what it says it runs.

use crate::command_line::ReceiptRequest;
use crate::line::Line;
use orv_evidence::Envelope;
use orv_receipt::Receipt;
use orv_simulator::root_der;
use orv_verify::{
    AllowedMeasurement, Check, Claims, Collateral, ExpectedBinding, Policy, Roots, claimed_time, measurement_id, verify,
};
use serde::Serialize;
use std::fmt::Write as _;

/// What the evidence says.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    platform: String,
    measurement: String,
    measurement_compared: bool,
    key_origin: String,
    claims: Claims,
}

/// Result of examining the evidence.
pub(crate) struct Examined {
    pub(crate) checks: Vec<Line>,
    pub(crate) summary: Option<Summary>,
    pub(crate) simulated: bool,
}

/// Verifies the envelope's evidence as of the time it names itself; the challenge bounds that time from below.
pub(crate) fn examine(receipt: &Receipt, request: &ReceiptRequest) -> Examined {
    let envelope = match Envelope::decode(&receipt.envelope) {
        Ok(envelope) => envelope,
        Err(error) => return Examined::failed(Line::fail("evidence", error), false),
    };
    let simulated = envelope.platform.is_simulated();
    if simulated && !request.allow_simulated {
        let detail = "the evidence is SIMULATED; --allow-simulated accepts it, for development only";
        return Examined::failed(Line::fail("evidence", detail), simulated);
    }
    let roots = match roots(request) {
        Ok(roots) => roots,
        Err(error) => return Examined::failed(Line::fail("evidence", error), simulated),
    };
    let binding = ExpectedBinding::To(envelope.binding());
    let policy = policy(request);
    let verified = claimed_time(&envelope.evidence, envelope.platform)
        .and_then(|time| verify(&envelope.evidence, &Collateral::none(), time, &roots, &policy, &binding));
    match verified {
        Ok(verified) => {
            let summary = Summary {
                platform: envelope.platform.as_str().to_owned(),
                measurement: format!("0x{}", hex::encode(measurement_id(verified.claims()))),
                measurement_compared: request.measurement.is_some(),
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

fn roots(request: &ReceiptRequest) -> Result<Roots, orv_verify::RootError> {
    if request.allow_simulated {
        Roots::with_simulator(root_der())
    } else {
        Ok(Roots::production())
    }
}

fn policy(request: &ReceiptRequest) -> Policy {
    let measurements = request
        .measurement
        .map(|id| vec![AllowedMeasurement::by_id(id, "given on the command line")]);
    Policy {
        measurements,
        ..Policy::built_in()
    }
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
