//! The simulator's root, with its published private key.

use crate::x509::{Authority, KeyPair, Name, SimulatorError, serial_number};

/// The root certificate, DER. Made once by `examples/mint_root.rs`.
const CERTIFICATE: &[u8] = include_bytes!("root.der");

/// **The root's PRIVATE key, PUBLISHED ON PURPOSE.** Anyone may sign anything with it, and that is the point: a
/// simulated document is worth nothing as evidence, so nobody can be tempted to trust one.
const PRIVATE_KEY_PUBLISHED_ON_PURPOSE: &[u8] = include_bytes!("root_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8");

/// The simulator's root certificate, DER: what a verifier must be given explicitly to accept SIMULATED evidence.
pub const fn root_der() -> &'static [u8] {
    CERTIFICATE
}

/// The root with its published private key.
///
/// # Errors
/// [`SimulatorError::Key`] never happens for the committed key; a test says so.
pub fn published_root() -> Result<Authority, SimulatorError> {
    let (name, key) = (
        Name::common(NAME),
        KeyPair::from_pkcs8(PRIVATE_KEY_PUBLISHED_ON_PURPOSE)?,
    );
    Ok(Authority {
        serial_number: serial_number(&name, &key),
        name,
        key,
        certificate: CERTIFICATE.to_vec(),
    })
}

/// The root's common name.
pub(super) const NAME: &str = "orv simulator root - SIMULATED - private key published";
