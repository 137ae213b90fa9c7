//! Why an image is refused.

use thiserror::Error;

use super::ManifestDigest;
use crate::Sha256;
use crate::archive::{ArchiveError, QuotaError};
use crate::materialize::MaterializeError;
use crate::tree::{TreeError, TreePath};

/// Why an image is refused.
#[derive(Debug, Error)]
pub enum OciError {
    /// A file of the layout is not there.
    #[error("the image layout has no file {path}")]
    MissingFile {
        /// Its path in the layout.
        path: String,
    },
    /// A JSON document is larger than any real one.
    #[error("{path} has {size} bytes, more than a document of an image may have")]
    DocumentSize {
        /// Its path in the layout.
        path: String,
        /// Its size.
        size: usize,
    },
    /// A JSON document is not what it should be.
    #[error("{path} is not {what}: {reason}")]
    Document {
        /// Its path in the layout.
        path: String,
        /// What it should be.
        what: &'static str,
        /// What the parser says.
        reason: String,
    },
    /// The layout's version is not 1.0.0.
    #[error("the image layout has version {found:?}, not 1.0.0")]
    LayoutVersion {
        /// Version in `oci-layout`.
        found: String,
    },
    /// `index.json` does not list the manifest.
    #[error("the image layout does not list the manifest {manifest}")]
    NotListed {
        /// The manifest looked for.
        manifest: ManifestDigest,
    },
    /// The digest names an index of several images, not the manifest of one.
    #[error("{manifest} is an image index, not an image manifest")]
    ManifestIsIndex {
        /// The digest.
        manifest: ManifestDigest,
    },
    /// A digest is not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("{found:?} is not a sha-256 digest")]
    Digest {
        /// The text.
        found: String,
    },
    /// A blob does not have its digest.
    #[error("blob {expected} hashes to {found}")]
    BlobDigest {
        /// The digest that names it.
        expected: Sha256,
        /// The digest of its bytes.
        found: Sha256,
    },
    /// A blob does not have its size.
    #[error("blob {digest} has {found} bytes, its descriptor says {expected}")]
    BlobSize {
        /// The digest that names it.
        digest: Sha256,
        /// Size in the descriptor.
        expected: u64,
        /// Its size.
        found: u64,
    },
    /// A media type that is not supported here.
    #[error("media type {found:?} is not supported for {what}")]
    MediaType {
        /// What has the media type.
        what: &'static str,
        /// The media type.
        found: String,
    },
    /// The image is for another operating system.
    #[error("the image is for {found}, not for linux")]
    OperatingSystem {
        /// The operating system in the configuration.
        found: String,
    },
    /// Layers and diff ids differ in number.
    #[error("the image has {layers} layers and {diff_ids} diff ids")]
    LayerCount {
        /// Layers in the manifest.
        layers: usize,
        /// Diff ids in the configuration.
        diff_ids: usize,
    },
    /// A layer's plain tar does not have its diff id.
    #[error("layer {number} hashes to {found}, its diff id is {expected}")]
    DiffId {
        /// Position of the layer, from 0.
        number: usize,
        /// Diff id in the configuration.
        expected: Sha256,
        /// Digest of the plain tar.
        found: Sha256,
    },
    /// A layer is not an archive that we read.
    #[error("layer {number}: {source}")]
    Layer {
        /// Position of the layer, from 0.
        number: usize,
        /// Why not.
        source: ArchiveError,
    },
    /// A bound was passed.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// An entry lies beneath a file.
    #[error("{path} lies beneath a file")]
    BeneathFile {
        /// Its path.
        path: TreePath,
    },
    /// Links lead to links without end.
    #[error("{path} leads through too many links")]
    TooManyLinks {
        /// The path that was followed.
        path: String,
    },
    /// All paths together lead through more directories and links than any real image's.
    #[error("the image's paths lead through more than {limit} directories and links")]
    Resolution {
        /// How many they may lead through.
        limit: u64,
    },
    /// A symbolic link with an empty, too long or impossible text.
    #[error("link {path} has a text that no link can have")]
    LinkText {
        /// Its path.
        path: TreePath,
    },
    /// A hard link to nothing, or to a directory.
    #[error("hard link {path} leads to {target}, which is not a file of the image")]
    HardLinkTarget {
        /// Its path.
        path: TreePath,
        /// Its target.
        target: TreePath,
    },
    /// A whiteout that hides nothing that could exist.
    #[error("{path} is not a whiteout")]
    Whiteout {
        /// Its path.
        path: TreePath,
    },
    /// A directory that the runner mounts over is something else in the image.
    #[error("/{path} is not a directory in the image")]
    MountPoint {
        /// Its path.
        path: &'static str,
    },
    /// Something cannot be written.
    #[error(transparent)]
    Write(#[from] MaterializeError),
    /// A layout that was to be written is not a tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
}
