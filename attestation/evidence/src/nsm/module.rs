//! What a Nitro Security Module can be asked here, whoever answers.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::{DocumentFields, NsmError};

/// Something that answers like a Nitro Security Module: the kernel's device, or a stand-in of a test.
///
/// One question at a time: the receiver is exclusive, and the module has one channel.
pub trait SecurityModule {
    /// A signed document over the fields.
    ///
    /// # Errors
    /// [`NsmError`] with what the module said.
    fn attest(&mut self, fields: &DocumentFields) -> Result<Vec<u8>, NsmError>;

    /// Random bytes of the hardware, 256 in the modules known.
    ///
    /// # Errors
    /// [`NsmError`] with what the module said.
    fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError>;

    /// What the module is.
    ///
    /// # Errors
    /// [`NsmError`] with what the module said.
    fn describe(&mut self) -> Result<Description, NsmError>;
}

/// The hash of the module's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterDigest {
    /// 32 bytes.
    Sha256,
    /// 48 bytes: what every module known uses.
    Sha384,
    /// 64 bytes.
    Sha512,
}

/// What the module says of itself. Nothing here is signed: for logs, never for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Major, minor and patch version of its interface.
    pub version: [u16; 3],
    /// Its name, such as `i-0123456789abcdef0-enc0123456789abcdef`.
    pub module_id: String,
    /// How many registers (PCRs) it has.
    pub registers: u16,
    /// Those that can no longer be extended.
    pub locked: BTreeSet<u16>,
    /// The hash of its registers.
    pub digest: RegisterDigest,
}
