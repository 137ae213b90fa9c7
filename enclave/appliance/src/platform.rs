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
    use orv_evidence::UnixTime;
    use orv_simulator::{Measured, SimulatedNitro};
    use ring::digest::{SHA256, digest};
    use std::time::SystemTime;

    eprintln!("orv-enclave: SIMULATED evidence: no hardware stands behind this key");
    let executable = std::fs::read("/proc/self/exe").map_err(PlatformError::Executable)?;
    let measured = configuration.measured();
    let mut boot_id = [0u8; 32];
    getrandom::fill(&mut boot_id).map_err(PlatformError::Entropy)?;
    let mut configuration_hash = [0u8; 32];
    configuration_hash.copy_from_slice(digest(&SHA256, measured.as_bytes()).as_ref());
    let image = Measured { executable: &executable, configuration: measured.as_bytes(), ramdisk: b"" };
    // Only the simulated vendor's certificates need a date; no verdict depends on it.
    let collector = SimulatedNitro::measure(&image, || {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_seconds(since_epoch.as_secs())
    });
    Ok(Endorser::new(Box::new(collector), PlatformTier::Simulated, boot_id, configuration_hash))
}
