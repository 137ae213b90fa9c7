//! A policy is a file that people write: its forms, and what is refused.

#![allow(clippy::expect_used)]

mod support;

use orv_verify::{CheckName, Policy, PolicyDocument, PolicyError, Register, instant};
use support::{NOW, binding, failed, judge_with, nitro, right};

fn parse(text: &str) -> Result<Policy, PolicyError> {
    PolicyDocument::parse(text.as_bytes()).map(|document| document.policy)
}

fn digits(index: usize) -> String {
    Register(*nitro().registers().get(index).expect("three registers")).to_string()
}

/// What fails of a right document under this policy.
fn refusals(text: &str) -> Vec<CheckName> {
    let policy = parse(text).expect("a policy");
    failed(&judge_with(&right(), NOW, &policy, binding()).expect("authentic"))
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = "maximum_age = 600\ntiers = ['trusted-counter']\n[[measurements]]\nname = 'release 1'\n\
                registers = { pcr0 = 'aa', pcr1 = ['bb', 'cc'] }\nvalid_until = '2027-01-01T00:00:00Z'\n";
    let json = r#"{"maximum_age":600,"tiers":["trusted-counter"],"measurements":[{"name":"release 1",
        "registers":{"pcr0":"aa","pcr1":["bb","cc"]},"valid_until":"2027-01-01T00:00:00Z"}]}"#;
    let policy = parse(toml).expect("TOML");
    assert_eq!(policy, parse(json).expect("JSON"));
    assert_eq!(
        parse(&serde_json::to_string(&policy).expect("JSON")).expect("written"),
        policy
    );
}

#[test]
fn a_measurement_named_by_registers_needs_each_of_them() {
    let right = format!("[[measurements]]\nname = 'x'\nregisters = {{ pcr0 = '{}' }}", digits(0));
    assert_eq!(refusals(&right), []);
    let any = format!(
        "[[measurements]]\nname = 'x'\nregisters = {{ pcr0 = ['00', '{}'] }}",
        digits(0)
    );
    assert_eq!(refusals(&any), []);
    let other = format!(
        "[[measurements]]\nname = 'x'\nregisters = {{ pcr0 = '{}', pcr1 = '{}' }}",
        digits(0),
        digits(0)
    );
    assert_eq!(refusals(&other), [CheckName::Measurement]);
    let absent = "[[measurements]]\nname = 'x'\nregisters = { mrtd = '00' }";
    assert_eq!(refusals(absent), [CheckName::Measurement]);
}

#[test]
fn a_measurement_counts_in_its_time_only() {
    let until = |moment| {
        format!(
            "[[measurements]]\nname = 'x'\nregisters = {{ pcr0 = '{}' }}\n{moment}",
            digits(0)
        )
    };
    assert!(instant("2026-09-21T00:00:00Z").expect("a moment") < NOW);
    assert_eq!(refusals(&until("valid_from = '2026-09-21T00:00:00Z'")), []);
    assert_eq!(
        refusals(&until("valid_until = '2026-09-21T00:00:00Z'")),
        [CheckName::Measurement]
    );
    assert_eq!(
        refusals(&until("valid_from = '2026-10-21T00:00:00Z'")),
        [CheckName::Measurement]
    );
}

#[test]
fn what_remains_of_the_collateral_can_be_asked_for() {
    assert_eq!(refusals("minimum_remaining = 10800"), []);
    assert_eq!(refusals("minimum_remaining = 10801"), [CheckName::Freshness]);
}

#[test]
fn an_entry_that_names_no_program_or_two_is_refused() {
    for text in [
        "[[measurements]]\nname = 'x'",
        "[[measurements]]\nname = 'x'\nregisters = {}",
        "[[measurements]]\nname = 'x'\nregisters = { pcr0 = 'aa' }\n\
         id = '0xabababababababababababababababababababababababababababababababab'",
    ] {
        assert!(matches!(parse(text), Err(PolicyError::Form(_))), "{text}");
    }
}

#[test]
fn a_misspelt_rule_is_no_rule() {
    for text in [
        "maximum_agee = 1",
        "[tdx]\nunknown = 1",
        "[snp]\nunknown = 1",
        "[[measurements]]\nname = 'x'\nregisters = { pcr0 = 'aa' }\nexpires = 1",
        r#"{"maximum_agee":1}"#,
        "{",
        "maximum_age = ",
    ] {
        assert!(matches!(parse(text), Err(PolicyError::Form(_))), "{text}");
    }
    assert_eq!(parse(" \n"), Err(PolicyError::Empty));
}

