//! What the secure processor is asked for a key.

use zeroize::Zeroizing;

use super::WrapError;

/// Which key: derived from the chip's own endorsement key (VCEK), mixed with the guest's policy, its launch measurement
/// and a TCB version (SEV-SNP firmware ABI 56860, `MSG_KEY_REQ`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchKey {
    /// The privilege level (VMPL), 0 to 3, not below the guest's own.
    pub level: u8,
    /// The TCB version, in the report's form. At most the report's COMMITTED_TCB: firmware older than this gets no such
    /// key, and after an update the older key can still be had to read what it wrapped.
    pub tcb: u64,
}

impl LaunchKey {
    /// Bits of GUEST_FIELD_SELECT: 0 policy, 3 measurement, 5 TCB version.
    pub const FIELDS: u64 = 1 | 1 << 3 | 1 << 5;
}

/// Something that derives keys like AMD's secure processor: the kernel's device, or a stand-in of a test.
pub trait SecureProcessor {
    /// The key, 32 bytes.
    ///
    /// # Errors
    /// [`WrapError`] with what the processor or the kernel said.
    fn derive(&mut self, key: LaunchKey) -> Result<Zeroizing<[u8; 32]>, WrapError>;
}
