//! The digest that ties a key, its challenge and its context to a piece of evidence (DESIGN 5.4).

use ring::digest;

use crate::{KEY_ALGORITHM, Platform};

/// The domain of the binding digest; its first field.
pub const DOMAIN: &str = "orv/attest/v1";

/// What one piece of evidence is bound to: the preimage of DESIGN 5.4's `B`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The hardware that is asked.
    pub platform: Platform,
    /// What the key is for, such as [`crate::VERDICT_KEY`].
    pub purpose: String,
    /// The verifier's challenge, see [`crate::challenge()`].
    pub challenge: [u8; 32],
    /// The key, uncompressed SEC1: `04 || x || y`.
    pub public_key: [u8; 65],
    /// [`crate::Context`] in its encoded form.
    pub context: Vec<u8>,
}

impl Binding {
    /// `B` of DESIGN 5.4: SHA-512 over seven fields, each `u32 big-endian length || bytes`, in this order:
    /// `"orv/attest/v1"`, platform name, purpose, challenge, `"secp256k1"`, public key, context.
    ///
    /// The domain string is a field like the others, so it is length-prefixed too.
    /// TDX and SEV-SNP carry `B` as report data; Nitro carries it as `user_data`.
    pub fn digest(&self) -> [u8; 64] {
        let fields: [&[u8]; 7] = [
            DOMAIN.as_bytes(),
            self.platform.as_str().as_bytes(),
            self.purpose.as_bytes(),
            &self.challenge,
            KEY_ALGORITHM.as_bytes(),
            &self.public_key,
            &self.context,
        ];
        let mut hasher = digest::Context::new(&digest::SHA512);
        for field in fields {
            // No field can reach 4 GiB: the longest is bounded by the envelope (`MAXIMUM_CONTEXT`).
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            hasher.update(&length.to_be_bytes());
            hasher.update(field);
        }
        let mut bound = [0; 64];
        bound.copy_from_slice(hasher.finish().as_ref());
        bound
    }
}
