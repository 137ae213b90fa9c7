//! The steps from the kernel's first process to a machine that can run jobs.

use super::controllers::{self, ControllerError};
use super::entropy::{self, EntropyError};
use super::modules::{self, ModuleError};
use super::mounts::{self, MountError};
use super::root::{self, RootError};
use super::{kernel, modules::FOLDER};
use crate::configuration::image::Image;
use crate::console::tell;
use orv_wire::ExitCode;
use std::io;
use std::path::Path;

/// Settings of the kernel that are not as we need them by default. A fault in the kernel, which hostile code may have
/// brought about, ends the machine and with it the key (DESIGN 5.3); addresses of the kernel are shown to nobody.
const SETTINGS: [(&str, &str); 2] = [
    ("/proc/sys/kernel/panic_on_oops", "1"),
    ("/proc/sys/kernel/kptr_restrict", "2"),
];

/// Why the machine is not ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    #[error("root: {0}")]
    Root(#[from] RootError),
    #[error("{0}")]
    Module(#[from] ModuleError),
    #[error("mount: {0}")]
    Mount(#[from] MountError),
    #[error("setting {name}: {source}")]
    Setting { name: &'static str, source: io::Error },
    #[error("control groups: {0}")]
    Controllers(#[from] ControllerError),
    #[error("loopback: {0}")]
    Loopback(io::Error),
    #[error("entropy: {0}")]
    Entropy(#[from] EntropyError),
}

impl BootError {
    /// The kind of end that it is.
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Root(_) | Self::Module(_) | Self::Mount(_) | Self::Setting { .. } | Self::Loopback(_) => {
                ExitCode::Boot
            }
            Self::Controllers(_) => ExitCode::ControlGroups,
            Self::Entropy(_) => ExitCode::Entropy,
        }
    }
}

/// Makes the machine ready. The order matters: modules bring file systems and devices, a file system brings the places of
/// the next, and no key is made before there is entropy.
pub(super) fn make_ready(image: &Image) -> Result<(), BootError> {
    root::leave_the_initramfs()?;
    modules::load_all(Path::new(FOLDER))?;
    for mount in mounts::plan(image.machine, image.scratch_percent) {
        mount.apply()?;
    }
    for (name, value) in SETTINGS {
        std::fs::write(name, value).map_err(|source| BootError::Setting { name, source })?;
    }
    controllers::enable(Path::new(controllers::HIERARCHY))?;
    kernel::loopback_up().map_err(|errno| BootError::Loopback(errno.into()))?;
    entropy::fill_the_pool(image.machine)?;
    root::make_the_root_read_only()?;
    tell(format_args!(
        "boot: machine={} ready for the service",
        image.machine.name()
    ));
    Ok(())
}
