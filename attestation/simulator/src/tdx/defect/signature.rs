//! What can be wrong with a signature.

use super::{Draft, Evidence};
use crate::x509::{KeyPair, SimulatorError};

/// What is wrong with a signature, or was changed after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureDefect {
    /// A bit of the quote's signature is flipped.
    Quote,
    /// A bit of MRTD is flipped.
    Body,
    /// Another key signed the quote, and stands in it as the attestation key.
    OtherAttestationKey,
    /// A bit of the quoting enclave's authentication data is flipped.
    Authentication,
    /// A bit of the signature over the quoting enclave's report is flipped.
    QuotingEnclave,
    /// The quoting enclave's report has something behind the bound hash, properly signed.
    QuotingEnclaveTail,
    /// The quoting enclave's report is of a debug enclave, properly signed.
    DebugQuotingEnclave,
    /// Another platform signed the quoting enclave's report.
    OtherPlatform,
    /// The certification data says that it is an encrypted PPID.
    OtherCertification,
    /// The outer certification data is of another type.
    OtherOuterCertification,
    /// The last byte is missing.
    Truncated,
    /// TCB info says 12 for 11 after signing.
    TcbInfo,
    /// QE identity says another product after signing.
    QeIdentity,
    /// A bit of the signature of the PCK authority's list is flipped.
    PckList,
    /// A bit of the signature of the root's list is flipped.
    RootList,
}

impl SignatureDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::Quote,
        Self::Body,
        Self::OtherAttestationKey,
        Self::Authentication,
        Self::QuotingEnclave,
        Self::QuotingEnclaveTail,
        Self::DebugQuotingEnclave,
        Self::OtherPlatform,
        Self::OtherCertification,
        Self::OtherOuterCertification,
        Self::Truncated,
        Self::TcbInfo,
        Self::QeIdentity,
        Self::PckList,
        Self::RootList,
    ];

    pub(super) fn apply(self, evidence: &mut Evidence, draft: &Draft) -> Result<(), SimulatorError> {
        let (quote, collateral) = (&mut evidence.quote, &mut evidence.collateral);
        match self {
            Self::Quote => flip(&mut quote.signature, 40),
            Self::Body => flip(&mut quote.signed, 48 + 6 + 136),
            Self::Authentication => flip(&mut quote.authentication, 0),
            Self::QuotingEnclave => flip(&mut quote.qe_report_signature, 40),
            Self::OtherCertification => quote.inner_type = 3,
            Self::OtherOuterCertification => quote.outer_type = 5,
            Self::Truncated => drop(quote.certification.split_off(700)),
            Self::TcbInfo => collateral.tcb_info = collateral.tcb_info.replace("\"pcesvn\":11", "\"pcesvn\":10"),
            Self::QeIdentity => {
                let number = ("\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":18");
                collateral.qe_identity = collateral.qe_identity.replace(number.0, number.1);
            }
            Self::PckList => flip_last(&mut collateral.pck_crl),
            Self::RootList => flip_last(&mut collateral.root_ca_crl),
            Self::OtherAttestationKey | Self::QuotingEnclaveTail | Self::DebugQuotingEnclave | Self::OtherPlatform => {
                self.resign(evidence, draft)?;
            }
        }
        Ok(())
    }

    /// Signed anew by a changed machine.
    fn resign(self, evidence: &mut Evidence, draft: &Draft) -> Result<(), SimulatorError> {
        let mut machine = draft.machine.clone();
        match self {
            Self::OtherAttestationKey => {
                machine.attestation_key = KeyPair::generate_p256()?;
                let other = machine.sign(&draft.quote)?;
                evidence.quote.signature = other.signature;
                evidence.quote.attestation_key = other.attestation_key;
                return Ok(());
            }
            Self::OtherPlatform => machine.pck.key = KeyPair::generate_p256()?,
            Self::DebugQuotingEnclave => {
                let [flags, ..] = &mut machine.qe_report.attributes;
                *flags |= 2;
            }
            _ => {
                let mut data = [1; 64];
                let bound = evidence.quote.qe_report.iter().skip(320).take(32);
                data.iter_mut().zip(bound).for_each(|(place, byte)| *place = *byte);
                machine.qe_report.report_data = Some(data);
            }
        }
        evidence.quote = machine.sign(&draft.quote)?;
        Ok(())
    }
}

fn flip(bytes: &mut [u8], place: usize) {
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1;
    }
}

fn flip_last(bytes: &mut [u8]) {
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
}
