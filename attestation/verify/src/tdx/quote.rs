//! The strict form of a quote (Intel TDX DCAP Quoting Library API, A.3 and A.4).

use super::QuoteError;
use super::body::{BodyType, TdReport};
use super::reader::Reader;

/// Longest evidence looked at, in bytes. A kernel hands out at most 32 KiB.
pub const MAXIMUM_QUOTE: usize = 1 << 16;

const INTEL: [u8; 16] = [
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
];
const ECDSA_P256: u16 = 2;
pub(super) const TDX: u32 = 0x81;
/// A report of the quoting enclave and what vouches for it.
const QUOTING_ENCLAVE_REPORT: u16 = 6;
/// A PEM chain, the platform's certificate first.
const CERTIFICATE_CHAIN: u16 = 5;

/// A quote taken apart. Nothing in it is believed yet.
pub(super) struct Quote<'a> {
    /// The structure alone: what may be hashed or compared.
    pub(super) canonical: &'a [u8],
    /// How many bytes follow it; zero padding as a rule, under no signature at all.
    pub(super) trailing: usize,
    pub(super) version: u16,
    pub(super) user_data: [u8; 20],
    pub(super) body_type: BodyType,
    pub(super) report: TdReport,
    /// Header and body: what the attestation key signs.
    pub(super) signed: &'a [u8],
    pub(super) signature: &'a [u8; 64],
    pub(super) attestation_key: &'a [u8; 64],
    pub(super) enclave_report: &'a [u8; 384],
    pub(super) enclave_signature: &'a [u8; 64],
    pub(super) authentication: &'a [u8],
    /// PEM, with zeros at its end.
    pub(super) chain: &'a [u8],
}

impl<'a> Quote<'a> {
    pub(super) fn parse(evidence: &'a [u8]) -> Result<Self, QuoteError> {
        if evidence.len() > MAXIMUM_QUOTE {
            return Err(QuoteError::TooLong(evidence.len()));
        }
        let mut reader = Reader::new(evidence);
        let (version, user_data) = header(&mut reader)?;
        let body_type = body_type(&mut reader, version)?;
        let report = TdReport::parse(&mut reader, body_type)?;
        let signed = evidence.get(..reader.position()).unwrap_or_default();
        let signature_size = reader.length("signature data size")?;
        let begin = reader.position();
        let signature = reader.array("signature")?;
        let attestation_key = reader.array("attestation key")?;
        let certification_size = certification(&mut reader, QUOTING_ENCLAVE_REPORT)?;
        let certification_begin = reader.position();
        let enclave_report = reader.array("quoting enclave report")?;
        let enclave_signature = reader.array("quoting enclave report signature")?;
        let authentication_size = usize::from(reader.u16("authentication data size")?);
        let authentication = reader.take(authentication_size, "authentication data")?;
        let chain_size = certification(&mut reader, CERTIFICATE_CHAIN)?;
        let chain = reader.take(chain_size, "certificate chain")?;
        let end = reader.position();
        exact("certification data", certification_size, certification_begin, end)?;
        exact("signature data", signature_size, begin, end)?;
        Ok(Self {
            canonical: evidence.get(..end).unwrap_or_default(),
            trailing: evidence.len().saturating_sub(end),
            version,
            user_data,
            body_type,
            report,
            signed,
            signature,
            attestation_key,
            enclave_report,
            enclave_signature,
            authentication,
            chain,
        })
    }
}

/// The 48 bytes that every quote begins with: version and user data.
fn header(reader: &mut Reader<'_>) -> Result<(u16, [u8; 20]), QuoteError> {
    let version = reader.u16("version")?;
    if version != 4 && version != 5 {
        return Err(QuoteError::Version(version));
    }
    let key_type = reader.u16("attestation key type")?;
    if key_type != ECDSA_P256 {
        return Err(QuoteError::KeyType(key_type));
    }
    let tee_type = reader.u32("TEE type")?;
    if tee_type != TDX {
        return Err(QuoteError::TeeType(tee_type));
    }
    // Once the versions of quoting and provisioning enclave; signed, and nobody's claim any more.
    reader.take(4, "reserved")?;
    let vendor: &[u8; 16] = reader.array("quoting enclave vendor")?;
    if *vendor != INTEL {
        return Err(QuoteError::Vendor(hex::encode(vendor)));
    }
    Ok((version, *reader.array("user data")?))
}

/// Version 4 has one body; version 5 names it.
fn body_type(reader: &mut Reader<'_>, version: u16) -> Result<BodyType, QuoteError> {
    if version == 4 {
        return Ok(BodyType::Td10);
    }
    let number = reader.u16("body type")?;
    let found = reader.length("body size")?;
    let body_type = BodyType::from_number(number).ok_or(QuoteError::BodyType(number))?;
    if found != body_type.size() {
        return Err(QuoteError::Size {
            field: "body",
            found,
            due: body_type.size(),
        });
    }
    Ok(body_type)
}

fn certification(reader: &mut Reader<'_>, due: u16) -> Result<usize, QuoteError> {
    let found = reader.u16("certification data type")?;
    if found != due {
        return Err(QuoteError::CertificationType { found, due });
    }
    reader.length("certification data size")
}

/// A length must say exactly what lies between.
const fn exact(field: &'static str, found: usize, begin: usize, end: usize) -> Result<(), QuoteError> {
    let due = end.saturating_sub(begin);
    if found == due {
        Ok(())
    } else {
        Err(QuoteError::Size { field, found, due })
    }
}
