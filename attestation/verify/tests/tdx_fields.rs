//! A quote laid open: every byte has one name, and its range says so.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod tdx_support;

use orv_evidence::Platform;
use orv_simulator::tdx::{Evidence, Layout};
use orv_verify::{Authority, Field, Policy, fields};
use tdx_support::{NOW, given, judge_simulated, tdx};

fn named<'a>(fields: &'a [Field], name: &str) -> &'a Field {
    fields.iter().find(|field| field.name == name).expect("a field")
}

#[test]
fn fields_follow_each_other_over_the_whole_quote() {
    for layout in Layout::ALL {
        let mut evidence = Evidence::genuine(layout, NOW).expect("randomness");
        evidence.quote.trailing = vec![7; 5];
        let quote = evidence.quote.encode();
        let fields = fields(&quote, Platform::SimTdx).expect("well-formed");
        let mut end = 0;
        for field in &fields {
            assert_eq!(field.bytes.start, end, "{}", field.name);
            end = field.bytes.end;
        }
        assert_eq!(end, quote.len());
        assert_eq!(fields.last().map(|field| field.authority), Some(Authority::Nobody));
        assert_eq!(
            named(&fields, "certificate_chain").value,
            "3 certificates, the platform's first"
        );
        assert_eq!(quote[named(&fields, "certificate_chain").bytes.clone()][..5], *b"-----");
    }
}

#[test]
fn fields_say_what_the_claims_say() {
    let mut evidence = Evidence::genuine(Layout::Version5Td15, NOW).expect("randomness");
    evidence.quote.trailing.clear();
    let (quote, collateral) = given(&evidence);
    let fields = fields(&quote, Platform::SimTdx).expect("well-formed");
    let verified = judge_simulated(&quote, &collateral, NOW, &Policy::built_in()).expect("authentic");
    let claims = serde_json::to_value(&tdx(&verified).report).expect("JSON");
    for (name, value) in claims.as_object().expect("an object") {
        let field = named(&fields, name);
        let said = field.value.split(' ').next();
        assert_eq!(said, value.as_str(), "{name}");
        assert_eq!(said.map(str::to_owned), Some(hex::encode(&quote[field.bytes.clone()])));
    }
    assert!(named(&fields, "td_attributes").value.contains("SEPT_VE_DISABLE"));
    assert_eq!(named(&fields, "mr_owner").authority, Authority::Host);
    assert_eq!(named(&fields, "report_data").authority, Authority::Guest);
    assert_eq!(named(&fields, "mrtd").authority, Authority::Hardware);
}
