//! The certificates that came along, sorted by what they claim to be.

use super::certificate::{KeyCertificate, X509};
use super::{EndorsementKind, Report, SnpError};
use crate::MAXIMUM_COLLATERAL_PIECES;

/// Most certificates that are tried for one place in the chain: real collateral has one or two.
pub(super) const MAXIMUM_CANDIDATES: usize = 8;

/// Certificates of anybody's, by what they claim to be.
pub(super) struct Given<'a> {
    certificates: Vec<X509<'a>>,
    number: usize,
}

/// A certificate that says what the report needs, not yet believed.
pub(super) struct Candidate<'a> {
    pub(super) certificate: &'a X509<'a>,
    pub(super) key: KeyCertificate,
}

impl<'a> Given<'a> {
    /// Reads those that parse. Others are not an error: a host's table and an auditor's folder hold what they hold, and
    /// whatever is not needed is not looked at.
    pub(super) fn read(certificates: &'a [Vec<u8>]) -> Result<Self, SnpError> {
        if certificates.len() > MAXIMUM_COLLATERAL_PIECES {
            return Err(SnpError::Certificates(certificates.len()));
        }
        Ok(Self {
            certificates: certificates.iter().filter_map(|der| X509::parse(der).ok()).collect(),
            number: certificates.len(),
        })
    }

    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// The certificates of keys that could have signed `report`: of the kind, product, firmware and chip that it names.
    ///
    /// # Errors
    /// Why the first certificate of that kind is not one, when none is.
    pub(super) fn candidates(&'a self, report: &Report) -> Result<Vec<Candidate<'a>>, SnpError> {
        let kind = report.signer.key;
        let mut refused = None;
        let mut candidates = Vec::new();
        for certificate in self.named(kind.common_name()) {
            match KeyCertificate::read(certificate, kind).and_then(|key| key.is_for(report).map(|()| key)) {
                Ok(key) => candidates.push(Candidate { certificate, key }),
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        match refused {
            Some(error) if candidates.is_empty() => Err(error),
            None if candidates.is_empty() => Err(SnpError::NoEndorsement {
                kind,
                given: self.number,
            }),
            _ => {
                candidates.truncate(MAXIMUM_CANDIDATES);
                Ok(candidates)
            }
        }
    }

    /// The given certificates with this common name.
    pub(super) fn named(&'a self, name: &str) -> impl Iterator<Item = &'a X509<'a>> {
        self.certificates
            .iter()
            .filter(move |certificate| certificate.subject().as_deref() == Some(name))
    }
}

impl KeyCertificate {
    /// Whether the key stands for the product, firmware and chip of `report`.
    fn is_for(&self, report: &Report) -> Result<(), SnpError> {
        self.product(report)?;
        // REPORTED, not CURRENT: the host may keep reporting the firmware for which it has a certificate.
        if self.tcb_bytes != report.reported_tcb {
            return Err(SnpError::Firmware {
                certified: self.tcb_bytes,
                reported: report.reported_tcb,
            });
        }
        self.chip(report)
    }

    /// Issuer, name and processor agree. Version 2 names no processor; there the certificate alone tells.
    fn product(&self, report: &Report) -> Result<(), SnpError> {
        let certified = self.product;
        let named = super::Product::of_product_name(&self.product_name).ok_or_else(|| SnpError::Malformed {
            certificate: super::Link::Key(self.kind),
            cause: format!("unknown product {:?}", self.product_name),
        })?;
        let processor = match report.version {
            2 => certified,
            _ => super::Product::of_processor(report.cpuid_fms.0)?,
        };
        match [named, processor].into_iter().find(|found| *found != certified) {
            Some(found) => Err(SnpError::Product { certified, found }),
            None => Ok(()),
        }
    }

    /// A chip's key is of the chip that the report names; a provider's key names the provider.
    fn chip(&self, report: &Report) -> Result<(), SnpError> {
        let Some(certified) = &self.hardware_id else {
            return match self.kind {
                EndorsementKind::Vcek => Err(SnpError::MissingExtension("hwID")),
                EndorsementKind::Vlek if self.provider.is_none() => Err(SnpError::MissingExtension("cspID")),
                EndorsementKind::Vlek => Ok(()),
            };
        };
        if report.chip_id.is_zero() {
            return Err(SnpError::MaskedChip);
        }
        let padding = report.chip_id.0.iter().skip(certified.len());
        if report.chip_id.0.starts_with(certified) && padding.copied().all(|byte| byte == 0) {
            return Ok(());
        }
        Err(SnpError::Chip {
            certified: hex::encode(certified),
            reported: Box::new(report.chip_id),
        })
    }
}
