//! Bits of TD attributes and of XFAM (TDX Module ABI specification 348551, tables "ATTRIBUTES" and "XFAM").

/// The host may debug the domain.
pub const DEBUG: u64 = 1;
/// Reserved in the group of flags that make a domain untrusted.
pub const RESERVED_UNTRUSTED: u64 = 1 << 1;
/// The report carries a hash of the service domains' bindings.
pub const SERVICE_TD_EXTENSION: u64 = 1 << 17;
/// Linear address space separation.
pub const LASS: u64 = 1 << 27;
/// The host cannot inject violations of pending pages.
pub const SEPT_VE_DISABLE: u64 = 1 << 28;
/// A migration domain may move the domain.
pub const MIGRATABLE: u64 = 1 << 29;
/// Supervisor protection keys.
pub const PKS: u64 = 1 << 30;
/// Key locker.
pub const KEY_LOCKER: u64 = 1 << 31;
/// A bit that the ABI reserves.
pub const RESERVED: u64 = 1 << 40;
/// Performance monitoring.
pub const PERFMON: u64 = 1 << 63;

/// XFAM of a usual guest: x87, SSE, AVX, AVX-512, PKRU, CET, AMX.
pub const USUAL_XFAM: u64 = 0x0006_02e7;
