//! The collector of a Nitro Enclave.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::{Description, DocumentFields, NsmError, Refusal, SecurityModule};
use crate::{Binding, CollectError, Collected, Collector, Platform};

/// Longest document, in bytes: the driver's answers have at most 0x3000.
pub const MAXIMUM_DOCUMENT: usize = 0x3000;
/// Fewest random bytes that count as an answer.
pub const MINIMUM_RANDOM: usize = 32;
/// Longest name of a module, in bytes.
pub const MAXIMUM_MODULE_ID: usize = 256;

/// How often a question is asked: the driver gives up on a busy module after a fraction of a second, and each of our
/// questions may be asked again.
const ATTEMPTS: u8 = 3;

/// Asks a Nitro Security Module for evidence, one question at a time.
#[derive(Debug)]
pub struct NitroCollector<M> {
    module: Mutex<M>,
}

impl<M: SecurityModule> NitroCollector<M> {
    /// A collector that asks `module`.
    pub const fn new(module: M) -> Self {
        Self {
            module: Mutex::new(module),
        }
    }

    /// A document bound to `binding`.
    ///
    /// # Errors
    /// What the module said, or [`NsmError::DocumentSize`].
    pub fn document(&self, binding: &Binding) -> Result<Vec<u8>, NsmError> {
        let fields = DocumentFields::bound_to(binding)?;
        let document = self.ask(|module| module.attest(&fields))?;
        match document.len() {
            1..=MAXIMUM_DOCUMENT => Ok(document),
            length => Err(NsmError::DocumentSize(length)),
        }
    }

    /// Random bytes of the hardware, at least [`MINIMUM_RANDOM`], to be **mixed** into the kernel's pool at boot: an
    /// enclave has little other entropy.
    ///
    /// # Errors
    /// What the module said, or [`NsmError::RandomSize`].
    pub fn random(&self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        let random = self.ask(M::random)?;
        if random.len() < MINIMUM_RANDOM {
            return Err(NsmError::RandomSize(random.len()));
        }
        Ok(random)
    }

    /// What the module says of itself, unsigned.
    ///
    /// # Errors
    /// What the module said, or [`NsmError::DescriptionSize`].
    pub fn describe(&self) -> Result<Description, NsmError> {
        let description = self.ask(M::describe)?;
        match description.module_id.len() {
            1..=MAXIMUM_MODULE_ID => Ok(description),
            length => Err(NsmError::DescriptionSize(length)),
        }
    }

    fn ask<T>(&self, question: impl Fn(&mut M) -> Result<T, NsmError>) -> Result<T, NsmError> {
        // A panic elsewhere leaves no half question behind: the module is asked anew.
        let mut module: MutexGuard<'_, M> = self.module.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = ATTEMPTS;
        loop {
            left = left.saturating_sub(1);
            match question(&mut module) {
                Err(NsmError::Refused {
                    refusal: Refusal::InternalError,
                    ..
                }) if left > 0 => {}
                answer => return answer,
            }
        }
    }
}

impl<M: SecurityModule> Collector for NitroCollector<M> {
    fn platform(&self) -> Platform {
        Platform::Nitro
    }

    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError> {
        if binding.platform != Platform::Nitro {
            return Err(CollectError::WrongPlatform {
                asked: binding.platform,
                own: Platform::Nitro,
            });
        }
        self.document(binding)
            .map(Collected::from)
            .map_err(|error| CollectError::Device {
                platform: Platform::Nitro,
                cause: error.into(),
            })
    }
}
