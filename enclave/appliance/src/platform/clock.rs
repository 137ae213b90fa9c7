//! What the machine's counter is worth to a timed metric (DESIGN 5.5).
//!
//! Times are differences of the kernel's monotonic clock. It can be trusted where it counts the processor's cycles and
//! nobody outside the trusted hardware can bend them: always on Nitro, whose hypervisor is part of what is trusted; under
//! TDX, where the module guards the counter, if the kernel counts by it; under SEV-SNP only with SecureTSC, which is in
//! the launch measurement. Anywhere else a timed verdict does not count, and the statement says so.

use crate::console::tell;
use orv_evidence::Platform;
use orv_protocol::PlatformTier;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// Where the kernel names what its clock counts by.
const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Where the first processor's own registers are read, if the kernel shows them.
const REGISTERS: &str = "/dev/cpu/0/msr";

/// `SEV_STATUS` and its bit for SecureTSC (AMD64 Architecture Programmer's Manual 2, 15.34.10). The hardware answers.
const SEV_STATUS: u64 = 0xc001_0131;
const SECURE_TSC: u64 = 1 << 11;

/// Whether the hypervisor can bend the counter of an SEV-SNP guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GuestCounter {
    Secure,
    Bendable,
}

/// The tier of this machine; what it found goes to the console.
pub(crate) fn tier(platform: Platform) -> PlatformTier {
    let source = fs::read_to_string(SOURCE).ok();
    let source = source.as_deref().map(str::trim);
    let tier = tier_of(platform, source, guest_counter(sev_status()));
    tell(format_args!("clock={} tier={tier:?}", source.unwrap_or("unknown")));
    tier
}

fn tier_of(platform: Platform, source: Option<&str>, counter: GuestCounter) -> PlatformTier {
    match (platform, source, counter) {
        (Platform::SimNitro | Platform::SimTdx | Platform::SimSnp, _, _) => PlatformTier::Simulated,
        (Platform::Nitro, Some("tsc" | "kvm-clock"), _)
        | (Platform::Tdx, Some("tsc"), _)
        | (Platform::Snp, Some("tsc"), GuestCounter::Secure) => PlatformTier::TrustedCounter,
        (Platform::Nitro | Platform::Tdx | Platform::Snp, _, _) => PlatformTier::WeakCounter,
    }
}

fn guest_counter(sev_status: Option<u64>) -> GuestCounter {
    match sev_status {
        Some(status) if status & SECURE_TSC != 0 => GuestCounter::Secure,
        _ => GuestCounter::Bendable,
    }
}

fn sev_status() -> Option<u64> {
    let mut status = [0; 8];
    File::open(REGISTERS)
        .ok()?
        .read_exact_at(&mut status, SEV_STATUS)
        .ok()?;
    Some(u64::from_le_bytes(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use GuestCounter::{Bendable, Secure};

    #[test]
    fn a_simulated_platform_is_never_more_than_simulated() {
        for platform in [Platform::SimNitro, Platform::SimTdx, Platform::SimSnp] {
            assert_eq!(tier_of(platform, Some("tsc"), Secure), PlatformTier::Simulated);
        }
    }

    #[test]
    fn a_clock_that_does_not_count_cycles_is_weak_everywhere() {
        for platform in [Platform::Nitro, Platform::Tdx, Platform::Snp] {
            for source in [Some("jiffies"), Some("hpet"), None] {
                assert_eq!(tier_of(platform, source, Secure), PlatformTier::WeakCounter);
            }
        }
    }

    #[test]
    fn the_hypervisor_s_own_clock_is_trusted_on_nitro_alone() {
        assert_eq!(
            tier_of(Platform::Nitro, Some("kvm-clock"), Bendable),
            PlatformTier::TrustedCounter
        );
        assert_eq!(
            tier_of(Platform::Tdx, Some("kvm-clock"), Bendable),
            PlatformTier::WeakCounter
        );
        assert_eq!(
            tier_of(Platform::Snp, Some("kvm-clock"), Secure),
            PlatformTier::WeakCounter
        );
    }

    #[test]
    fn the_counter_of_snp_is_trusted_only_where_the_hardware_says_so() {
        assert_eq!(
            tier_of(Platform::Tdx, Some("tsc"), Bendable),
            PlatformTier::TrustedCounter
        );
        assert_eq!(tier_of(Platform::Snp, Some("tsc"), Bendable), PlatformTier::WeakCounter);
        assert_eq!(
            tier_of(Platform::Snp, Some("tsc"), Secure),
            PlatformTier::TrustedCounter
        );
        assert_eq!(guest_counter(Some(0b111)), Bendable);
        assert_eq!(guest_counter(Some(SECURE_TSC | 0b111)), Secure);
        assert_eq!(guest_counter(None), Bendable);
    }
}
