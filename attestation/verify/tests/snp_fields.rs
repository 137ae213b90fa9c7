//! A report laid open.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod snp_support;

use orv_evidence::Platform;
use orv_verify::{Authority, SnpError, VerifyError, fields};
use snp_support::{one, published};

#[test]
fn the_fields_lie_one_behind_the_other_and_leave_no_byte_out() {
    for vector in published() {
        let fields = fields(&vector.report, Platform::Snp).expect("a report");
        let mut end = 0;
        for field in &fields {
            assert_eq!(field.bytes.start, end, "{}", field.name);
            end = field.bytes.end;
        }
        assert_eq!(end, vector.report.len());
    }
}

#[test]
fn the_ranges_hold_what_is_claimed_under_the_same_name() {
    for vector in published() {
        for field in fields(&vector.report, Platform::Snp).expect("a report") {
            let Some(expected) = vector.expected[field.name].as_str() else {
                continue;
            };
            let bytes = &vector.report[field.bytes.clone()];
            if let Some(number) = expected.strip_prefix("0x") {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                assert_eq!(format!("{:x}", u64::from_le_bytes(word)), number, "{}", field.name);
            } else if field.name.ends_with("_fw") {
                assert_eq!(format!("{}.{}.{}", bytes[2], bytes[1], bytes[0]), expected);
            } else if vector.expected["version"] != 2 || field.name != "cpuid_fms" {
                assert_eq!(hex::encode(bytes), expected, "{} {}", vector.name, field.name);
            }
        }
    }
}

#[test]
fn a_field_says_whose_word_it_is() {
    let Some(vector) = one("turin_v5") else { return };
    let fields = fields(&vector.report, Platform::Snp).expect("a report");
    let field = |name: &str| fields.iter().find(|field| field.name == name).expect("a field");
    assert_eq!(field("measurement").authority, Authority::Hardware);
    assert_eq!(field("host_data").authority, Authority::Host);
    assert_eq!(field("report_data").authority, Authority::Guest);
    assert_eq!(field("signature_padding").authority, Authority::Nobody);
    assert_eq!(field("policy").value, "0x30000, at least ABI 0.0 (smt)");
    assert_eq!(
        field("reported_tcb").value,
        "0001000200000047, bl 1 tee 0 snp 2 ucode 71 fmc 0"
    );
    assert_eq!(field("cpuid_fms").value, "1a0201, Turin");
}

#[test]
fn what_is_no_report_has_no_fields() {
    assert_eq!(
        fields(&[0; 1184], Platform::Snp),
        Err(VerifyError::Snp(SnpError::Version(0)))
    );
}
