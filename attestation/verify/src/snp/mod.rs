//! AMD SEV-SNP: an attestation report of 1,184 bytes and the certificate of the key that signed it (attestation
//! reference, a).

mod acceptance;
mod authenticate;
mod cache;
mod certificate;
mod claims;
mod cursor;
mod endorsement;
mod error;
mod firmware;
mod given;
mod guest_policy;
mod layout;
mod octets;
mod policy;
mod product;
mod report;
mod revocation;
mod search;
mod tcb;
mod trust;

pub use certificate::KeyCertificate;
pub use claims::SnpClaims;
pub use endorsement::EndorsementKind;
pub use error::{Link, SnpError};
pub use firmware::{Firmware, NotAFirmwareVersion};
pub use guest_policy::{GuestPolicy, PlatformBit, PlatformInformation, PolicyBit};
pub use octets::Octets;
pub use policy::{Demand, GuestDemands, PlatformDemands, SnpPolicy};
pub use product::Product;
pub use report::{REPORT_SIZE, Report, Signer};
pub use tcb::Tcb;

pub(crate) use authenticate::authenticate;
pub(crate) use cache::SnpCache;
pub(crate) use certificate::common_name_of;
pub(crate) use layout::fields;
