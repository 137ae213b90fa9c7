//! The measured program as the chain knows it.

use alloy_primitives::Keccak256;
use orv_evidence::Platform;

use crate::{Claims, Hardware, NitroClaims, Register};

const DOMAIN: &str = "orv/measurement/v1";

/// The 32 bytes that stand for the measured program on chain, in `MeasurementPolicy` and in an admission:
/// `keccak256("orv/measurement/v1" || platform name || identifying registers)`.
///
/// The identifying registers, on real and simulated hardware alike: on Nitro PCR0, PCR1, PCR2, see
/// [`nitro_measurement_id`]; on TDX MRTD, RTMR0, RTMR1, RTMR2, see [`tdx_measurement_id`]; on SNP MEASUREMENT, see
/// [`snp_measurement_id`].
pub fn measurement_id(claims: &Claims) -> [u8; 32] {
    match &claims.hardware {
        Hardware::Nitro(NitroClaims { registers, .. }) => {
            nitro_measurement_id(claims.platform, [registers.pcr0, registers.pcr1, registers.pcr2])
        }
        Hardware::Tdx(tdx) => {
            let report = &tdx.report;
            tdx_measurement_id(claims.platform, [report.mrtd, report.rtmr0, report.rtmr1, report.rtmr2])
        }
        Hardware::Snp(claims_of_snp) => snp_measurement_id(claims.platform, &claims_of_snp.report.measurement.0),
    }
}

/// The measurement id of an image whose PCR0, PCR1, PCR2 are known beforehand: what an owner puts on the list.
///
/// ```
/// use orv_evidence::Platform;
/// use orv_verify::{Register, nitro_measurement_id};
///
/// let registers = [Register([1; 48]), Register([2; 48]), Register([3; 48])];
/// let simulated = nitro_measurement_id(Platform::SimNitro, registers);
/// assert_ne!(simulated, nitro_measurement_id(Platform::Nitro, registers), "never on the same list by accident");
/// ```
pub fn nitro_measurement_id(platform: Platform, registers: [Register; 3]) -> [u8; 32] {
    identify(platform, registers.iter().map(|register| register.0.as_slice()))
}

/// The measurement id of a trust domain whose MRTD, RTMR0, RTMR1, RTMR2 are known beforehand. RTMR3 is the running
/// program's own to extend, and identifies nothing.
pub fn tdx_measurement_id(platform: Platform, registers: [Register; 4]) -> [u8; 32] {
    identify(platform, registers.iter().map(|register| register.0.as_slice()))
}

/// The measurement id of an SNP guest whose launch digest is known beforehand.
pub fn snp_measurement_id(platform: Platform, measurement: &[u8; 48]) -> [u8; 32] {
    identify(platform, [measurement.as_slice()])
}

fn identify<'a>(platform: Platform, registers: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(DOMAIN);
    hasher.update(platform.as_str());
    for register in registers {
        hasher.update(register);
    }
    hasher.finalize().0
}
