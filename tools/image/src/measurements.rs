//! `measurements.json`: what genuine hardware will say of an image (`docs/formats.md`).

use crate::error::ImageError;
use crate::image::ImageFile;
use crate::platform::Platform;
use orv_measure::nitro;
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
    /// Vendor: `nitro`, `snp` or `tdx`.
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

/// The measurements of an image's files.
///
/// # Errors
/// [`ImageError::Measure`] where they do not read back as an image.
pub fn of(platform: Platform, files: &[ImageFile]) -> Result<Measurements, ImageError> {
    let entry = |file: &ImageFile| FileEntry {
        file: file.name,
        size: file.content.len() as u64,
        sha256: file.sha256(),
    };
    let measurements = match (platform, files) {
        (Platform::Nitro, [image]) => vec![of_nitro(&image.content)?],
        (Platform::Nitro, _) => return Err(ImageError::Measure("a Nitro image is one file".to_owned())),
        (Platform::Vm, _) => Vec::new(),
    };
    Ok(Measurements {
        schema: SCHEMA,
        platform,
        version: env!("CARGO_PKG_VERSION"),
        files: files.iter().map(entry).collect(),
        measurements,
    })
}

fn of_nitro(image: &[u8]) -> Result<Measurement, ImageError> {
    let image = nitro::Image::parse(image).map_err(|cause| ImageError::Measure(cause.to_string()))?;
    let registers = image.measure();
    let three = [registers.pcr0, registers.pcr1, registers.pcr2];
    let named = (0..).zip(three).map(|(index, register): (u8, _)| {
        (
            index.to_string(),
            Expected {
                expected: register.to_string(),
            },
        )
    });
    Ok(Measurement {
        measurement_id: format!("orv-{}-nitro", env!("CARGO_PKG_VERSION")),
        attestation_type: "nitro",
        measurements: named.collect(),
    })
}

impl Measurements {
    /// The document, for people to read as well.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }
}