#[test]
fn a_list_of_measurements_in_either_of_flashbots_forms_is_read() {
    let older = r#"[{"measurement_id":"release 1","attestation_type":"dcap-tdx",
        "measurements":{"0":{"expected":"aa"},"4":{"expected":["bb","cc"]}}}]"#;
    let newer = r#"[{"measurement_id":"release 1","attestation_type":"dcap-tdx",
        "measurements":{"mrtd":{"expected_any":["aa"]},"rtmr3":{"expected_any":["bb","cc"]}}}]"#;
    let same = "[[measurements]]\nname = 'release 1'\nregisters = { mrtd = 'aa', rtmr3 = ['bb', 'cc'] }";
    assert_eq!(parse(older), parse(same));
    assert_eq!(parse(newer), parse(same));
}

#[test]
fn a_foreign_entry_that_asks_for_what_is_not_checked_is_refused() {
    for entry in [
        r#"{"measurement_id":"x","attestation_type":"azure-tdx","measurements":{"0":{"expected":"aa"}}}"#,
        r#"{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{"9":{"expected":"aa"}}}"#,
        r#"{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{}}"#,
        r#"{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{"0":{}}}"#,
        r#"{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{"0":{"expected":"aa"},"mrtd":{"expected":"aa"}}}"#,
        r#"{"measurement_id":"x","attestation_type":"dcap-tdx","dcap_image_hashes":{}}"#,
    ] {
        let judged = parse(&format!("[{entry}]"));
        assert!(
            matches!(judged, Err(PolicyError::Foreign { .. })),
            "{entry}: {judged:?}"
        );
    }
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_refused() {
    let long = vec![b' '; orv_verify::MAXIMUM_POLICY + 1];
    assert_eq!(PolicyDocument::parse(&long), Err(PolicyError::TooLong(long.len())));
    assert_eq!(PolicyDocument::parse(&[0xff]), Err(PolicyError::NotText));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = PolicyDocument::parse(text.as_bytes());
    }
}

#[test]
fn json_that_says_two_things_or_nothing_is_no_policy() {
    for text in [
        r#"{"measurements":null}"#,
        r#"{"snp":{"products":null}}"#,
        r#"{"maximum_age":1,"maximum_age":2}"#,
        r#"{"measurements":[{"name":"x","registers":{"pcr0":"aa","pcr0":"bb"}}]}"#,
        r#"{"snp":{"minimum_tcb":{"genoa":{"bl":9,"tee":0,"snp":9,"ucode":9},"genoa":{"bl":0,"tee":0,"snp":0,"ucode":0}}}}"#,
        r#"[{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{"1":{"expected":"aa"},"1":{"expected":"bb"}}}]"#,
        r#"[{"measurement_id":"x","attestation_type":"dcap-tdx","measurements":{"1":{"expected":"aa"}},"measurements":{}}]"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("{}"), Ok(Policy::built_in()));
}

#[test]
fn an_empty_list_is_met_by_nothing() {
    for (text, check) in [
        ("measurements = []", CheckName::Measurement),
        ("[]", CheckName::Measurement),
        ("tiers = []", CheckName::Tier),
        (
            "[[measurements]]\nname = 'x'\nregisters = { pcr0 = [] }",
            CheckName::Measurement,
        ),
    ] {
        assert_eq!(refusals(text), [check], "{text}");
    }
}

#[test]
fn nothing_is_built_on_a_measurement_beyond_its_time() {
    let end = |entries: &[Option<u64>]| {
        let entry = |seconds: &Option<u64>| {
            let until = seconds.map(|seconds| format!("valid_until = '{}'\n", NOW.plus_seconds(seconds)));
            let until = until.unwrap_or_default();
            format!(
                "[[measurements]]\nname = 'x'\nregisters = {{ pcr0 = '{}' }}\n{until}",
                digits(0)
            )
        };
        let policy = parse(&entries.iter().map(entry).collect::<String>()).expect("a policy");
        let verified = judge_with(&right(), NOW, &policy, binding()).expect("authentic");
        let end = verified.acceptable().expect("acceptable").until();
        (end, verified.claims().validity.not_after)
    };
    let (until, chain) = end(&[Some(60)]);
    assert_eq!(until, NOW.plus_seconds(60));
    assert!(chain > until);
    assert_eq!(end(&[Some(60), Some(90)]).0, NOW.plus_seconds(90));
    assert_eq!(end(&[Some(60), None]).0, chain);
    assert_eq!(end(&[None]).0, chain);
}
