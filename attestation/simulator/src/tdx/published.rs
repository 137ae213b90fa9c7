//! The simulated Intel's keys and certificates, private keys published. Made once by `examples/mint_intel.rs`.

use orv_evidence::UnixTime;

use super::certificate::{Parties, PckAuthority, ROOT, TCB_SIGNING};
use super::vendor::Vendor;
use crate::x509::{Authority, KeyKind, KeyPair, SimulatorError, ToBeSigned};

/// 2020-01-01 and 2049-12-31T23:59:59.
const VALIDITY: (UnixTime, UnixTime) = (
    UnixTime::from_seconds(1_577_836_800),
    UnixTime::from_seconds(2_524_607_999),
);

const ROOT_CERTIFICATE: &[u8] = include_bytes!("published/root.der");
const PLATFORM_CERTIFICATE: &[u8] = include_bytes!("published/platform.der");
const PROCESSOR_CERTIFICATE: &[u8] = include_bytes!("published/processor.der");
const SIGNING_CERTIFICATE: &[u8] = include_bytes!("published/signing.der");

/// **PRIVATE KEYS, PUBLISHED ON PURPOSE**: anyone may sign anything with them, and that is the point.
const ROOT_KEY: &[u8] = include_bytes!("published/root_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8");
const PLATFORM_KEY: &[u8] = include_bytes!("published/platform_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8");
const PROCESSOR_KEY: &[u8] = include_bytes!("published/processor_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8");
const SIGNING_KEY: &[u8] = include_bytes!("published/signing_PRIVATE_KEY_PUBLISHED_ON_PURPOSE.pk8");

/// The simulated Intel root, DER: what a verifier must be given explicitly to accept SIMULATED quotes.
pub const fn root_der() -> &'static [u8] {
    ROOT_CERTIFICATE
}

pub(super) fn vendor() -> Result<Vendor, SimulatorError> {
    let open = |pkcs8| KeyPair::open(KeyKind::P256, pkcs8);
    let root = open(ROOT_KEY)?;
    let authority = |contents: ToBeSigned, key: KeyPair, certificate: &[u8]| Authority {
        name: contents.subject,
        key,
        certificate: certificate.to_vec(),
        serial_number: contents.serial_number,
    };
    let (platform, processor, signing) = (open(PLATFORM_KEY)?, open(PROCESSOR_KEY)?, open(SIGNING_KEY)?);
    Ok(Vendor {
        platform_authority: authority(
            pck_authority_contents(PckAuthority::Platform, &platform, &root),
            platform,
            PLATFORM_CERTIFICATE,
        ),
        processor_authority: authority(
            pck_authority_contents(PckAuthority::Processor, &processor, &root),
            processor,
            PROCESSOR_CERTIFICATE,
        ),
        tcb_signing: authority(signing_contents(&signing, &root), signing, SIGNING_CERTIFICATE),
        root: authority(root_contents(&root), root, ROOT_CERTIFICATE),
    })
}

pub(super) fn root_contents(key: &KeyPair) -> ToBeSigned {
    under_root(ROOT, key, key).authority(1, VALIDITY)
}

pub(super) fn pck_authority_contents(kind: PckAuthority, key: &KeyPair, root: &KeyPair) -> ToBeSigned {
    under_root(kind.common_name(), key, root).authority(0, VALIDITY)
}

pub(super) fn signing_contents(key: &KeyPair, root: &KeyPair) -> ToBeSigned {
    under_root(TCB_SIGNING, key, root).signing(VALIDITY)
}

const fn under_root<'a>(subject: &'a str, subject_key: &'a KeyPair, root: &'a KeyPair) -> Parties<'a> {
    Parties {
        issuer: ROOT,
        issuer_key: root,
        subject,
        subject_key,
    }
}
