//! A simulated Nitro Enclave, from its image to its evidence.

use std::fmt;

use orv_evidence::{Binding, CollectError, Collected, Collector, Platform, UnixTime, subject_public_key_info};

use super::certificate::{Certificate, Role};
use super::document::{NitroDocument, sign};
use super::registers::{Register, instance_register, measured_register};
use super::root::published_root;
use crate::x509::{Authority, SimulatorError};

/// The `module_id` of every simulated document; its PCR4 is consistent with it.
pub const NITRO_MODULE: &str = "i-simulated0000000-enc0000000000000";
const INSTANCE: &str = "i-simulated0000000";

/// How long a simulated leaf certificate lives, in seconds: three hours, as AWS's do.
pub const LEAF_LIFETIME: u64 = 3 * 60 * 60;
/// AWS's leaves begin three seconds before they are issued.
const LEAF_BEGINS_BEFORE: u64 = 3;

/// What stands in for the image: the bytes that the simulated hardware "measures".
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// The enclave's executable, into PCR0.
    pub executable: &'a [u8],
    /// Its configuration, into PCR1.
    pub configuration: &'a [u8],
    /// The application ramdisk, into PCR2; empty when there is none.
    pub ramdisk: &'a [u8],
}

/// A SIMULATED Nitro security module: real document format, published root key, no protection whatsoever.
pub struct SimulatedNitro {
    registers: [Register; 3],
    clock: Box<dyn Fn() -> UnixTime + Send + Sync>,
}

impl SimulatedNitro {
    /// A module that reports `measured` and tells the time by `clock`.
    pub fn measure(measured: &Measured<'_>, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        let parts = [measured.executable, measured.configuration, measured.ramdisk];
        Self {
            registers: parts.map(measured_register),
            clock: Box::new(clock),
        }
    }

    /// PCR0, PCR1 and PCR2 as the documents will show them.
    pub const fn registers(&self) -> &[Register; 3] {
        &self.registers
    }

    /// The payload that a document made at `now` for `binding` carries, under the leaf and chain given.
    pub fn document(&self, binding: &Binding, leaf: &Authority, chain: Vec<Vec<u8>>, now: UnixTime) -> NitroDocument {
        let mut pcrs: Vec<(u64, Vec<u8>)> = (0..16).map(|index| (index, vec![0; 48])).collect();
        for ((_, register), measured) in pcrs.iter_mut().zip(&self.registers) {
            *register = measured.to_vec();
        }
        if let Some((_, register)) = pcrs.get_mut(4) {
            *register = instance_register(INSTANCE).to_vec();
        }
        NitroDocument {
            module_id: NITRO_MODULE.to_owned(),
            digest: "SHA384".to_owned(),
            timestamp: now.seconds().saturating_mul(1000),
            pcrs,
            certificate: leaf.certificate.clone(),
            cabundle: chain,
            public_key: Some(subject_public_key_info(&binding.public_key).to_vec()),
            user_data: Some(binding.digest().to_vec()),
            nonce: Some(binding.challenge.to_vec()),
        }
    }

    /// A signed document for `binding`, under a fresh leaf that begins at `now`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn issue(&self, binding: &Binding, now: UnixTime) -> Result<Vec<u8>, SimulatorError> {
        let root = published_root()?;
        let leaf = root.issue(&Self::leaf(now))?;
        let document = self.document(binding, &leaf, vec![root.certificate], now);
        sign(&document.encode(), &leaf.key)
    }

    /// The contents of the leaf certificate issued at `now`.
    pub fn leaf(now: UnixTime) -> Certificate {
        Certificate {
            subject: format!("{NITRO_MODULE} SIMULATED"),
            not_before: now.minus_seconds(LEAF_BEGINS_BEFORE),
            not_after: now.plus_seconds(LEAF_LIFETIME),
            role: Role::Leaf,
        }
    }
}

impl Collector for SimulatedNitro {
    fn platform(&self) -> Platform {
        Platform::SimNitro
    }

    fn collect(&self, binding: &Binding) -> Result<Collected, CollectError> {
        if binding.platform != Platform::SimNitro {
            return Err(CollectError::WrongPlatform {
                asked: binding.platform,
                own: Platform::SimNitro,
            });
        }
        self.issue(binding, (self.clock)())
            .map(Collected::from)
            .map_err(|error| CollectError::Device {
                platform: Platform::SimNitro,
                cause: error.into(),
            })
    }
}

impl fmt::Display for SimulatedNitro {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "SIMULATED Nitro module {NITRO_MODULE}: proves nothing about hardware"
        )
    }
}

impl fmt::Debug for SimulatedNitro {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
