//! A test PKI: the simulator's parts, put together rightly or wrongly.

#![allow(clippy::expect_used, clippy::indexing_slicing, dead_code)]

use orv_evidence::{Binding, Platform, UnixTime};
use orv_simulator::{Authority, Measured, NitroDocument, SimulatedNitro, published_root, root_der, sign};
use orv_verify::{CheckName, Collateral, ExpectedBinding, Policy, Roots, Verified, VerifyError, verify};

pub const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

/// The curve's generator: a valid key that nobody would use.
pub const GENERATOR: &str = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                             483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

pub fn binding() -> Binding {
    Binding {
        platform: Platform::SimNitro,
        purpose: "verdict-key".to_owned(),
        challenge: [7; 32],
        public_key: hex::decode(GENERATOR).expect("hex").try_into().expect("65 bytes"),
        context: b"context".to_vec(),
    }
}

pub fn nitro() -> SimulatedNitro {
    let measured = Measured {
        executable: b"executable",
        configuration: b"configuration",
        ramdisk: b"",
    };
    SimulatedNitro::measure(&measured, || NOW)
}

pub fn leaf_and_root() -> (Authority, Authority) {
    let root = published_root().expect("the published root");
    (root.issue(&SimulatedNitro::leaf(NOW)).expect("randomness"), root)
}

/// A right payload, for the caller to bend.
pub fn payload(leaf: &Authority, root: &Authority) -> NitroDocument {
    nitro().document(&binding(), leaf, vec![root.certificate.clone()], NOW)
}

/// A document from a payload bent by `bend`, rightly signed.
pub fn bent(bend: impl FnOnce(&mut NitroDocument)) -> Vec<u8> {
    let (leaf, root) = leaf_and_root();
    let mut payload = payload(&leaf, &root);
    bend(&mut payload);
    sign(&payload.encode(), &leaf.key).expect("randomness")
}

/// A document with nothing wrong about it.
pub fn right() -> Vec<u8> {
    bent(|_| ())
}

pub fn judge_with(document: &[u8], now: UnixTime, policy: &Policy, binding: Binding) -> Result<Verified, VerifyError> {
    let roots = Roots::with_simulator(root_der()).expect("the simulator's root");
    verify(
        document,
        &Collateral::none(),
        now,
        &roots,
        policy,
        &ExpectedBinding::To(binding),
    )
}

pub fn judge(document: &[u8]) -> Result<Verified, VerifyError> {
    judge_with(document, NOW, &Policy::built_in(), binding())
}

/// The checks that failed for an authentic document.
pub fn failed(verified: &Verified) -> Vec<CheckName> {
    verified
        .acceptable()
        .err()
        .map(|refused| refused.failed.iter().map(|check| check.name).collect())
        .unwrap_or_default()
}
