//! Record -> seed, order, score, verdict, statement: all made again by the published rule.

use super::{Check, equal, fail, pass};
use crate::bundle::Bundle;
use crate::file::Receipt;
use crate::rule;
use alloy_primitives::B256;
use orv_content::Root;
use orv_protocol::seed::trial_seed;

/// The seed follows from tree, ticket and secret.
pub(super) fn seed(bundle: &Bundle) -> Check {
    let seed = trial_seed(&bundle.candidate_tree, &bundle.ticket.0, &bundle.secret.0);
    equal("seed", "seed of the trials", &bundle.seed, &B256::from(seed))
}

/// The trials, in the order drawn from the secret, decide something.
pub(super) fn decision(bundle: &Bundle) -> Check {
    match rule::decide(bundle) {
        Ok(decision) => pass(
            "verdict",
            format!(
                "{} trials give {:?} ({}), score {} in [{}, {}]",
                bundle.trials.len(),
                decision.verdict,
                decision.reason,
                decision.score.0,
                decision.lower.0,
                decision.upper.0
            ),
        ),
        Err(error) => fail("verdict", error),
    }
}

/// The signed statement is the one that the bundle supports, field by field.
pub(super) fn statement(receipt: &Receipt, bundle: &Bundle) -> Check {
    const NAME: &str = "statement";
    let signed = &receipt.run;
    let supported = match rule::statement_of(bundle, Root(signed.bundle_root.0), Root(signed.evidence_root.0)) {
        Ok(run) => run,
        Err(error) => return fail(NAME, error),
    };
    if supported == *signed {
        return pass(NAME, "every field of the signed statement follows from the bundle");
    }
    let (signed, supported) = (format!("{signed:#?}"), format!("{supported:#?}"));
    let difference = signed
        .lines()
        .zip(supported.lines())
        .find(|(signed, supported)| signed != supported);
    match difference {
        Some((signed, supported)) => fail(
            NAME,
            format!("signed {}, the bundle supports {}", signed.trim(), supported.trim()),
        ),
        None => fail(NAME, "the signed statement is not the one that the bundle supports"),
    }
}
