//! From parts to the files of an image and their measurements: pure, so that it can be compared anywhere.

use crate::eif::{Contents, Metadata};
use crate::error::ImageError;
use crate::kernel::Kernel;
use crate::measurements::{Firmware, Measurements};
use crate::pin::sha256;
use crate::platform::Platform;
use crate::{initramfs, measurements, uki};
use std::fs;
use std::path::Path;

/// The most that an image may have, in bytes: `nitro-cli` asks for four times as much memory.
pub const LARGEST: u64 = 20 * 1024 * 1024;

/// Everything that shows in an image.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// What it is for.
    pub platform: Platform,
    /// Its kernel.
    pub kernel: &'a Kernel,
    /// The enclave's binary.
    pub binary: &'a [u8],
    /// The measured configuration, as it stands in the checkout.
    pub configuration: &'a [u8],
    /// What the kernel is told.
    pub command_line: &'a str,
    /// The compiled stub of the one-file image for VMs; without it, there are the parts alone.
    pub stub: Option<&'a [u8]>,
    /// Firmware whose measurements with this image are wanted.
    pub firmware: &'a Firmware,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    /// Its name.
    pub name: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The files of an image, the one to boot first, and what hardware will say of it.
#[derive(Debug, Clone)]
pub struct Assembled {
    /// The files.
    pub files: Vec<ImageFile>,
    /// The measurements.
    pub measurements: Measurements,
}

/// Puts an image together.
///
/// # Errors
/// [`ImageError::Initramfs`], [`ImageError::Eif`], [`ImageError::TooLarge`], and [`ImageError::Measure`] where what was
/// written does not read back as what was put in.
pub fn assemble(parts: &Parts<'_>) -> Result<Assembled, ImageError> {
    let ramdisk = initramfs::archive(parts.binary, parts.configuration, &parts.kernel.modules)?;
    let files = match parts.platform {
        Platform::Nitro => vec![nitro(parts, &ramdisk)?],
        Platform::Vm => virtual_machine(parts, ramdisk)?,
    };
    let largest = files
        .iter()
        .map(|file| file.content.len() as u64)
        .max()
        .unwrap_or_default();
    if largest > LARGEST {
        return Err(ImageError::TooLarge {
            what: "the image",
            size: largest,
            most: LARGEST,
        });
    }
    let measurements = measurements::of(parts.platform, &files, parts.firmware)?;
    Ok(Assembled { files, measurements })
}

/// The parts, for direct boot, and behind them one file with the same parts inside.
fn virtual_machine(parts: &Parts<'_>, ramdisk: Vec<u8>) -> Result<Vec<ImageFile>, ImageError> {
    let file = |name, content| ImageFile { name, content };
    let one_file = |stub| {
        let contents = uki::Contents {
            stub,
            kernel: &parts.kernel.image,
            initrd: &ramdisk,
            command_line: parts.command_line,
            release: &parts.kernel.release,
        };
        contents.write().map(|content| file("orv-vm.efi", content))
    };
    let one_file = parts.stub.map(one_file).transpose()?;
    let mut files = vec![
        file("orv-vm.kernel", parts.kernel.image.clone()),
        file("orv-vm.initrd", ramdisk),
        file("orv-vm.cmdline", parts.command_line.as_bytes().to_vec()),
    ];
    files.extend(one_file);
    Ok(files)
}

fn nitro(parts: &Parts<'_>, ramdisk: &[u8]) -> Result<ImageFile, ImageError> {
    let metadata = Metadata {
        name: "orv-nitro".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: parts.kernel.release.clone(),
    };
    let contents = Contents {
        kernel: &parts.kernel.image,
        command_line: parts.command_line,
        ramdisks: &[ramdisk],
        metadata: &metadata,
    };
    Ok(ImageFile {
        name: "orv-nitro.eif",
        content: contents.write()?,
    })
}

impl ImageFile {
    /// Its SHA-256 in lowercase hexadecimal.
    pub fn sha256(&self) -> String {
        sha256(&self.content)
    }
}

impl Assembled {
    /// Writes the files and `measurements.json` into a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`ImageError::File`].
    pub fn write(&self, folder: &Path) -> Result<(), ImageError> {
        fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
        for file in &self.files {
            write(folder, file.name, &file.content)?;
        }
        write(folder, "measurements.json", self.measurements.json().as_bytes())
    }
}

pub(crate) fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), ImageError> {
    let path = folder.join(name);
    fs::write(&path, content).map_err(ImageError::file(path))
}
