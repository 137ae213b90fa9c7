//! The Nitro Security Module: the one voice of an AWS Nitro Enclave's hardware.
//!
//! [`NitroCollector`] asks one question at a time and checks every size itself: the real module has limits that
//! emulators do not have. What answers is a [`SecurityModule`]; the device behind `/dev/nsm` is `nsm::Device`, with the
//! cargo feature `nsm`.
//!
//! ```
//! # use orv_evidence::nsm::{Description, DocumentFields, NitroCollector, NsmError, SecurityModule};
//! # use zeroize::Zeroizing;
//! # struct Emulated;
//! # impl SecurityModule for Emulated {
//! #     fn attest(&mut self, _: &DocumentFields) -> Result<Vec<u8>, NsmError> { Ok(vec![0x84]) }
//! #     fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError> { Ok(vec![7; 256].into()) }
//! #     fn describe(&mut self) -> Result<Description, NsmError> { Err(NsmError::DescriptionSize(0)) }
//! # }
//! let collector = NitroCollector::new(Emulated); // or `Device::open(Path::new(DEVICE))?`
//! assert_eq!(collector.random()?.len(), 256);
//! # Ok::<(), NsmError>(())
//! ```

mod collector;
#[cfg(feature = "nsm")]
mod device;
mod error;
mod fields;
mod module;

pub use collector::{MAXIMUM_DOCUMENT, MAXIMUM_MODULE_ID, MINIMUM_RANDOM, NitroCollector};
#[cfg(feature = "nsm")]
pub use device::Device;
pub use error::{NsmError, Question, Refusal};
pub use fields::{DocumentField, DocumentFields, MAXIMUM_FIELD};
pub use module::{Description, RegisterDigest, SecurityModule};

/// Where the kernel's driver shows the module.
pub const DEVICE: &str = "/dev/nsm";
