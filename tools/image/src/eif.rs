//! A writer of enclave image files (EIF), version 4: what AWS Nitro and QEMU's `nitro-enclave` machine boot.
//!
//! The format is a header of 548 bytes, all numbers big-endian, and sections, each with a header of 12 bytes. The
//! registers cover kernel, command line and ramdisks; header and metadata are in none of them, so everything in those is
//! fixed here too: the same parts are the same file. The registers do not say where a part ends, for AWS hashes them one
//! after another without their lengths: the first words of the command line may as well be the end of the kernel, and the
//! registers stay the same. So nothing that security rests on stands in a command line; settings are in the ramdisk.
//!
//! ```
//! use orv_image::eif::{Contents, Metadata};
//! use orv_measure::nitro::Image;
//!
//! let metadata = Metadata { name: "example".into(), version: "1".into(), kernel: "6.12".into() };
//! let image = Contents { kernel: b"kernel", command_line: "quiet", ramdisks: &[b"ramdisk"], metadata: &metadata }.write()?;
//! let read = Image::parse(&image)?;
//! assert_eq!(read.measure().pcr0, read.measure().pcr1, "one ramdisk: both cover everything");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde_json::json;

/// The most sections that the header has room for.
const SECTIONS: usize = 32;
/// Length of the file's header, the checksum at its end included.
const HEADER: u64 = 548;
/// Length of a section's own header.
const SECTION_HEADER: u64 = 12;
const VERSION: u16 = 4;
/// Bit 0 says aarch64; no other is defined.
const X86_64: u16 = 0;
/// What the tools assume where the operator says nothing. It is in no register, and `nitro-cli run-enclave` overrides it.
const DEFAULT_MEMORY: u64 = 1 << 30;
/// As [`DEFAULT_MEMORY`]: the least that Nitro gives an enclave on a machine with two threads a core.
const DEFAULT_PROCESSORS: u64 = 2;

const KERNEL: u16 = 1;
const COMMAND_LINE: u16 = 2;
const RAMDISK: u16 = 3;
const METADATA: u16 = 5;

/// What an image file holds.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// A bzImage.
    pub kernel: &'a [u8],
    /// What the kernel is told, without a terminator.
    pub command_line: &'a str,
    /// At least one; the kernel gets them one after another.
    pub ramdisks: &'a [&'a [u8]],
    /// What `nitro-cli describe-eif` shows. In no register: it proves nothing.
    pub metadata: &'a Metadata,
}

/// The metadata section, without whatever would differ between two builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Name of the image.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Release of its kernel.
    pub kernel: String,
}

/// Why contents are no image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EifError {
    /// A kernel needs a root file system.
    #[error("an image needs a ramdisk")]
    NoRamdisk,
    /// More than the header has room for.
    #[error("{0} ramdisks are more than an image can have")]
    TooManyRamdisks(usize),
    /// A terminator inside the command line would hide what follows it from the kernel, but not from the registers.
    #[error("the command line has a NUL at {0}")]
    CommandLine(usize),
}

impl Contents<'_> {
    /// The file.
    ///
    /// # Errors
    /// [`EifError`], one variant per cause.
    pub fn write(&self) -> Result<Vec<u8>, EifError> {
        if self.ramdisks.is_empty() {
            return Err(EifError::NoRamdisk);
        }
        if let Some(at) = self.command_line.find('\0') {
            return Err(EifError::CommandLine(at));
        }
        let metadata = self.metadata.json();
        let mut sections = vec![
            (KERNEL, self.kernel),
            (COMMAND_LINE, self.command_line.as_bytes()),
            (METADATA, metadata.as_bytes()),
        ];
        sections.extend(self.ramdisks.iter().map(|ramdisk| (RAMDISK, *ramdisk)));
        if sections.len() > SECTIONS {
            return Err(EifError::TooManyRamdisks(self.ramdisks.len()));
        }
        Ok(file(&sections))
    }
}

impl Metadata {
    /// The document in the form that AWS's tools write and expect. The time of building is a fixed one.
    fn json(&self) -> String {
        json!({
            "ImageName": self.name,
            "ImageVersion": self.version,
            "BuildMetadata": {
                "BuildTime": "1970-01-01T00:00:00+00:00",
                "BuildTool": env!("CARGO_PKG_NAME"),
                "BuildToolVersion": env!("CARGO_PKG_VERSION"),
                "OperatingSystem": "Linux",
                "KernelVersion": self.kernel,
            },
            "DockerInfo": {},
            "CustomMetadata": {},
        })
        .to_string()
    }
}

fn file(sections: &[(u16, &[u8])]) -> Vec<u8> {
    let mut header = b".eif".to_vec();
    header.extend_from_slice(&VERSION.to_be_bytes());
    header.extend_from_slice(&X86_64.to_be_bytes());
    header.extend_from_slice(&DEFAULT_MEMORY.to_be_bytes());
    header.extend_from_slice(&DEFAULT_PROCESSORS.to_be_bytes());
    header.extend_from_slice(&0u16.to_be_bytes());
    header.extend_from_slice(&(sections.len() as u16).to_be_bytes());
    let sizes: Vec<u64> = sections.iter().map(|(_, content)| content.len() as u64).collect();
    let offsets: Vec<u64> = sizes
        .iter()
        .scan(HEADER, |next, size| {
            let here = *next;
            *next += SECTION_HEADER + size;
            Some(here)
        })
        .collect();
    for table in [offsets, sizes] {
        let padded = table.into_iter().chain(std::iter::repeat(0)).take(SECTIONS);
        padded.for_each(|number| header.extend_from_slice(&number.to_be_bytes()));
    }
    header.extend_from_slice(&0u32.to_be_bytes());
    let mut body = Vec::new();
    for (kind, content) in sections {
        body.extend_from_slice(&kind.to_be_bytes());
        body.extend_from_slice(&0u16.to_be_bytes());
        body.extend_from_slice(&(content.len() as u64).to_be_bytes());
        body.extend_from_slice(content);
    }
    // The checksum is of everything but itself.
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&header);
    checksum.update(&body);
    header.extend_from_slice(&checksum.finalize().to_be_bytes());
    header.extend(body);
    header
}
