//! The record of a build: every pin, tool and hash that the image came from. It names no folder, user or time, so that
//! two records of one image are the same file.

use crate::image::ImageFile;
use crate::kernel::{Kernel, Origin};
use crate::pin::{Input, Tool, sha256};
use crate::platform::Platform;
use crate::toolchain::Mismatch;
use serde::Serialize;

/// What the document begins with.
pub const SCHEMA: &str = "orv-image-build/1";

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct Record<'a> {
    schema: &'static str,
    platform: Platform,
    version: &'static str,
    inputs: Vec<&'a Input>,
    tools: &'a [Tool],
    other_tools_than_pinned: &'a [Mismatch],
    cargo_lock_sha256: String,
    kernel: KernelRecord<'a>,
    command_line: &'a str,
    configuration_sha256: String,
    binary_sha256: String,
    binary_size: u64,
    files: Vec<FileRecord>,
}

#[derive(Debug, Clone, Serialize)]
struct KernelRecord<'a> {
    release: &'a str,
    sha256: String,
    origin: &'a Origin,
}

#[derive(Debug, Clone, Serialize)]
struct FileRecord {
    file: &'static str,
    size: u64,
    sha256: String,
}

/// What a record is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the image is for.
    pub platform: Platform,
    /// The pin that the kernel came from.
    pub input: &'a Input,
    /// The tools of this machine.
    pub tools: &'a [Tool],
    /// Those that are others than the pinned ones.
    pub mismatches: &'a [Mismatch],
    /// `Cargo.lock`.
    pub cargo_lock: &'a [u8],
    /// The kernel.
    pub kernel: &'a Kernel,
    /// What it is told.
    pub command_line: &'a str,
    /// The measured configuration.
    pub configuration: &'a [u8],
    /// The enclave's binary.
    pub binary: &'a [u8],
    /// What came out.
    pub files: &'a [ImageFile],
}

impl Facts<'_> {
    /// The document, for people to read as well.
    pub fn json(&self) -> String {
        let record = Record {
            schema: SCHEMA,
            platform: self.platform,
            version: env!("CARGO_PKG_VERSION"),
            inputs: vec![self.input],
            tools: self.tools,
            other_tools_than_pinned: self.mismatches,
            cargo_lock_sha256: sha256(self.cargo_lock),
            kernel: KernelRecord {
                release: &self.kernel.release,
                sha256: sha256(&self.kernel.image),
                origin: &self.kernel.origin,
            },
            command_line: self.command_line,
            configuration_sha256: sha256(self.configuration),
            binary_sha256: sha256(self.binary),
            binary_size: self.binary.len() as u64,
            files: self.files.iter().map(FileRecord::of).collect(),
        };
        format!("{}\n", serde_json::to_string_pretty(&record).unwrap_or_default())
    }
}

impl FileRecord {
    fn of(file: &ImageFile) -> Self {
        Self {
            file: file.name,
            size: file.content.len() as u64,
            sha256: file.sha256(),
        }
    }
}
