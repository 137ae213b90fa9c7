//! The bytes of a Nitro attestation document, entry by entry, so that tests can forge each.

use std::convert::Infallible;

use minicbor::Encoder;

use crate::x509::{KeyPair, SimulatorError};

/// The protected header of every Nitro document: `{1: -35}`, ES384.
pub const PROTECTED_HEADER: [u8; 4] = [0xa1, 0x01, 0x38, 0x22];

/// The payload of a Nitro attestation document, with the entries and the order of AWS's own.
#[derive(Debug, Clone)]
pub struct NitroDocument {
    /// Instance and enclave: `i-<instance>-enc<enclave>`.
    pub module_id: String,
    /// Name of the registers' hash, `SHA384`.
    pub digest: String,
    /// Milliseconds since the epoch.
    pub timestamp: u64,
    /// Registers by index.
    pub pcrs: Vec<(u64, Vec<u8>)>,
    /// The leaf certificate, DER.
    pub certificate: Vec<u8>,
    /// The chain above it, root first, DER.
    pub cabundle: Vec<Vec<u8>>,
    /// Optional key bytes.
    pub public_key: Option<Vec<u8>>,
    /// Optional bytes of the enclave's choice.
    pub user_data: Option<Vec<u8>>,
    /// Optional bytes of the verifier's choice.
    pub nonce: Option<Vec<u8>>,
}

impl NitroDocument {
    /// The payload as CBOR.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        // Writing into memory cannot fail; an empty payload would not verify.
        match self.write(&mut encoder) {
            Ok(()) => encoder.into_writer(),
            Err(_) => Vec::new(),
        }
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<Infallible>> {
        encoder
            .map(9)?
            .str("module_id")?
            .str(&self.module_id)?
            .str("digest")?
            .str(&self.digest)?;
        encoder
            .str("timestamp")?
            .u64(self.timestamp)?
            .str("pcrs")?
            .map(length(&self.pcrs))?;
        for (index, register) in &self.pcrs {
            encoder.u64(*index)?.bytes(register)?;
        }
        encoder
            .str("certificate")?
            .bytes(&self.certificate)?
            .str("cabundle")?
            .array(length(&self.cabundle))?;
        for certificate in &self.cabundle {
            encoder.bytes(certificate)?;
        }
        for (key, value) in [
            ("public_key", &self.public_key),
            ("user_data", &self.user_data),
            ("nonce", &self.nonce),
        ] {
            match value {
                Some(bytes) => encoder.str(key)?.bytes(bytes)?,
                None => encoder.str(key)?.null()?,
            };
        }
        Ok(())
    }
}

/// A COSE_Sign1 message (RFC 9052 4.2) over `payload`, untagged as the Nitro security module gives it.
///
/// # Errors
/// [`SimulatorError`] when the randomness fails.
pub fn sign(payload: &[u8], key: &KeyPair) -> Result<Vec<u8>, SimulatorError> {
    let mut structure = vec![0x84];
    append(&mut structure, |encoder| encoder.str("Signature1").map(drop));
    append(&mut structure, |encoder| encoder.bytes(&PROTECTED_HEADER).map(drop));
    append(&mut structure, |encoder| encoder.bytes(&[]).map(drop));
    append(&mut structure, |encoder| encoder.bytes(payload).map(drop));
    Ok(envelope_of_signature(payload, &key.sign_fixed(&structure)?))
}

/// The COSE_Sign1 array around a payload and a signature made elsewhere.
pub fn envelope_of_signature(payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut message = vec![0x84];
    append(&mut message, |encoder| encoder.bytes(&PROTECTED_HEADER).map(drop));
    message.push(0xa0);
    append(&mut message, |encoder| encoder.bytes(payload).map(drop));
    append(&mut message, |encoder| encoder.bytes(signature).map(drop));
    message
}

type Written = Result<(), minicbor::encode::Error<Infallible>>;

fn append(target: &mut Vec<u8>, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) {
    let written = write(&mut Encoder::new(target));
    debug_assert!(written.is_ok(), "writing into memory cannot fail");
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}
