//! Bits of a report's guest policy, of its platform information and of its signer information (SEV-SNP ABI, tables
//! "Guest Policy", "PLATFORM_INFO", "ATTESTATION_REPORT").

/// Guest policy: simultaneous multithreading is allowed.
pub const SMT: u64 = 1 << 16;
/// Guest policy: reserved, must be 1.
pub const RESERVED_ONE: u64 = 1 << 17;
/// Guest policy: a migration agent may be associated.
pub const MIGRATE_MA: u64 = 1 << 18;
/// Guest policy: the host may debug the guest.
pub const DEBUG: u64 = 1 << 19;
/// Guest policy: the guest may run on one socket only.
pub const SINGLE_SOCKET: u64 = 1 << 20;
/// Guest policy: CXL may be populated.
pub const CXL_ALLOW: u64 = 1 << 21;
/// Guest policy: memory is encrypted by AES 256 XTS.
pub const MEMORY_AES_256_XTS: u64 = 1 << 22;
/// Guest policy: the running average power limit is disabled.
pub const RAPL_DISABLE: u64 = 1 << 23;
/// Guest policy: ciphertext is hidden from the host.
pub const CIPHERTEXT_HIDING: u64 = 1 << 24;
/// Guest policy: the host may not move or swap pages.
pub const PAGE_SWAP_DISABLE: u64 = 1 << 25;

/// Platform information: simultaneous multithreading is on.
pub const PLATFORM_SMT: u64 = 1;
/// Platform information: transparent memory encryption is on.
pub const PLATFORM_TSME: u64 = 1 << 1;
/// Platform information: the memory corrects errors.
pub const PLATFORM_ECC: u64 = 1 << 2;
/// Platform information: the running average power limit is disabled.
pub const PLATFORM_RAPL_DISABLED: u64 = 1 << 3;
/// Platform information: ciphertext hiding is on.
pub const PLATFORM_CIPHERTEXT_HIDING: u64 = 1 << 4;
/// Platform information: no memory aliases were found at boot (BadRAM's counter-measure).
pub const PLATFORM_ALIAS_CHECK_COMPLETE: u64 = 1 << 5;

/// Signer information: an author key signed the identity block.
pub const AUTHOR_KEY: u32 = 1;
/// Signer information: the chip identifier is masked.
pub const MASK_CHIP_KEY: u32 = 1 << 1;
