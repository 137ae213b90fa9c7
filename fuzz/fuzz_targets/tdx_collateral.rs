//! Intel's collateral as JSON, for a genuine simulated quote. Seeds beside the corpus:
//! `../shared/vectors/attestation/tdx/collateral`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::tdx::{Evidence, Layout, root_der};
use orv_verify::{Collateral, ExpectedBinding, Policy, Roots, TdxCollateral, verify};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

static QUOTE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let evidence = Evidence::genuine(Layout::Version5Td15, NOW).expect("randomness");
    evidence.quote.encode()
});

fuzz_target!(|data: &[u8]| {
    let Ok(set) = TdxCollateral::from_json(data) else { return };
    let collateral = Collateral {
        tdx: vec![set],
        ..Collateral::none()
    };
    let roots = Roots::with_simulator(root_der()).expect("the simulator's own root");
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    let _ = verify(&QUOTE, &collateral, NOW, &roots, &Policy::built_in(), &expected);
});
