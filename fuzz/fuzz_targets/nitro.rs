//! Nitro attestation documents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Binding, Platform, UnixTime};
use orv_simulator::root_der;
use orv_verify::{Collateral, ExpectedBinding, Policy, Roots, claimed_time, verify};

fuzz_target!(|data: &[u8]| {
    let binding = Binding {
        platform: Platform::SimNitro,
        purpose: "verdict-key".to_owned(),
        challenge: [0; 32],
        public_key: [4; 65],
        context: Vec::new(),
    };
    let time = claimed_time(data, Platform::SimNitro).unwrap_or(UnixTime::from_seconds(1_790_000_000));
    let roots = Roots::with_simulator(root_der()).expect("the simulator's own root");
    let _ = verify(data, &Collateral::none(), time, &roots, &Policy::built_in(), &ExpectedBinding::To(binding));
});
