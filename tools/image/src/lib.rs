//! Builds the enclave images, byte for byte the same everywhere: pinned inputs in, an image and what genuine hardware
//! will say of it out.
//!
//! Whoever doubts a verdict rebuilds the image from this repository and compares. So nothing of the building machine may
//! show in it: inputs are pinned by hash ([`pin`]), kernel and binary are built with fixed identities ([`kernel`],
//! [`binary`]), archives and image files are written by our own code ([`cpio`], [`eif`]) in a fixed order without times
//! and users, and what still shows, the version of the compilers ([`toolchain`]), is recorded and compared.
//!
//! ```
//! use orv_image::image::{Parts, assemble};
//! use orv_image::kernel::Kernel;
//! use orv_image::measurements::Firmware;
//! use orv_image::platform::Platform;
//!
//! let kernel = Kernel::given(b"bzImage".to_vec());
//! let parts = Parts {
//!     platform: Platform::Nitro, kernel: &kernel, binary: b"\x7fELF", configuration: b"{}", command_line: "quiet",
//!     stub: None, firmware: &Firmware::default(),
//! };
//! let once = assemble(&parts)?;
//! assert_eq!(once.files, assemble(&parts)?.files);
//! assert_eq!(once.files[0].name, "orv-nitro.eif");
//! # Ok::<(), orv_image::error::ImageError>(())
//! ```

pub mod binary;
pub mod build;
pub mod command_line;
pub mod cpio;
pub mod eif;
mod elf;
pub mod error;
pub mod image;
pub mod initramfs;
pub mod kernel;
pub mod measurements;
pub mod pin;
pub mod platform;
mod process;
pub mod record;
pub mod repository;
pub mod reproduce;
pub mod sbom;
pub mod toolchain;
pub mod uki;
