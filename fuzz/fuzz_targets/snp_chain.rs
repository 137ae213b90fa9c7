//! Certificates and revocation lists beside a genuine simulated SEV-SNP report: what is not in the vendor's chain can
//! neither stand in it nor say that nothing was revoked. Seeds beside the corpus:
//! `../shared/vectors/attestation/snp`, `attestation/verify/src/roots`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::snp::{Evidence, Kind, Product, Version, root_der};
use orv_verify::{CheckName, CheckResult, Collateral, ExpectedBinding, Policy, Roots, verify};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

static GENUINE: LazyLock<(Evidence, Roots)> = LazyLock::new(|| {
    let evidence = Evidence::genuine(Product::Genoa, Version::Five, Kind::Vcek, NOW).expect("randomness");
    let roots = Roots::with_simulator(root_der(Product::Genoa)).expect("the simulator's own root");
    (evidence, roots)
});

/// The certificates and lists with the one in this place replaced.
fn with(place: u8, data: &[u8]) -> Collateral {
    let evidence = &GENUINE.0;
    let mut pieces = [&evidence.vek, &evidence.intermediate, &evidence.revocation_lists[0]].map(Vec::clone);
    pieces[usize::from(place % 3)] = data.to_vec();
    let [vek, intermediate, list] = pieces;
    let mut collateral = Collateral::none();
    collateral.certificates = vec![vek, intermediate];
    collateral.revocation_lists = vec![list];
    collateral
}

fuzz_target!(|data: &[u8]| {
    let (evidence, roots) = &*GENUINE;
    for place in 0..3 {
        let expected = ExpectedBinding::Unknown(Platform::SimSnp);
        let collateral = with(place, data);
        let judged = verify(&evidence.report, &collateral, NOW, roots, &Policy::built_in(), &expected);
        let is_whole = judged.is_ok_and(|verified| {
            let mut checks = verified.checks().iter();
            checks.any(|check| check.name == CheckName::Revocation && check.result == CheckResult::Pass)
        });
        let is_published = data == evidence.intermediate;
        assert!(!is_whole || (place == 1 && is_published), "place {place}");
    }
});
