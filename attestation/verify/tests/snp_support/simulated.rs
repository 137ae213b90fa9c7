//! Simulated reports, right or wrong.

use orv_evidence::{Platform, UnixTime};
use orv_simulator::snp::{Chip, Evidence, Kind, Product, Report, Vendor, Version, root_der};
use orv_verify::{
    Cache, Collateral, ExpectedBinding, Policy, PolicyDocument, Roots, Verified, VerifyError, verify_with,
};

pub const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
pub const DAY: u64 = 86_400;

/// The simulator's root of each product.
pub fn roots() -> Roots {
    Product::ALL
        .into_iter()
        .try_fold(Roots::production(), |roots, product| {
            roots.and_simulator(root_der(product))
        })
        .expect("the simulator's roots")
}

/// Evidence judged by the built-in policy.
pub fn judge(evidence: &Evidence) -> Result<Verified, VerifyError> {
    judge_at(evidence, NOW, &Policy::built_in(), &mut Cache::new())
}

pub fn judge_by(evidence: &Evidence, policy: &Policy) -> Result<Verified, VerifyError> {
    judge_at(evidence, NOW, policy, &mut Cache::new())
}

pub fn judge_at(
    evidence: &Evidence,
    now: UnixTime,
    policy: &Policy,
    cache: &mut Cache,
) -> Result<Verified, VerifyError> {
    verify_with(
        cache,
        &evidence.report,
        &collateral(evidence),
        now,
        &roots(),
        policy,
        &ExpectedBinding::Unknown(Platform::SimSnp),
    )
}

pub fn collateral(evidence: &Evidence) -> Collateral {
    let mut collateral = super::collateral(&[&evidence.vek, &evidence.intermediate]);
    collateral.revocation_lists.clone_from(&evidence.revocation_lists);
    collateral
}

/// Evidence without any defect.
pub fn genuine(product: Product, version: Version, kind: Kind) -> Evidence {
    Evidence::genuine(product, version, kind, NOW).expect("randomness")
}

/// A Genoa report of version 5, bent before it is signed.
pub fn bent(bend: impl FnOnce(&mut Report)) -> Evidence {
    bent_on(Product::Genoa, bend)
}

pub fn bent_on(product: Product, bend: impl FnOnce(&mut Report)) -> Evidence {
    let vendor = Vendor::published(product).expect("the committed keys");
    let chip = vendor.chip(NOW.minus_seconds(30 * DAY)).expect("randomness");
    let mut report = Report::genuine(product, Version::Five);
    bend(&mut report);
    signed(&vendor, &chip, &report)
}

/// A report that `chip` signs, under the ASK and without a revocation list.
pub fn signed(vendor: &Vendor, chip: &Chip, report: &Report) -> Evidence {
    Evidence {
        report: chip.sign(report).expect("randomness"),
        vek: chip.vek.certificate.clone(),
        intermediate: vendor.ask.certificate.clone(),
        root: vendor.ark.certificate.clone(),
        revocation_lists: Vec::new(),
    }
}

/// The policy that this text says.
pub fn policy(text: &str) -> Policy {
    PolicyDocument::parse(text.as_bytes()).expect("a policy").policy
}
