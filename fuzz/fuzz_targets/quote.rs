//! TDX quotes, under genuine simulated collateral of the platform that the simulator's quotes are from. Seeds beside the
//! corpus: `../shared/vectors/attestation/tdx`.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::tdx::{Evidence, Layout, root_der};
use orv_verify::tdx::canonical_quote;
use orv_verify::{Cache, Collateral, ExpectedBinding, Policy, Roots, TdxCollateral, fields, verify_with};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

thread_local! {
    static VERIFIER: RefCell<(Cache, Collateral)> = RefCell::new((Cache::new(), collateral()));
}

fn collateral() -> Collateral {
    let evidence = Evidence::genuine(Layout::Version5Td15, NOW).expect("randomness");
    let set = TdxCollateral::from_json(evidence.collateral.to_json().as_bytes()).expect("collateral");
    Collateral {
        tdx: vec![set],
        ..Collateral::none()
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(fields) = fields(data, Platform::Tdx) {
        assert!(fields.iter().all(|field| field.bytes.end <= data.len()));
        let canonical = canonical_quote(data).expect("it has fields");
        assert_eq!(canonical_quote(canonical), Ok(canonical));
    }
    let roots = Roots::with_simulator(root_der()).expect("the simulator's own root");
    let policy = Policy::built_in();
    VERIFIER.with_borrow_mut(|(cache, collateral)| {
        for platform in [Platform::SimTdx, Platform::Tdx] {
            let expected = ExpectedBinding::Unknown(platform);
            let _ = verify_with(cache, data, collateral, NOW, &roots, &policy, &expected);
        }
    });
});
