//! Which hardware endorses the key.
//!
//! Nothing here is chosen by the host at run time: an image is built for one machine, and its measured configuration says
//! which. A program that is started by hand is endorsed by a software vendor whose private key is published, if it was
//! built with the `simulator` feature; that is for development and is refused by every verifier that is not told to
//! accept it.

pub(crate) mod clock;
#[cfg(feature = "simulator")]
mod simulated;

use crate::configuration::{Configuration, Endorsement, Machine};
#[cfg(any(feature = "nitro", feature = "simulator"))]
use crate::console::tell;
use crate::service::Endorser;
use orv_evidence::Collector;
use ring::digest::{SHA256, digest};

/// Why no evidence can be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlatformError {
    /// This build cannot ask the hardware that the image is for, or has no simulator.
    #[cfg(not(all(feature = "nitro", feature = "vm", feature = "simulator")))]
    #[error("ORV-E-020 this build has no collector for {0}")]
    NotBuilt(&'static str),
    /// The machine is no Nitro Enclave.
    #[cfg(feature = "nitro")]
    #[error("ORV-E-021 no Nitro Security Module: {0}")]
    Nitro(#[from] orv_evidence::nsm::NsmError),
    /// The machine is neither a TDX nor an SEV-SNP guest.
    #[cfg(feature = "vm")]
    #[error("ORV-E-022 no trusted execution environment: {0}")]
    Vm(#[from] orv_evidence::tsm::TsmError),
    /// The running program could not be read to be measured.
    #[cfg(feature = "simulator")]
    #[error("ORV-E-023 the running program could not be measured: {0}")]
    Executable(std::io::Error),
    /// No random bytes for the boot id.
    #[error("ORV-E-004 no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
}

/// Whoever asks the hardware.
type AnyCollector = Box<dyn Collector + Send + Sync>;

/// The endorser of a service with this configuration.
pub(crate) fn endorser(configuration: &Configuration) -> Result<Endorser, PlatformError> {
    let mut boot_id = [0u8; 32];
    getrandom::fill(&mut boot_id)?;
    let mut configuration_hash = [0u8; 32];
    configuration_hash.copy_from_slice(digest(&SHA256, configuration.measured().as_bytes()).as_ref());
    let collector = collector(configuration)?;
    Ok(Endorser::new(collector, boot_id, configuration_hash))
}

fn collector(configuration: &Configuration) -> Result<AnyCollector, PlatformError> {
    match configuration.endorsement {
        Endorsement::Simulated => simulator(configuration),
        Endorsement::By(Machine::Nitro) => nitro(),
        Endorsement::By(Machine::Vm) => virtual_machine(),
    }
}

#[cfg(feature = "nitro")]
fn nitro() -> Result<AnyCollector, PlatformError> {
    use orv_evidence::nsm::{DEVICE, Device, NitroCollector};

    let collector = NitroCollector::new(Device::open(std::path::Path::new(DEVICE))?);
    let description = collector.describe()?;
    tell(format_args!("module={}", description.module_id));
    Ok(Box::new(collector))
}

#[cfg(not(feature = "nitro"))]
fn nitro() -> Result<AnyCollector, PlatformError> {
    Err(PlatformError::NotBuilt("a Nitro Enclave"))
}

#[cfg(feature = "vm")]
fn virtual_machine() -> Result<AnyCollector, PlatformError> {
    use orv_evidence::tsm::{Configfs, Monotonic, Patience, TsmCollector};

    let mut drawn = [0u8; 8];
    getrandom::fill(&mut drawn)?;
    Ok(Box::new(TsmCollector::open(
        Configfs::mounted(),
        Monotonic::start(),
        Patience::USUAL,
        drawn,
    )?))
}

#[cfg(not(feature = "vm"))]
fn virtual_machine() -> Result<AnyCollector, PlatformError> {
    Err(PlatformError::NotBuilt("a TDX or SEV-SNP guest"))
}

#[cfg(feature = "simulator")]
fn simulator(configuration: &Configuration) -> Result<AnyCollector, PlatformError> {
    tell("SIMULATED evidence: no hardware stands behind this key");
    Ok(Box::new(simulated::collector(configuration)?))
}

#[cfg(not(feature = "simulator"))]
fn simulator(_: &Configuration) -> Result<AnyCollector, PlatformError> {
    Err(PlatformError::NotBuilt("a simulator: it takes `--features simulator`"))
}

/// What evidence of this program under this configuration will show, as one line of JSON: for whoever lists measurements
/// on a development chain. An image's measurement is predicted from the image, never asked of the program in it.
#[cfg(feature = "simulator")]
pub(crate) fn measurement(configuration: &Configuration) -> Result<String, PlatformError> {
    simulated::measurement(configuration)
}

/// Without a simulator there is nothing to predict.
#[cfg(not(feature = "simulator"))]
pub(crate) fn measurement(_: &Configuration) -> Result<String, PlatformError> {
    Err(PlatformError::NotBuilt("a simulator: it takes `--features simulator`"))
}
