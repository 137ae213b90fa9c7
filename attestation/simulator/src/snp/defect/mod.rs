//! A catalogue of what can be wrong with SEV-SNP evidence, each made on purpose.

mod certificate;
mod guest;
mod revocation;
mod signature;

use orv_evidence::UnixTime;

pub use certificate::CertificateDefect;
pub use guest::GuestDefect;
pub use revocation::RevocationDefect;
pub use signature::SignatureDefect;

use super::{Chip, Kind, Product, Report, Vendor, Version};
use crate::Standing;
use crate::x509::{Authority, SimulatorError};

/// One thing that is wrong; everything else is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// In what is reported, properly signed by a key whose certificate fits.
    Guest(GuestDefect),
    /// In a certificate.
    Certificate(CertificateDefect),
    /// In a revocation list.
    Revocation(RevocationDefect),
    /// In the signature, or changed after it.
    Signature(SignatureDefect),
}

/// A report with what is needed to verify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The report, 1184 bytes.
    pub report: Vec<u8>,
    /// The signer's certificate, DER: VCEK or VLEK.
    pub vek: Vec<u8>,
    /// The certificate above it, DER: ASK or ASVK.
    pub intermediate: Vec<u8>,
    /// The root's, DER. A verifier has its own.
    pub root: Vec<u8>,
    /// The root's revocation lists, DER.
    pub revocation_lists: Vec<Vec<u8>>,
}

impl Evidence {
    /// Without any defect, judged at `now`: a key certified a month ago, a list of yesterday.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn genuine(product: Product, version: Version, kind: Kind, now: UnixTime) -> Result<Self, SimulatorError> {
        Draft::new(product, version, kind, now)?.finish()
    }
}

impl Defect {
    /// Every defect.
    pub fn all() -> impl Iterator<Item = Self> {
        let guest = GuestDefect::ALL.iter().copied().map(Self::Guest);
        let certificate = CertificateDefect::ALL.iter().copied().map(Self::Certificate);
        let revocation = RevocationDefect::ALL.iter().copied().map(Self::Revocation);
        let signature = SignatureDefect::ALL.iter().copied().map(Self::Signature);
        guest.chain(certificate).chain(revocation).chain(signature)
    }

    /// What a verifier must think of it at the moment it was made for.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Guest(defect) => defect.standing(),
            Self::Certificate(_) | Self::Revocation(_) | Self::Signature(_) => Standing::NotAuthentic,
        }
    }

    /// Evidence with this defect, to be judged at `now`: a Genoa report of version 5 under a VCEK where the defect asks
    /// for nothing else.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        match self {
            Self::Guest(defect) => defect.forge(now),
            Self::Certificate(defect) => defect.forge(now),
            Self::Revocation(defect) => defect.forge(now),
            Self::Signature(defect) => defect.forge(now),
        }
    }
}

/// Everything before it is signed.
struct Draft {
    vendor: Vendor,
    kind: Kind,
    chip: Chip,
    report: Report,
    now: UnixTime,
}

const DAY: u64 = 86_400;

impl Draft {
    fn new(product: Product, version: Version, kind: Kind, now: UnixTime) -> Result<Self, SimulatorError> {
        let vendor = Vendor::published(product)?;
        let from = now.minus_seconds(30 * DAY);
        let (chip, report) = match kind {
            Kind::Vcek => (vendor.chip(from)?, Report::genuine(product, version)),
            Kind::Vlek => (vendor.loaded_chip(from)?, Report::genuine_under_vlek(product, version)),
        };
        Ok(Self {
            vendor,
            kind,
            chip,
            report,
            now,
        })
    }

    fn usual(now: UnixTime) -> Result<Self, SimulatorError> {
        Self::new(Product::Genoa, Version::Five, Kind::Vcek, now)
    }

    fn from(&self) -> UnixTime {
        self.now.minus_seconds(30 * DAY)
    }

    fn intermediate(&self) -> &Authority {
        match self.kind {
            Kind::Vcek => &self.vendor.ask,
            Kind::Vlek => &self.vendor.asvk,
        }
    }

    fn finish(&self) -> Result<Evidence, SimulatorError> {
        let list = revocation::list(self.now);
        Ok(Evidence {
            report: self.chip.sign(&self.report)?,
            vek: self.chip.vek.certificate.clone(),
            intermediate: self.intermediate().certificate.clone(),
            root: self.vendor.ark.certificate.clone(),
            revocation_lists: vec![self.vendor.ark.publish(&list)?],
        })
    }
}
