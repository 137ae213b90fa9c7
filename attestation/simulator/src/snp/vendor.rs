//! AMD with its keys, and a chip with its own.

use orv_evidence::UnixTime;

use super::certificate::{self, Kind};
use super::report::{Report, Signature};
use super::{Product, Tcb, published};
use crate::x509::{Authority, KeyPair, SimulatorError, ToBeSigned};

/// The provider in simulated VLEKs.
pub const PROVIDER: &str = "CN=simulated.provider.example";

/// AMD for one product: the root and the two authorities under it.
#[derive(Clone)]
pub struct Vendor {
    /// The product.
    pub product: Product,
    /// The root, AMD root key. It signs the revocation list too: [`Authority::publish`].
    pub ark: Authority,
    /// AMD SEV key, over VCEKs.
    pub ask: Authority,
    /// AMD SEV VLEK key, over VLEKs.
    pub asvk: Authority,
}

impl Vendor {
    /// The product's committed root and authorities, whose private keys are published.
    ///
    /// # Errors
    /// [`SimulatorError::Key`] never happens for the committed keys; a test says so.
    pub fn published(product: Product) -> Result<Self, SimulatorError> {
        published::vendor(product)
    }

    /// The chip of [`Report::genuine`] with a VCEK that is valid from `from` on.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn chip(&self, from: UnixTime) -> Result<Chip, SimulatorError> {
        let report = Report::genuine(self.product, super::Version::Five);
        self.endorse(&self.vcek(&report.reported_tcb, &report.chip_id, from))
    }

    /// The chip of [`Report::genuine_under_vlek`], with a VLEK of [`PROVIDER`] that is valid from `from` on.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn loaded_chip(&self, from: UnixTime) -> Result<Chip, SimulatorError> {
        self.endorse(&self.vlek(&self.product.recent_tcb(), PROVIDER, from))
    }

    /// The contents of a VCEK, valid for seven years.
    pub fn vcek(&self, tcb: &Tcb, chip_id: &[u8; 64], from: UnixTime) -> ToBeSigned {
        certificate::vcek(self.product, tcb, chip_id, from)
    }

    /// The contents of a VLEK, valid for a year.
    pub fn vlek(&self, tcb: &Tcb, provider: &str, from: UnixTime) -> ToBeSigned {
        certificate::vlek(self.product, tcb, provider, from)
    }

    /// A fresh key with a certificate of these contents, signed by the ASVK if the contents' issuer is the ASVK's name
    /// and by the ASK otherwise. Use [`Authority::certify`] for any other signer.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn endorse(&self, contents: &ToBeSigned) -> Result<Chip, SimulatorError> {
        let issuer = if contents.issuer == self.asvk.name {
            &self.asvk
        } else {
            &self.ask
        };
        let vek = issuer.certify(contents, KeyPair::generate()?)?;
        Ok(Chip { vek })
    }

    /// The contents of this vendor's ASK or ASVK, to be changed and signed anew by [`Authority::certify`].
    pub fn intermediate(&self, kind: Kind) -> ToBeSigned {
        published::intermediate_contents(self.product, kind, self.intermediate_key(kind), &self.ark.key)
    }

    /// The contents of this vendor's root.
    pub fn root(&self) -> ToBeSigned {
        published::root_contents(self.product, &self.ark.key)
    }

    /// The key of this vendor's ASK or ASVK.
    pub const fn intermediate_key(&self, kind: Kind) -> &KeyPair {
        match kind {
            Kind::Vcek => &self.ask.key,
            Kind::Vlek => &self.asvk.key,
        }
    }
}

/// Something that signs reports: a chip's VCEK, or a VLEK.
#[derive(Clone)]
pub struct Chip {
    /// The endorsement key with its certificate.
    pub vek: Authority,
}

impl Chip {
    /// The report with its signature, 1184 bytes.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign(&self, report: &Report) -> Result<Vec<u8>, SimulatorError> {
        let mut bytes = report.encode();
        let signature = self.signature(report)?;
        bytes.extend(signature.encode());
        Ok(bytes)
    }

    /// The signature alone, for a caller that wants to change it.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn signature(&self, report: &Report) -> Result<Signature, SimulatorError> {
        Ok(Signature::of(&self.vek.key.sign_fixed(&report.encode())?))
    }
}
