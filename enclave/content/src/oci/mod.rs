//! Container images as OCI image layouts inside a tree: `oci-layout`, `index.json`, `blobs/sha256/*` (OCI image
//! specification 1.1, container reference 7).
//!
//! An image is named by the digest of its manifest. Reading checks every blob against its digest and size, and every
//! layer against its diff id, before anything is unpacked; unpacking merges the layers in memory, where no link can
//! lead out of the image, and only then writes files.

mod error;
mod image;
mod layout;
mod rootfs;
mod write;

pub use error::OciError;
pub use image::{Image, ImageConfig, ManifestDigest};
pub use layout::{config_digest, read_layout};
pub use write::write_single_layer;
