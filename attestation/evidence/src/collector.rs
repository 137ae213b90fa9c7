//! The guest's side: who asks the hardware for evidence.

use crate::{Binding, Platform};

/// The one door to the hardware: asks it for evidence over a binding.
///
/// A collector returns the platform's own bytes (a COSE document, a quote, a report); [`crate::Envelope::seal`] puts
/// the preimage beside them.
pub trait Collector {
    /// The platform this collector speaks for.
    fn platform(&self) -> Platform;

    /// Evidence bound to `binding`, freshly made, with what the platform gave beside it.
    ///
    /// # Errors
    /// [`CollectError::WrongPlatform`] when the binding names another platform, else what the device said.
    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError>;
}

/// What one question to the hardware brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// The platform's own bytes, opaque here.
    pub evidence: Vec<u8>,
    /// Vendor-signed bytes that came along, such as the certificates of an SEV-SNP host: a hint of whoever runs the
    /// machine, worth what its own signatures are worth.
    pub collateral: Option<Vec<u8>>,
}

impl From<Vec<u8>> for Collected {
    fn from(evidence: Vec<u8>) -> Self {
        Self {
            evidence,
            collateral: None,
        }
    }
}

/// Why no evidence came.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The binding names a platform that this collector cannot speak for.
    #[error("the binding names platform {asked}, this collector speaks for {own}")]
    WrongPlatform {
        /// The binding's platform.
        asked: Platform,
        /// The collector's platform.
        own: Platform,
    },
    /// The device, driver or simulated vendor failed.
    #[error("{platform} gave no evidence: {cause}")]
    Device {
        /// The platform that was asked.
        platform: Platform,
        /// What it said.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}
