//! An image whose blobs have been checked.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::OciError;
use super::rootfs::RootFilesystem;
use crate::Sha256;
use crate::archive::Quota;

/// The SHA-256 of an image manifest; its text is `sha256:` and 64 lower-case digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ManifestDigest(pub Sha256);

impl fmt::Display for ManifestDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", hex::encode(self.0.0))
    }
}

impl FromStr for ManifestDigest {
    type Err = OciError;

    fn from_str(text: &str) -> Result<Self, OciError> {
        let digits = text.strip_prefix("sha256:");
        let digest = digits.and_then(|digits| format!("0x{digits}").parse().ok());
        digest.map(Self).ok_or_else(|| OciError::Digest {
            found: text.chars().take(120).collect(),
        })
    }
}

impl TryFrom<String> for ManifestDigest {
    type Error = OciError;

    fn try_from(text: String) -> Result<Self, OciError> {
        text.parse()
    }
}

impl From<ManifestDigest> for String {
    fn from(digest: ManifestDigest) -> Self {
        digest.to_string()
    }
}

/// What an image's configuration says about running it; an absent list is empty, an absent or empty text is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `NAME=VALUE` each.
    pub env: Vec<String>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Further arguments, or the whole command when there is no entrypoint.
    pub cmd: Vec<String>,
    /// Where the command starts.
    pub working_dir: Option<String>,
    /// As whom the command runs; the runner has its own rule.
    pub user: Option<String>,
}

/// An image: manifest, configuration and plain layers, each of them checked against its digest.
#[derive(Debug, Clone)]
pub struct Image {
    pub(super) manifest: Bytes,
    pub(super) config_document: Bytes,
    pub(super) config: ImageConfig,
    pub(super) layers: Vec<Bytes>,
    pub(super) quota: Quota,
}

impl Image {
    /// What the image says about running it.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// The manifest document, verbatim.
    pub fn manifest_bytes(&self) -> &Bytes {
        &self.manifest
    }

    /// The configuration document, verbatim.
    pub fn config_bytes(&self) -> &Bytes {
        &self.config_document
    }

    /// Merges the layers without writing anything: succeeds just where [`Image::unpack_into`] an empty directory fails
    /// only by the file system's own doing. For whoever publishes an image.
    ///
    /// # Errors
    /// As [`Image::unpack_into`], but for calls of the operating system.
    pub fn check(&self) -> Result<(), OciError> {
        RootFilesystem::merge(&self.layers, &self.quota)?.require_mount_points()
    }

    /// Writes the image's root file system beneath `directory`, which should be empty: the layers in order with their
    /// whiteouts, hard links as hard links, links as they are, files with mode 644 or 755, directories with 755, no
    /// owners, no set-user-id. `/proc`, `/dev`, `/tmp` and `/work` are directories afterwards.
    ///
    /// # Errors
    /// Entries that no image of ours may have, passed bounds, or a call of the operating system that fails; nothing is
    /// written unless all layers could be merged.
    pub fn unpack_into(&self, directory: BorrowedFd<'_>) -> Result<(), OciError> {
        let mut root = RootFilesystem::merge(&self.layers, &self.quota)?;
        root.require_mount_points()?;
        root.write_beneath(directory)
    }
}
