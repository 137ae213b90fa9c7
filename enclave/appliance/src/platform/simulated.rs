//! The simulator, which measures this program and its configuration as if they had been booted.

use super::PlatformError;
use crate::configuration::Configuration;
use orv_evidence::{Platform, UnixTime};
use orv_simulator::{Measured, SimulatedNitro};
use orv_verify::{Register, nitro_measurement_id};
use std::time::SystemTime;

/// The registers and the id of what runs, as one line of JSON.
pub(super) fn measurement(configuration: &Configuration) -> Result<String, PlatformError> {
    let registers = *collector(configuration)?.registers();
    let id = nitro_measurement_id(Platform::SimNitro, registers.map(Register));
    let [pcr0, pcr1, pcr2] = registers.map(alloy_primitives::hex::encode);
    let id = alloy_primitives::hex::encode(id);
    Ok(format!(
        r#"{{"schema":"orv.measurement/1","platform":"sim-nitro","measurement":"0x{id}","pcr0":"{pcr0}","pcr1":"{pcr1}","pcr2":"{pcr2}"}}"#
    ))
}

pub(super) fn collector(configuration: &Configuration) -> Result<SimulatedNitro, PlatformError> {
    let executable = std::fs::read("/proc/self/exe").map_err(PlatformError::Executable)?;
    let measured = configuration.measured();
    let image = Measured {
        executable: &executable,
        configuration: measured.as_bytes(),
        ramdisk: b"",
    };
    // Only the simulated vendor's certificates need a date; no verdict depends on it.
    Ok(SimulatedNitro::measure(&image, || {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        UnixTime::from_seconds(since_epoch.as_secs())
    }))
}
