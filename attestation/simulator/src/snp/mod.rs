//! AMD SEV-SNP: reports of versions 2 to 5 under simulated Milan, Genoa and Turin roots.
//!
//! [`Vendor`] is AMD (ARK, ASK and ASVK of one [`Product`]), [`Chip`] is one machine's VCEK or one provider's VLEK,
//! [`Report`] is what the chip signs. Everything is a field: change it, then sign. Bytes after signing are the caller's.
//!
//! ```
//! use orv_evidence::UnixTime;
//! use orv_simulator::snp::{Product, Report, Vendor, Version, policy};
//!
//! let vendor = Vendor::published(Product::Genoa)?;
//! let chip = vendor.chip(UnixTime::from_seconds(1_790_000_000))?;
//! let mut report = Report::genuine(Product::Genoa, Version::Five);
//! report.policy |= policy::DEBUG;
//! let evidence = chip.sign(&report)?;
//! assert_eq!(evidence.len(), 1184);
//! assert_eq!(chip.vek.certificate[..2], [0x30, 0x82]);
//!
//! // A VCEK whose microcode is not the report's.
//! let mut contents = vendor.vcek(&report.reported_tcb, &report.chip_id, UnixTime::from_seconds(1_790_000_000));
//! contents.extensions.retain(|extension| extension.identifier != orv_simulator::snp::extension::MICROCODE);
//! let other = vendor.endorse(&contents)?;
//! assert_ne!(other.vek.certificate, chip.vek.certificate);
//! # Ok::<(), orv_simulator::SimulatorError>(())
//! ```

mod certificate;
pub mod defect;
pub mod extension;
pub mod policy;
mod product;
mod published;
mod report;
mod simulated;
mod table;
mod tcb;
mod vendor;

pub use certificate::{Kind, VCEK_LIFETIME, VLEK_LIFETIME};
pub use defect::{Defect, Evidence};
pub use product::{Product, Version};
pub use published::root_der;
pub use report::{REPORT_SIZE, Report, SIGNED_SIZE, Signature, SigningKey};
pub use simulated::SimulatedSnp;
pub use table::{CertificateEntry, certificate_table};
pub use tcb::Tcb;
pub use vendor::{Chip, PROVIDER, Vendor};
