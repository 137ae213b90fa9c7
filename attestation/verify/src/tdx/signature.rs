//! ECDSA on P-256 with SHA-256: the one signature in all of this, in two encodings.

use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// Whether the key (uncompressed SEC1) signed `message`, the signature being DER as in certificates.
pub(super) fn signed_by(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(message, signature)
        .is_ok()
}

/// Whether the key (uncompressed SEC1) signed `message`, the signature being `r || s` as in quotes and collateral.
pub(super) fn signed_fixed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(message, signature)
        .is_ok()
}
