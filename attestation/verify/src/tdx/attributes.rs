//! A trust domain's attributes, bit by bit (Intel TDX Module ABI Specification 348551-008, table 3.23).

/// A trust domain's attributes: eight bytes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TdAttributes(u64);

/// Bits that have a name here. What has none may mean anything, and is refused.
const KNOWN: u64 = TdAttributes::UNDER_DEBUG
    | TdAttributes::SINGLE_STEP_DEFENCE
    | TdAttributes::SERVICE_TD_EXTENSION
    | TdAttributes::LINEAR_ADDRESS_SEPARATION
    | TdAttributes::SEPT_VE_DISABLE
    | TdAttributes::MIGRATABLE
    | TdAttributes::PROTECTION_KEYS
    | TdAttributes::KEY_LOCKER
    | TdAttributes::PROVISIONING_AGENT
    | TdAttributes::PERFMON;

impl TdAttributes {
    /// The group TUD: with any of its bits the domain is under debug or profiled, and not to be trusted.
    pub const UNDER_DEBUG: u64 = 0xff;
    /// The module defends against stepping by single instructions.
    pub const SINGLE_STEP_DEFENCE: u64 = 1 << 16;
    /// Service domains may be bound after creation.
    pub const SERVICE_TD_EXTENSION: u64 = 1 << 17;
    /// The domain may use linear address space separation.
    pub const LINEAR_ADDRESS_SEPARATION: u64 = 1 << 27;
    /// A page taken away by the host stops the domain, in place of an exception that it would have to handle safely.
    pub const SEPT_VE_DISABLE: u64 = 1 << 28;
    /// Another domain may take this one's state elsewhere.
    pub const MIGRATABLE: u64 = 1 << 29;
    /// The domain may use supervisor protection keys.
    pub const PROTECTION_KEYS: u64 = 1 << 30;
    /// The domain may use Key Locker.
    pub const KEY_LOCKER: u64 = 1 << 31;
    /// The domain provisions devices.
    pub const PROVISIONING_AGENT: u64 = 1 << 62;
    /// The domain may use performance counters, which tell the host of what runs inside.
    pub const PERFMON: u64 = 1 << 63;

    /// Reads the bytes of a report.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }

    /// Whether any of these bits is set.
    pub const fn has(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    /// The bits that have no name.
    pub const fn unknown(self) -> u64 {
        self.0 & !KNOWN
    }

    /// Names of bits that are set and change nothing here.
    pub(super) fn informational(self) -> Vec<&'static str> {
        [
            (Self::SINGLE_STEP_DEFENCE, "single-step defence"),
            (Self::LINEAR_ADDRESS_SEPARATION, "linear address space separation"),
            (Self::PROTECTION_KEYS, "supervisor protection keys"),
            (Self::KEY_LOCKER, "Key Locker"),
            (Self::PROVISIONING_AGENT, "provisioning agent"),
        ]
        .into_iter()
        .filter(|(bit, _)| self.has(*bit))
        .map(|(_, name)| name)
        .collect()
    }
}
