//! A simulated confidential machine of AMD's, from its image to its evidence.

use std::fmt;

use orv_evidence::{Binding, CollectError, Collected, Collector, Platform, UnixTime};
use ring::digest::{Context, SHA384, digest};

use super::{Chip, Kind, Product, Report, Vendor, Version};
use crate::nitro::Measured;
use crate::x509::SimulatorError;

/// A SIMULATED secure processor: real report format, published root key, no protection whatsoever.
pub struct SimulatedSnp {
    vendor: Vendor,
    chip: Chip,
    measurement: [u8; 48],
}

impl SimulatedSnp {
    /// A Genoa machine that reports `measured`, with a VCEK that is valid from `from` on.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn measure(measured: &Measured<'_>, from: UnixTime) -> Result<Self, SimulatorError> {
        let vendor = Vendor::published(Product::Genoa)?;
        Ok(Self {
            chip: vendor.chip(from)?,
            vendor,
            measurement: launch_digest(measured),
        })
    }

    /// The launch digest as the reports will show it.
    pub const fn measurement(&self) -> &[u8; 48] {
        &self.measurement
    }

    /// The certificate of the key that signs the reports, DER.
    pub fn vcek(&self) -> &[u8] {
        &self.chip.vek.certificate
    }

    /// The certificates that come along with each report, as a host gives them.
    pub fn certificate_table(&self) -> Vec<u8> {
        self.vendor.certificate_table(&self.chip, Kind::Vcek)
    }

    /// The report for `binding`, before it is signed.
    pub fn report(&self, binding: &Binding) -> Report {
        Report {
            report_data: binding.digest(),
            measurement: self.measurement,
            ..Report::genuine(self.vendor.product, Version::Five)
        }
    }

    /// A signed report for `binding`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn issue(&self, binding: &Binding) -> Result<Vec<u8>, SimulatorError> {
        self.chip.sign(&self.report(binding))
    }
}

/// SHA-384 over the hashes of the parts. Real launch digests are over memory pages; this stands for one.
fn launch_digest(measured: &Measured<'_>) -> [u8; 48] {
    let mut hasher = Context::new(&SHA384);
    for part in [measured.executable, measured.configuration, measured.ramdisk] {
        hasher.update(digest(&SHA384, part).as_ref());
    }
    let mut launch = [0; 48];
    launch.copy_from_slice(hasher.finish().as_ref());
    launch
}

impl Collector for SimulatedSnp {
    fn platform(&self) -> Platform {
        Platform::SimSnp
    }

    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError> {
        if binding.platform != Platform::SimSnp {
            return Err(CollectError::WrongPlatform {
                asked: binding.platform,
                own: Platform::SimSnp,
            });
        }
        let evidence = self.issue(binding).map_err(|error| CollectError::Device {
            platform: Platform::SimSnp,
            cause: error.into(),
        })?;
        Ok(Collected {
            evidence,
            collateral: Some(self.certificate_table()),
        })
    }
}

impl fmt::Display for SimulatedSnp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "SIMULATED SEV-SNP machine ({}): proves nothing about hardware",
            self.vendor.product.as_str()
        )
    }
}

impl fmt::Debug for SimulatedSnp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
