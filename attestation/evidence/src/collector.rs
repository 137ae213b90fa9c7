//! The guest's side: who asks the hardware for evidence.

use crate::{Binding, Platform};

/// The one door to the hardware: asks it for evidence over a binding.
///
/// A collector returns the platform's own bytes (a COSE document, a quote, a report); [`crate::Envelope::seal`] puts
/// the preimage beside them.
pub trait Collector {
    /// The platform this collector speaks for.
    fn platform(&self) -> Platform;

    /// Evidence bound to `binding`, freshly made.
    ///
    /// # Errors
    /// [`CollectError::WrongPlatform`] when the binding names another platform, else what the device said.
    fn collect(&self, binding: &Binding) -> Result<Vec<u8>, CollectError>;
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
