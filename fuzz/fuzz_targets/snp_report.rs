//! SEV-SNP reports, under the certificates of simulated chips. Nothing that the chips did not sign is authentic. Seeds
//! beside the corpus: `../shared/vectors/attestation/snp`.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::snp::{Evidence, Kind, Product, Version, root_der};
use orv_verify::{Cache, Collateral, ExpectedBinding, Policy, Roots, fields, verify_with};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

thread_local! {
    static VERIFIER: RefCell<(Cache, Roots, Collateral)> = RefCell::new((Cache::new(), roots(), collateral()));
}

fn roots() -> Roots {
    let add = |roots: Roots, product| roots.and_simulator(root_der(product));
    Product::ALL.into_iter().try_fold(Roots::production(), add).expect("the simulator's own roots")
}

/// A chip's and a provider's key of each product.
fn collateral() -> Collateral {
    let mut collateral = Collateral::none();
    for product in Product::ALL {
        for kind in [Kind::Vcek, Kind::Vlek] {
            let evidence = Evidence::genuine(product, Version::Five, kind, NOW).expect("randomness");
            collateral.certificates.extend([evidence.vek, evidence.intermediate]);
            collateral.revocation_lists.extend(evidence.revocation_lists);
        }
    }
    collateral
}

fuzz_target!(|data: &[u8]| {
    if let Ok(fields) = fields(data, Platform::Snp) {
        let ends: Vec<_> = fields.iter().map(|field| field.bytes.end).collect();
        assert!(ends.is_sorted() && ends.last() == Some(&data.len()));
    }
    VERIFIER.with_borrow_mut(|(cache, roots, collateral)| {
        for platform in [Platform::SimSnp, Platform::Snp] {
            let expected = ExpectedBinding::Unknown(platform);
            let judged = verify_with(cache, data, collateral, NOW, roots, &Policy::built_in(), &expected);
            assert!(judged.is_err(), "the keys are new in each run");
        }
    });
});
