//! Any bytes at all: nothing panics, and no changed byte that somebody vouches for is accepted.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod tdx_support;

use orv_evidence::Platform;
use orv_simulator::tdx::{Evidence, Layout};
use orv_verify::tdx::canonical_quote;
use orv_verify::{Cache, Collateral, ExpectedBinding, Policy, TdxCollateral, fields, verify_with};
use proptest::prelude::*;
use tdx_support::{NOW, given, judge_simulated, roots, tdx};

fn genuine(layout: Layout) -> (Vec<u8>, Collateral) {
    given(&Evidence::genuine(layout, NOW).expect("randomness"))
}

/// Each byte in turn, one bit: all bytes up to the quote's end are under a signature, or the form of something that is.
#[test]
fn no_flipped_byte_of_a_quote_is_accepted() {
    let (mut quote, collateral) = genuine(Layout::Version4);
    let end = quote.len();
    quote.extend([0; 16]);
    let policy = Policy::built_in();
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    let mut cache = Cache::new();
    let mut judge = |quote: &[u8]| verify_with(&mut cache, quote, &collateral, NOW, &roots(), &policy, &expected);
    let right = judge(&quote).expect("authentic");
    for place in 0..end {
        let bit = 1 << (place % 8);
        quote[place] ^= bit;
        if let Ok(verified) = judge(&quote) {
            // A line end that became another line end, or the C string's last zero.
            let text = [b'\n', b'\r', 0];
            assert!(
                text.contains(&quote[place]) && text.contains(&(quote[place] ^ bit)),
                "byte {place}"
            );
            assert_eq!(verified.claims(), right.claims());
        }
        quote[place] ^= bit;
    }
    for place in end..quote.len() {
        quote[place] ^= 1;
        assert_eq!(tdx(&judge(&quote).expect("authentic")).report, tdx(&right).report);
    }
}

#[test]
fn no_cut_quote_is_accepted() {
    let (quote, collateral) = genuine(Layout::Version5Td15Extended);
    for end in 0..quote.len() {
        let judged = judge_simulated(&quote[..end], &collateral, NOW, &Policy::built_in());
        assert!(judged.is_err(), "cut at {end}");
    }
    // The chain's own end may not be moved into what follows it either.
    assert!(judge_simulated(&quote, &collateral, NOW, &Policy::built_in()).is_ok());
}

#[test]
fn no_changed_character_of_collateral_is_accepted() {
    let (quote, collateral) = genuine(Layout::Version5Td15);
    let json = serde_json::to_value(&collateral.tdx[0]).expect("JSON");
    for name in [
        "root_ca_crl",
        "pck_crl",
        "tcb_info",
        "tcb_info_signature",
        "qe_identity",
        "qe_identity_signature",
    ] {
        let text = json[name].as_str().expect("a text");
        // Every seventh, since each is a whole verification.
        for place in (0..text.len()).step_by(7) {
            let mut changed = text.to_owned();
            let new = if text.as_bytes()[place] == b'1' { "2" } else { "1" };
            changed.replace_range(place..=place, new);
            let mut json = json.clone();
            json[name] = changed.into();
            let Ok(set) = TdxCollateral::from_json(json.to_string().as_bytes()) else {
                continue;
            };
            let collateral = Collateral {
                tdx: vec![set],
                ..Collateral::none()
            };
            let judged = judge_simulated(&quote, &collateral, NOW, &Policy::built_in());
            assert!(judged.is_err(), "{name}: character {place}");
        }
    }
}

#[test]
fn hexadecimal_digits_are_bytes_whatever_their_case() {
    let (quote, mut collateral) = genuine(Layout::Version5Td15);
    let mut json = serde_json::to_value(&collateral.tdx[0]).expect("JSON");
    for name in ["root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"] {
        json[name] = json[name].as_str().expect("digits").to_uppercase().into();
    }
    collateral.tdx = vec![TdxCollateral::from_json(json.to_string().as_bytes()).expect("collateral")];
    assert!(judge_simulated(&quote, &collateral, NOW, &Policy::built_in()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(judge_simulated(&bytes, &Collateral::none(), NOW, &Policy::built_in()).is_err());
        prop_assert!(fields(&bytes, Platform::Tdx).is_err());
        prop_assert!(TdxCollateral::from_json(&bytes).is_err());
    }

    #[test]
    fn a_quote_with_any_stretch_changed_is_read_without_a_panic(
        at in 0_usize..4500,
        stretch in proptest::collection::vec(any::<u8>(), 1..64),
        layout in proptest::sample::select(Layout::ALL.to_vec()),
    ) {
        let (mut quote, collateral) = genuine(layout);
        let end = canonical_quote(&quote).expect("a quote").len();
        for (place, byte) in quote.iter_mut().skip(at % end).zip(stretch) {
            *place = byte;
        }
        let _ = judge_simulated(&quote, &collateral, NOW, &Policy::built_in());
        if let Ok(fields) = fields(&quote, Platform::Tdx) {
            prop_assert!(fields.iter().all(|field| field.bytes.end <= quote.len()));
        }
    }
}
