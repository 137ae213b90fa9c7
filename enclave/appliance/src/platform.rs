//! Which hardware endorses the key.
//!
//! Nothing here is chosen by the host at run time: an image is built for one platform. A build with the `simulator`
//! feature is endorsed by a software vendor whose private key is published; it is for development and is refused by
//! every verifier that is not told to accept it.

use crate::configuration::Configuration;
use crate::service::Endorser;

/// Why no evidence can be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlatformError {
    /// This build has no collector for real hardware and no simulator.
    #[cfg(not(feature = "simulator"))]
    #[error("this build has no platform: build with `--features simulator` for development")]
    None,
    /// The running program could not be read to be measured.
    #[cfg(feature = "simulator")]
    #[error("the running program could not be measured: {0}")]
    Executable(std::io::Error),
    /// No random bytes for the boot id.
    #[cfg(feature = "simulator")]
    #[error("no random bytes: {0}")]
    Entropy(getrandom::Error),
}

/// The platform's endorser.
#[cfg(not(feature = "simulator"))]
pub(crate) fn endorser(_: &Configuration) -> Result<Endorser, PlatformError> {
    Err(PlatformError::None)
}

/// The simulator, which measures this program and its configuration as if they had been booted.
#[cfg(feature = "simulator")]
pub(crate) fn endorser(configuration: &Configuration) -> Result<Endorser, PlatformError> {
    use orv_protocol::PlatformTier;
    use ring::digest::{SHA256, digest};

    eprintln!("orv-enclave: SIMULATED evidence: no hardware stands behind this key");
    let mut boot_id = [0u8; 32];
    getrandom::fill(&mut boot_id).map_err(PlatformError::Entropy)?;
    let mut configuration_hash = [0u8; 32];
    configuration_hash.copy_from_slice(digest(&SHA256, configuration.measured().as_bytes()).as_ref());
    let collector = simulator(configuration)?;
    Ok(Endorser::new(
        Box::new(collector),
        PlatformTier::Simulated,
        boot_id,
        configuration_hash,
    ))
}

/// What evidence of this program under this configuration will show, as one line of JSON: for whoever lists measurements
/// on a development chain. An image's measurement is predicted from the image, never asked of the program in it.
#[cfg(feature = "simulator")]
pub(crate) fn measurement(configuration: &Configuration) -> Result<String, PlatformError> {
    use orv_evidence::Platform;
    use orv_verify::{Register, nitro_measurement_id};

    let registers = *simulator(configuration)?.registers();
    let id = nitro_measurement_id(Platform::SimNitro, registers.map(Register));
    let [pcr0, pcr1, pcr2] = registers.map(alloy_primitives::hex::encode);
    let id = alloy_primitives::hex::encode(id);
    Ok(format!(
        r#"{{"schema":"orv.measurement/1","platform":"sim-nitro","measurement":"0x{id}","pcr0":"{pcr0}","pcr1":"{pcr1}","pcr2":"{pcr2}"}}"#
    ))
}

/// Without a platform there is nothing to predict.
#[cfg(not(feature = "simulator"))]
pub(crate) fn measurement(_: &Configuration) -> Result<String, PlatformError> {
    Err(PlatformError::None)
}

#[cfg(feature = "simulator")]
fn simulator(configuration: &Configuration) -> Result<orv_simulator::SimulatedNitro, PlatformError> {
    use orv_evidence::UnixTime;
    use orv_simulator::{Measured, SimulatedNitro};
    use std::time::SystemTime;

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
