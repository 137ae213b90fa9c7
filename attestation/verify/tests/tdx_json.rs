//! The form of TDX claims and checks in JSON.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod tdx_support;

use orv_simulator::tdx::{Evidence, Layout};
use orv_verify::Policy;
use tdx_support::{NOW, given, judge_simulated};

#[test]
fn claims_and_checks_of_a_quote_have_a_fixed_form_in_json() {
    let (quote, collateral) = given(&Evidence::genuine(Layout::Version5Td15Extended, NOW).expect("randomness"));
    let verified = judge_simulated(&quote, &collateral, NOW, &Policy::built_in()).expect("authentic");
    let mut json = serde_json::to_value(&verified).expect("JSON");
    // It follows from a fresh key.
    json["claims"]["pck_serial"] = "0x5e".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}
