//! The signature section: a CBOR array of one map with the signing certificate, as PEM text, and a COSE signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minicbor::Decoder;
use minicbor::data::Type;

/// The longest signature section, in bytes, as the format bounds it.
pub const MAXIMUM_SIGNATURE: usize = 32_768;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Why the signer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Longer than the format allows.
    #[error("{0} bytes are more than {MAXIMUM_SIGNATURE}")]
    TooLong(usize),
    /// Not the CBOR that the format asks for.
    #[error("not the CBOR of the format: {0}")]
    Encoding(String),
    /// The loader takes one signature, so with several the signer is anybody's guess.
    #[error("{0} signatures in place of one")]
    Count(u64),
    /// A key of the map that the format does not have, or has once.
    #[error("unknown or doubled key {0:?}")]
    Key(String),
    /// Bytes after the array.
    #[error("{0} bytes follow the signature")]
    Trailing(usize),
    /// The map has no certificate.
    #[error("no signing certificate")]
    NoCertificate,
    /// The map has no signature.
    #[error("no signature beside the certificate")]
    NoSignature,
    /// The certificate is not one PEM block.
    #[error("the signing certificate is not one PEM block: {0}")]
    Pem(&'static str),
}

impl From<minicbor::decode::Error> for SignatureError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// The certificate (DER) under which the section was signed. Whether the signature is right is for the loader to say,
/// which refuses to start the enclave otherwise.
pub(super) fn certificate(section: &[u8]) -> Result<Vec<u8>, SignatureError> {
    if section.len() > MAXIMUM_SIGNATURE {
        return Err(SignatureError::TooLong(section.len()));
    }
    let mut decoder = Decoder::new(section);
    match decoder.array()? {
        Some(1) => {}
        Some(count) => return Err(SignatureError::Count(count)),
        None => return Err(SignatureError::Encoding("an array of indefinite length".to_owned())),
    }
    let entries = decoder
        .map()?
        .ok_or_else(|| SignatureError::Encoding("a map of indefinite length".to_owned()))?;
    let (mut certificate, mut signature) = (None, None);
    for _ in 0..entries {
        let key = decoder.str()?;
        let place = match key {
            "signing_certificate" => &mut certificate,
            "signature" => &mut signature,
            other => return Err(SignatureError::Key(other.chars().take(40).collect())),
        };
        if place.replace(octets(&mut decoder)?).is_some() {
            return Err(SignatureError::Key(key.to_owned()));
        }
    }
    match section.len().saturating_sub(decoder.position()) {
        0 => {}
        trailing => return Err(SignatureError::Trailing(trailing)),
    }
    signature.ok_or(SignatureError::NoSignature)?;
    der(&certificate.ok_or(SignatureError::NoCertificate)?)
}

/// A byte string, or the array of small numbers that serde makes of a `Vec<u8>`.
fn octets(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, SignatureError> {
    match decoder.datatype()? {
        Type::Bytes => Ok(decoder.bytes()?.to_vec()),
        // Grows with the section, at least a byte of which stands for each element.
        _ => Ok(decoder.array_iter::<u8>()?.collect::<Result<_, _>>()?),
    }
}

fn der(pem: &[u8]) -> Result<Vec<u8>, SignatureError> {
    let text = std::str::from_utf8(pem).map_err(|_| SignatureError::Pem("not text"))?;
    let (_, rest) = text.split_once(BEGIN).ok_or(SignatureError::Pem("no beginning"))?;
    let (body, rest) = rest.split_once(END).ok_or(SignatureError::Pem("no end"))?;
    if rest.contains(BEGIN) {
        return Err(SignatureError::Pem("a second block"));
    }
    let body: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    STANDARD.decode(body).map_err(|_| SignatureError::Pem("not base64"))
}
