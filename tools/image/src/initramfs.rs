//! The root file system of an image: the enclave's binary, its measured configuration, a console, and nothing else.

use crate::cpio::{CpioError, Entry, Tree};

/// Where the measured configuration is.
pub const CONFIGURATION: &str = "orv/configuration.json";
/// Where the modules of a distribution's kernel are, in the order of their names.
pub const MODULES: &str = "orv/modules";

/// The archive that the kernel unpacks. `modules` are the names and contents of the distribution's kernel modules: none
/// with our own kernel.
///
/// ```
/// let archive = orv_image::initramfs::archive(b"\x7fELF", b"{}", &[])?;
/// assert_eq!(archive.len() % 512, 0);
/// # Ok::<(), orv_image::cpio::CpioError>(())
/// ```
///
/// # Errors
/// [`CpioError`] for a module's name that is no name.
pub fn archive(binary: &[u8], configuration: &[u8], modules: &[(String, Vec<u8>)]) -> Result<Vec<u8>, CpioError> {
    let mut tree = Tree::new();
    // The kernel starts it as process 1, with this as its terminal.
    tree.insert("dev", Entry::Directory)?;
    tree.insert("dev/console", Entry::CharacterDevice { major: 5, minor: 1 })?;
    tree.insert("init", Entry::Program(binary.to_vec()))?;
    tree.insert("orv", Entry::Directory)?;
    tree.insert(CONFIGURATION, Entry::Data(configuration.to_vec()))?;
    if !modules.is_empty() {
        tree.insert(MODULES, Entry::Directory)?;
    }
    for (name, content) in modules {
        tree.insert(&format!("{MODULES}/{name}"), Entry::Data(content.clone()))?;
    }
    tree.archive()
}
