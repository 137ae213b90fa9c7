//! What makes an authentic document unacceptable: each check of the second layer fails on its own.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod support;

use orv_evidence::Platform;
use orv_verify::{
    AllowedMeasurement, CheckName, CheckResult, PlatformTier, Policy, Register, measurement_id, nitro_measurement_id,
};
use support::{NOW, bent, binding, failed, judge, judge_with, nitro, right};

#[test]
fn a_right_document_is_acceptable() {
    let verified = judge(&right()).expect("authentic");
    let acceptable = verified.acceptable().expect("acceptable");
    assert_eq!(acceptable.claims().platform, Platform::SimNitro);
    assert_eq!(acceptable.claims().tier, PlatformTier::Simulated);
    let registers = nitro().registers().map(Register);
    assert_eq!(
        measurement_id(acceptable.claims()),
        nitro_measurement_id(Platform::SimNitro, registers)
    );
}

#[test]
fn claims_and_checks_have_a_fixed_form_in_json() {
    let verified = judge(&right()).expect("authentic");
    let mut json = serde_json::to_value(&verified).expect("JSON");
    // The one length that differs between documents: certificates have DER signatures of 102 to 104 bytes.
    let format = json["checks"][0]["detail"].as_str().expect("a detail").to_owned();
    assert!(format.starts_with("COSE_Sign1 document of "), "{format}");
    json["checks"][0]["detail"] = "COSE_Sign1 document of N bytes".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn one_zero_register_among_the_first_three_is_debug_mode() {
    for index in 0..3 {
        let document = bent(|payload| payload.pcrs[index].1 = vec![0; 48]);
        assert_eq!(failed(&judge(&document).expect("authentic")), [CheckName::DebugMode]);
    }
}

#[test]
fn a_parent_register_that_is_not_the_modules_instance_is_refused() {
    let document = bent(|payload| payload.pcrs[4].1 = vec![1; 48]);
    assert_eq!(
        failed(&judge(&document).expect("authentic")),
        [CheckName::ParentInstance]
    );
    let document = bent(|payload| payload.module_id = "i-another-enc00".to_owned());
    assert_eq!(
        failed(&judge(&document).expect("authentic")),
        [CheckName::ParentInstance]
    );
    let document = bent(|payload| payload.module_id = "nameless".to_owned());
    assert_eq!(
        failed(&judge(&document).expect("authentic")),
        [CheckName::ParentInstance]
    );
}

#[test]
fn no_parent_register_is_said_and_not_refused() {
    let document = bent(|payload| payload.pcrs[4].1 = vec![0; 48]);
    let verified = judge(&document).expect("authentic");
    assert!(verified.acceptable().is_ok());
    let parent = verified
        .checks()
        .iter()
        .find(|check| check.name == CheckName::ParentInstance)
        .expect("made");
    assert_eq!(parent.result, CheckResult::Skipped);
}

#[test]
fn another_or_an_absent_nonce_key_or_digest_is_refused() {
    for value in [None, Some(vec![]), Some(vec![7; 31]), Some(vec![8; 32])] {
        let document = bent(|payload| payload.nonce = value);
        assert_eq!(failed(&judge(&document).expect("authentic")), [CheckName::Challenge]);
    }
    for value in [None, Some(binding().public_key.to_vec()), Some(vec![1; 88])] {
        let document = bent(|payload| payload.public_key = value);
        assert_eq!(failed(&judge(&document).expect("authentic")), [CheckName::PublicKey]);
    }
    for value in [None, Some(vec![0; 64]), Some([&binding().digest()[..], &[0]].concat())] {
        let document = bent(|payload| payload.user_data = value);
        assert_eq!(
            failed(&judge(&document).expect("authentic")),
            [CheckName::BindingDigest]
        );
    }
}

#[test]
fn each_part_of_the_binding_is_under_the_digest() {
    let document = right();
    let refused = |bend: fn(&mut orv_evidence::Binding)| {
        let mut other = binding();
        bend(&mut other);
        failed(&judge_with(&document, NOW, &Policy::built_in(), other).expect("authentic"))
    };
    assert_eq!(refused(|binding| binding.purpose.push('s')), [CheckName::BindingDigest]);
    assert_eq!(refused(|binding| binding.context.push(0)), [CheckName::BindingDigest]);
    assert_eq!(
        refused(|binding| binding.challenge[0] ^= 1),
        [CheckName::Challenge, CheckName::BindingDigest]
    );
    assert_eq!(
        refused(|binding| binding.public_key[64] ^= 1),
        [CheckName::PublicKey, CheckName::BindingDigest]
    );
}

#[test]
fn a_key_off_the_curve_is_refused_even_when_the_evidence_carries_it() {
    let mut off = binding();
    off.public_key[64] ^= 1;
    let document = nitro().issue(&off, NOW).expect("randomness");
    let verified = judge_with(&document, NOW, &Policy::built_in(), off).expect("authentic");
    assert_eq!(failed(&verified), [CheckName::PublicKey]);
}

#[test]
fn a_policy_lists_what_counts() {
    let document = right();
    let id = nitro_measurement_id(Platform::SimNitro, nitro().registers().map(Register));
    let list = |id| Some(vec![AllowedMeasurement::by_id(id, "release 1")]);
    let judged = |policy: Policy| failed(&judge_with(&document, NOW, &policy, binding()).expect("authentic"));
    assert!(
        judged(Policy {
            measurements: list(id),
            ..Policy::built_in()
        })
        .is_empty()
    );
    let mut other = id;
    other[31] ^= 1;
    assert_eq!(
        judged(Policy {
            measurements: list(other),
            ..Policy::built_in()
        }),
        [CheckName::Measurement]
    );
    assert_eq!(
        judged(Policy {
            measurements: Some(vec![]),
            ..Policy::built_in()
        }),
        [CheckName::Measurement]
    );
    let tiers = Some(vec![PlatformTier::Simulated]);
    assert!(
        judged(Policy {
            tiers,
            ..Policy::built_in()
        })
        .is_empty()
    );
    let tiers = Some(vec![PlatformTier::TrustedCounter]);
    assert_eq!(
        judged(Policy {
            tiers,
            ..Policy::built_in()
        }),
        [CheckName::Tier]
    );
}

#[test]
fn an_old_document_is_refused_where_the_policy_says_how_old() {
    let document = right();
    let policy = Policy {
        maximum_age: Some(60),
        ..Policy::built_in()
    };
    let at =
        |seconds| failed(&judge_with(&document, NOW.plus_seconds(seconds), &policy, binding()).expect("authentic"));
    assert!(at(60).is_empty());
    assert_eq!(at(61), [CheckName::Age]);
}

#[test]
fn an_altered_register_changes_the_measurement() {
    let id = |document: &[u8]| measurement_id(judge(document).expect("authentic").claims());
    let right = id(&right());
    for index in 0..3 {
        assert_ne!(id(&bent(|payload| payload.pcrs[index].1[47] ^= 1)), right);
    }
    assert_eq!(id(&bent(|payload| payload.pcrs[8].1[47] ^= 1)), right);
}

#[test]
fn a_policy_is_data_and_unknown_keys_are_refused() {
    let policy = Policy {
        measurements: Some(vec![AllowedMeasurement::by_id([0xab; 32], "release 1")]),
        tiers: Some(vec![PlatformTier::TrustedCounter]),
        ..Policy::built_in()
    };
    let json = serde_json::to_string(&policy).expect("JSON");
    insta::assert_snapshot!(json);
    assert_eq!(serde_json::from_str::<Policy>(&json).expect("the same"), policy);
    assert!(serde_json::from_str::<Policy>(r#"{"maximum_age":1,"debug":true}"#).is_err());
}
