//! What the guest's owner allowed the host at launch, and what the host says of its platform.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The guest policy under which the guest was launched (SEV-SNP ABI, "Guest Policy"). The firmware enforces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GuestPolicy(pub u64);

/// One bit of a guest policy, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PolicyBit {
    /// Simultaneous multithreading is allowed.
    Smt = 16,
    /// Reserved: must be one.
    AlwaysOne = 17,
    /// A migration agent may be associated, which may move the guest elsewhere.
    MigrationAgent = 18,
    /// The host may read and write the guest's memory.
    Debug = 19,
    /// The guest may only run on one socket.
    SingleSocket = 20,
    /// Memory behind CXL is allowed.
    Cxl = 21,
    /// Memory must be encrypted with AES-256-XTS.
    MemoryAes256Xts = 22,
    /// Running average power limit must be disabled.
    RaplDisabled = 23,
    /// The host must not see ciphertext.
    CiphertextHiding = 24,
    /// The host must not move or swap pages.
    PageSwapDisabled = 25,
}

/// The bits that say something, by the names that claims in JSON give them.
pub(super) const POLICY_BITS: [(&str, PolicyBit); 9] = [
    ("smt", PolicyBit::Smt),
    ("migrate_ma", PolicyBit::MigrationAgent),
    ("debug", PolicyBit::Debug),
    ("single_socket", PolicyBit::SingleSocket),
    ("cxl", PolicyBit::Cxl),
    ("mem_aes256_xts", PolicyBit::MemoryAes256Xts),
    ("rapl_dis", PolicyBit::RaplDisabled),
    ("ct_hiding", PolicyBit::CiphertextHiding),
    ("page_swap_dis", PolicyBit::PageSwapDisabled),
];

impl GuestPolicy {
    /// The bits above those that mean something.
    const RESERVED: u64 = !0x03ff_ffff;

    /// Whether the bit is set.
    pub const fn has(self, bit: PolicyBit) -> bool {
        self.0 & (1 << bit as u8) != 0
    }

    /// The least version of the ABI that the firmware must have: major, minor.
    pub const fn abi(self) -> (u8, u8) {
        let [minor, major, ..] = self.0.to_le_bytes();
        (major, minor)
    }

    /// The bits that have no meaning yet. A bit of tomorrow may allow the host something, so none may be set.
    pub(super) const fn unknown(self) -> u64 {
        self.0 & Self::RESERVED
    }
}

impl Serialize for GuestPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (major, minor) = self.abi();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("abi_major", &major)?;
        map.serialize_entry("abi_minor", &minor)?;
        for (name, bit) in POLICY_BITS {
            map.serialize_entry(name, &u8::from(self.has(bit)))?;
        }
        map.end()
    }
}

/// What the firmware says of the platform (SEV-SNP ABI, "PLATFORM_INFO"). Bits without a meaning here are carried and
/// not judged: newer firmware sets more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlatformInformation(pub u64);

/// One bit of the platform information, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PlatformBit {
    /// Simultaneous multithreading is on.
    Smt = 0,
    /// Transparent memory encryption is on.
    Tsme = 1,
    /// The memory corrects errors.
    Ecc = 2,
    /// Running average power limit is disabled.
    RaplDisabled = 3,
    /// The host does not see ciphertext.
    CiphertextHiding = 4,
    /// No two addresses were found to be one memory cell: the check against BadRAM has been done.
    AliasCheck = 5,
}

/// The bits that say something, by AMD's names in small letters.
pub(super) const PLATFORM_BITS: [(&str, PlatformBit); 6] = [
    ("smt_en", PlatformBit::Smt),
    ("tsme_en", PlatformBit::Tsme),
    ("ecc_en", PlatformBit::Ecc),
    ("rapl_dis", PlatformBit::RaplDisabled),
    ("ciphertext_hiding_dram_en", PlatformBit::CiphertextHiding),
    ("alias_check_complete", PlatformBit::AliasCheck),
];

impl PlatformInformation {
    /// Whether the bit is set.
    pub const fn has(self, bit: PlatformBit) -> bool {
        self.0 & (1 << bit as u8) != 0
    }
}
