//! Everything that the simulator can make wrong about a Nitro document, and how it stands.

#![allow(clippy::expect_used, clippy::panic)]

mod support;

use orv_simulator::{NitroDefect, NitroEvidence, Standing, root_der};
use orv_verify::{CheckResult, Collateral, ExpectedBinding, Policy, Roots, Verified, VerifyError, verify};
use support::{NOW, binding, nitro};

fn judge(evidence: &NitroEvidence) -> Result<Verified, VerifyError> {
    let collateral = Collateral {
        revocation_lists: evidence.revocation_lists.clone(),
        ..Collateral::none()
    };
    let roots = Roots::with_simulator(root_der()).expect("a root");
    let expected = ExpectedBinding::To(binding());
    verify(
        &evidence.document,
        &collateral,
        NOW,
        &roots,
        &Policy::built_in(),
        &expected,
    )
}

fn failures(verified: &Verified) -> usize {
    let checks = verified.checks().iter();
    checks.filter(|check| check.result == CheckResult::Fail).count()
}

#[test]
fn every_defect_stands_as_the_catalogue_says() {
    let genuine = NitroEvidence::genuine(&nitro(), &binding(), NOW).expect("randomness");
    assert_eq!(failures(&judge(&genuine).expect("authentic")), 0);
    for defect in NitroDefect::ALL {
        let judged = judge(&defect.forge(&nitro(), &binding(), NOW).expect("randomness"));
        match defect.standing() {
            Standing::ByPolicy => assert_eq!(failures(&judged.expect("authentic")), 0, "{defect:?}"),
            Standing::NotAcceptable => assert_eq!(failures(&judged.expect("authentic")), 1, "{defect:?}"),
            Standing::NotAuthentic => assert!(judged.is_err(), "{defect:?}"),
        }
    }
}
