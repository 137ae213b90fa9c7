//! What evidence must be bound to, and whether it is.

use k256::PublicKey;
use orv_evidence::{Binding, Platform};

use crate::{Check, CheckName};

/// What the evidence must be bound to, as the verifier knows it from elsewhere: the chain's facts and the candidate
/// key. Nothing in here may be taken from the evidence itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedBinding {
    /// This key, challenge and context.
    To(Binding),
    /// Nothing is known: raw vendor evidence of this platform, for an auditor to look at. The checks of the binding are
    /// skipped and say so; nobody may act on the key.
    Unknown(Platform),
}

impl ExpectedBinding {
    /// The platform that the evidence must come from.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::To(binding) => binding.platform,
            Self::Unknown(platform) => *platform,
        }
    }

    /// What TDX and SNP bind: 64 bytes of report data that are the whole digest of DESIGN 5.4, and a key that is one.
    pub(crate) fn report_data(&self, found: &[u8; 64]) -> [Check; 2] {
        let Self::To(expected) = self else {
            let detail = "no key, challenge and context were given to compare with";
            return [
                Check::skipped(CheckName::PublicKey, detail),
                Check::skipped(CheckName::BindingDigest, detail),
            ];
        };
        let digest = if *found == expected.digest() {
            Check::pass(CheckName::BindingDigest, "report data is the recomputed digest")
        } else {
            Check::fail(CheckName::BindingDigest, "report data is not the recomputed digest")
        };
        [public_key(expected), digest]
    }
}

/// Whether the expected key is a key at all.
pub(crate) fn public_key(expected: &Binding) -> Check {
    if PublicKey::from_sec1_bytes(&expected.public_key).is_err() {
        return Check::fail(CheckName::PublicKey, "the expected key is not a point on secp256k1");
    }
    Check::pass(CheckName::PublicKey, "a point on secp256k1, bound by the digest")
}
