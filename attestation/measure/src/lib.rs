//! An image in, the registers that its genuine machine will report out.
//!
//! Whoever rebuilds an image from source gets the same bytes; this crate turns them into the numbers that the vendor's
//! hardware will sign when it runs them, so that "this evidence came from that source" is a comparison. It is pure: no
//! file, no clock, no hardware. Every measurement names its [`Input`]s, and where a figure depends on how firmware or a
//! virtual machine monitor behaves, that behaviour is an input too.
//!
//! ```
//! use orv_measure::nitro::{Image, ImageError};
//!
//! let not_an_image = Image::parse(b"GIF89a, not an enclave");
//! assert_eq!(not_an_image, Err(ImageError::NotAnImage(*b"GIF8")));
//! ```

mod authenticode;
mod firmware;
mod input;
mod reader;
mod register;

pub mod nitro;
pub mod snp;
pub mod tdx;

pub use authenticode::{PeError, authenticode_sha384, has_section};
pub use firmware::{FirmwareTableError, MAXIMUM_FIRMWARE, PAGE};
pub use input::{Input, InputValue};
pub use reader::Truncated;
pub use register::Register;
