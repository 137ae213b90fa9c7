//! `measurements.json`: what genuine hardware will say of an image (`docs/formats.md`).

mod snp;
mod tdx;

use crate::error::ImageError;
use crate::image::ImageFile;
use crate::platform::Platform;
use orv_measure::{Register, nitro};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the document begins with.
pub const SCHEMA: &str = "orv-measurements/1";

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measurements {
    schema: &'static str,
    platform: Platform,
    version: &'static str,
    /// The files of the image.
    pub files: Vec<FileEntry>,
    /// What hardware will say, one entry for each way of starting the image.
    pub measurements: Vec<Measurement>,
}

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Its name.
    pub file: &'static str,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lowercase hexadecimal.
    pub sha256: String,
}

/// What one vendor's hardware will say, in the shape that other tools' policies have too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// A name for people.
    pub measurement_id: String,
    /// Vendor and way to the evidence: `nitro`, `snp` or `dcap-tdx`.
    pub attestation_type: &'static str,
    /// Register -> what it will hold.
    pub measurements: BTreeMap<String, Expected>,
}

/// What a register will hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// Lowercase hexadecimal.
    pub expected: String,
}

/// Firmware that starts virtual machines: the operator's or the cloud's, so no part of an image, but of what is measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Firmware {
    /// OVMF with a page for kernel hashes (edk2's AmdSev build), for SEV-SNP.
    pub snp: Option<Vec<u8>>,
    /// OVMF with TDX metadata (TDVF), for TDX.
    pub tdx: Option<Vec<u8>>,
}

/// The measurements of an image's files.
///
/// # Errors
/// [`ImageError::Measure`] where they do not read back as an image, or cannot be started by this firmware.
pub fn of(platform: Platform, files: &[ImageFile], firmware: &Firmware) -> Result<Measurements, ImageError> {
    let entry = |file: &ImageFile| FileEntry {
        file: file.name,
        size: file.content.len() as u64,
        sha256: file.sha256(),
    };
    let measurements = match (platform, files) {
        (Platform::Nitro, [image]) => vec![of_nitro(&image.content)?],
        (Platform::Vm, [kernel, initrd, command_line, ..]) => {
            let parts = VirtualMachine {
                kernel: &kernel.content,
                initrd: &initrd.content,
                command_line: std::str::from_utf8(&command_line.content).map_err(unmeasurable)?,
            };
            let mut all = tdx::of(&parts, firmware.tdx.as_deref())?;
            all.extend(snp::of(&parts, firmware.snp.as_deref())?);
            all
        }
        (Platform::Nitro | Platform::Vm, _) => {
            return Err(ImageError::Measure(format!("{} files make no image", files.len())));
        }
    };
    Ok(Measurements {
        schema: SCHEMA,
        platform,
        version: env!("CARGO_PKG_VERSION"),
        files: files.iter().map(entry).collect(),
        measurements,
    })
}

/// What a virtual machine is started with.
struct VirtualMachine<'a> {
    kernel: &'a [u8],
    initrd: &'a [u8],
    command_line: &'a str,
}

fn unmeasurable(cause: impl std::fmt::Display) -> ImageError {
    ImageError::Measure(cause.to_string())
}

fn of_nitro(image: &[u8]) -> Result<Measurement, ImageError> {
    let registers = nitro::Image::parse(image).map_err(unmeasurable)?.measure();
    let named = [("0", registers.pcr0), ("1", registers.pcr1), ("2", registers.pcr2)];
    Ok(Measurement::of("nitro", "nitro", named))
}

impl Measurement {
    /// `name` is what follows the version.
    fn of(kind: &'static str, name: &str, registers: impl IntoIterator<Item = (&'static str, Register)>) -> Self {
        let expected = |(name, register): (&str, Register)| {
            let expected = register.to_string();
            (name.to_owned(), Expected { expected })
        };
        Self {
            measurement_id: format!("orv-{}-{name}", env!("CARGO_PKG_VERSION")),
            attestation_type: kind,
            measurements: registers.into_iter().map(expected).collect(),
        }
    }
}

impl Measurements {
    /// The document, for people to read as well.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }
}
