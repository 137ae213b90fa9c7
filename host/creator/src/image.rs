//! The image that trials run in, as a layout that benchmark.tar carries (DESIGN 5.8).

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use orv_content::archive::Quota;
use orv_content::materialize::{ReadError, read_directory};
use orv_content::oci::{ManifestDigest, OciError, read_layout, write_single_layer};
use orv_content::tree::{Executable, Node, PathError, Tree, TreeError, TreePath};
use serde_json::Value;

/// Media type of an image manifest (OCI image specification 1.1).
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Where an image comes from. A registry is no place: what it serves can change or vanish.
#[derive(Debug, Clone)]
pub enum ImageSource {
    /// Single files: from where on this machine, to where in the image.
    Files(Vec<(PathBuf, TreePath)>),
    /// A root file system.
    RootFolder(PathBuf),
    /// An OCI image layout with exactly one image manifest in its index.
    Layout(PathBuf),
}

/// An image layout and the digest that pins it.
#[derive(Debug, Clone)]
pub struct ImageLayout {
    /// `oci-layout`, `index.json`, `blobs/`.
    pub layout: Tree,
    /// Digest of the image manifest.
    pub digest: ManifestDigest,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageSourceError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder cannot be read as a tree.
    #[error(transparent)]
    Folder(#[from] ReadError),
    /// Files that cannot stand beside each other.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A path that no image has.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The layout is not one that the enclave unpacks.
    #[error(transparent)]
    Oci(#[from] OciError),
    /// The layout does not say which image is meant.
    #[error("{}: index.json must name exactly one image manifest for one platform, not an index", path.display())]
    NotOneManifest {
        /// The layout.
        path: PathBuf,
    },
}

impl ImageSource {
    /// Makes the layout; one from elsewhere is checked as the enclave checks it.
    ///
    /// # Errors
    /// [`ImageSourceError`].
    pub fn layout(&self) -> Result<ImageLayout, ImageSourceError> {
        match self {
            Self::Files(files) => single_layer(&files_tree(files)?),
            Self::RootFolder(folder) => single_layer(&read_directory(folder, &Quota::image())?),
            Self::Layout(path) => {
                let layout = read_directory(path, &Quota::image())?;
                let digest = only_manifest(&layout)
                    .and_then(|digest| digest.parse().ok())
                    .ok_or_else(|| ImageSourceError::NotOneManifest { path: path.clone() })?;
                read_layout(&layout, &digest, &Quota::image())?.check()?;
                Ok(ImageLayout { layout, digest })
            }
        }
    }
}

fn single_layer(rootfs: &Tree) -> Result<ImageLayout, ImageSourceError> {
    let (layout, digest) = write_single_layer(rootfs, Vec::new(), "/")?;
    Ok(ImageLayout { layout, digest })
}

fn files_tree(files: &[(PathBuf, TreePath)]) -> Result<Tree, ImageSourceError> {
    let mut tree = Tree::new();
    for (from, to) in files {
        let unreadable = |source| ImageSourceError::Io {
            path: from.clone(),
            source,
        };
        let mode = fs::metadata(from).map_err(unreadable)?.permissions().mode();
        let executable = if mode & 0o100 == 0 {
            Executable::No
        } else {
            Executable::Yes
        };
        let content = fs::read(from).map_err(unreadable)?.into();
        tree.insert(to.clone(), Node::File { executable, content })?;
    }
    Ok(tree)
}

fn only_manifest(layout: &Tree) -> Option<String> {
    let index: Value = serde_json::from_slice(layout.file("index.json")?).ok()?;
    let [manifest] = index.get("manifests")?.as_array()?.as_slice() else {
        return None;
    };
    let media_type = manifest.get("mediaType")?.as_str()?;
    (media_type == MANIFEST_TYPE).then(|| manifest.get("digest")?.as_str().map(str::to_owned))?
}
