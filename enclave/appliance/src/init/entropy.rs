//! Random bytes of the hardware for the kernel's pool, before any key is made.
//!
//! On Nitro the security module's generator fills the pool with `RNDADDENTROPY`, credited with eight bits a byte: it is the
//! hardware that the platform's evidence stands on, and nothing else in an enclave is known to be unpredictable. In a
//! virtual machine the processor's own generator, which the host does not see under TDX and SEV-SNP, is the kernel's
//! source already; whatever the host offers is not credited.

use super::kernel::{MOST_RANDOM, add_entropy};
use crate::configuration::Machine;
use crate::console::tell;
use std::fs::OpenOptions;
use zeroize::Zeroizing;

/// How many bytes are added at least: several times the pool's 256 bits, from several answers.
const ENOUGH: usize = 512;

/// Why the pool could not be filled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntropyError {
    /// The security module.
    #[cfg(feature = "nitro")]
    #[error("{0}")]
    Module(#[from] orv_evidence::nsm::NsmError),
    /// This build cannot ask the machine's hardware.
    #[cfg(not(feature = "nitro"))]
    #[error("this build has no security module to ask")]
    NotBuilt,
    /// The kernel's pool.
    #[error("/dev/random: {0}")]
    Pool(std::io::Error),
}

/// Fills the pool from the machine's hardware. Whoever takes random bytes waits until the kernel itself is content.
pub(super) fn fill_the_pool(machine: Machine) -> Result<(), EntropyError> {
    match machine {
        Machine::Nitro => from_the_security_module(),
        Machine::Vm => Ok(()),
    }
}

fn from_the_security_module() -> Result<(), EntropyError> {
    let pool = OpenOptions::new()
        .write(true)
        .open("/dev/random")
        .map_err(EntropyError::Pool)?;
    let mut added = 0;
    while added < ENOUGH {
        let random = random()?;
        for part in random.chunks(MOST_RANDOM) {
            add_entropy(&pool, part).map_err(|errno| EntropyError::Pool(errno.into()))?;
        }
        added += random.len();
    }
    tell(format_args!(
        "boot: {added} bytes of the security module are in the kernel's pool"
    ));
    Ok(())
}

/// One answer of the module, never an empty one.
#[cfg(feature = "nitro")]
fn random() -> Result<Zeroizing<Vec<u8>>, EntropyError> {
    use orv_evidence::nsm::{DEVICE, Device, NitroCollector};

    let device = Device::open(std::path::Path::new(DEVICE))?;
    Ok(NitroCollector::new(device).random()?)
}

#[cfg(not(feature = "nitro"))]
fn random() -> Result<Zeroizing<Vec<u8>>, EntropyError> {
    Err(EntropyError::NotBuilt)
}
