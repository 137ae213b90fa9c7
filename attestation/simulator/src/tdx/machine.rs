//! One platform: its PCK, its quoting enclave, its attestation key.

use orv_evidence::UnixTime;
use ring::digest::{Context, SHA256};

use super::certificate::PckAuthority;
use super::pck::PckExtension;
use super::qe_report::QeReport;
use super::quote::{Quote, SignedQuote};
use crate::x509::{Authority, KeyPair, SimulatorError, pem};

/// What a platform is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineContents {
    /// Who certifies it.
    pub authority: PckAuthority,
    /// What its PCK certificate says.
    pub extension: PckExtension,
    /// First second of its PCK certificate.
    pub from: UnixTime,
}

impl MachineContents {
    /// A recent platform, certified at `from`.
    pub const fn genuine(from: UnixTime) -> Self {
        Self {
            authority: PckAuthority::Platform,
            extension: PckExtension::genuine(),
            from,
        }
    }
}

/// A platform that signs quotes. Every part can be replaced before it does.
#[derive(Clone)]
pub struct Machine {
    /// The provisioning certification key with its certificate.
    pub pck: Authority,
    /// The quoting enclave's attestation key.
    pub attestation_key: KeyPair,
    /// The quoting enclave's report.
    pub qe_report: QeReport,
    /// The quoting enclave's authentication data.
    pub authentication: Vec<u8>,
    /// The chain that quotes carry, leaf first, DER.
    pub chain: Vec<Vec<u8>>,
}

impl Machine {
    pub(super) fn new(pck: Authority, authority: &Authority, root: &Authority) -> Result<Self, SimulatorError> {
        Ok(Self {
            chain: vec![
                pck.certificate.clone(),
                authority.certificate.clone(),
                root.certificate.clone(),
            ],
            pck,
            attestation_key: KeyPair::generate_p256()?,
            qe_report: QeReport::genuine(),
            authentication: (0..32).collect(),
        })
    }

    /// The quote with the whole signature behind it.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign(&self, quote: &Quote) -> Result<SignedQuote, SimulatorError> {
        let signed = quote.encode();
        let attestation_key: Vec<u8> = self.attestation_key.public_key().iter().skip(1).copied().collect();
        let qe_report = self.qe_report.encode(bound(&attestation_key, &self.authentication));
        Ok(SignedQuote {
            signature: self.attestation_key.sign_fixed(&signed)?,
            signed,
            attestation_key,
            outer_type: 6,
            qe_report_signature: self.pck.key.sign_fixed(&qe_report)?,
            qe_report,
            authentication: self.authentication.clone(),
            inner_type: 5,
            certification: self.pem_chain(),
            trailing: Vec::new(),
        })
    }

    /// The chain as quotes carry it: PEM, and one zero byte at the end.
    fn pem_chain(&self) -> Vec<u8> {
        let mut chain = pem(&self.chain).into_bytes();
        chain.push(0);
        chain
    }
}

/// SHA-256 of attestation key and authentication data, then 32 zeros.
fn bound(attestation_key: &[u8], authentication: &[u8]) -> [u8; 64] {
    let mut hasher = Context::new(&SHA256);
    hasher.update(attestation_key);
    hasher.update(authentication);
    let mut bound = [0; 64];
    for (place, byte) in bound.iter_mut().zip(hasher.finish().as_ref()) {
        *place = *byte;
    }
    bound
}
