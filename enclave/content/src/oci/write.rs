//! Writing an image of one layer: what a creator publishes.

use bytes::Bytes;
use oci_spec::OciSpecError;
use oci_spec::image::{
    Arch, ConfigBuilder, Descriptor, ImageConfiguration, ImageConfigurationBuilder, ImageIndexBuilder,
    ImageManifestBuilder, MediaType, OciLayoutBuilder, Os, RootFsBuilder, Sha256Digest,
};
use serde::Serialize;

use super::layout::blob_path;
use super::{ManifestDigest, OciError};
use crate::Sha256;
use crate::archive;
use crate::tree::{Executable, Node, Tree, TreeError, TreePath};

/// The image layout of `rootfs` as one plain layer for Linux on amd64, with `env` (`NAME=VALUE` each) and
/// `working_dir` in its configuration, and the digest of its manifest. Nothing else goes into it, no time and no name:
/// equal arguments give equal bytes.
///
/// # Errors
/// [`OciError::Document`] when a document cannot be put into words, which does not depend on the arguments.
pub fn write_single_layer(
    rootfs: &Tree,
    env: Vec<String>,
    working_dir: &str,
) -> Result<(Tree, ManifestDigest), OciError> {
    let mut layout = Tree::new();
    let layer = store(&mut layout, archive::write(rootfs), MediaType::ImageLayer)?;
    let config = configuration(&layer, env, working_dir).map_err(|error| wording("an image configuration", &error))?;
    let config = store(
        &mut layout,
        json("an image configuration", &config)?,
        MediaType::ImageConfig,
    )?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(vec![layer])
        .build()
        .map_err(|error| wording("an image manifest", &error))?;
    let manifest = store(
        &mut layout,
        json("an image manifest", &manifest)?,
        MediaType::ImageManifest,
    )?;
    let digest = manifest.digest().to_string().parse()?;
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(vec![manifest])
        .build()
        .map_err(|error| wording("an image index", &error))?;
    put(&mut layout, "index.json", json("an image index", &index)?)?;
    let version = OciLayoutBuilder::default().image_layout_version("1.0.0").build();
    let version = version.map_err(|error| wording("an image layout's version", &error))?;
    put(&mut layout, "oci-layout", json("an image layout's version", &version)?)?;
    Ok((layout, digest))
}

fn configuration(layer: &Descriptor, env: Vec<String>, working_dir: &str) -> Result<ImageConfiguration, OciSpecError> {
    let config = ConfigBuilder::default().env(env).working_dir(working_dir).build()?;
    // A plain layer's diff id is its digest.
    let rootfs = RootFsBuilder::default()
        .typ("layers")
        .diff_ids(vec![layer.digest().to_string()])
        .build()?;
    ImageConfigurationBuilder::default()
        .architecture(Arch::Amd64)
        .os(Os::Linux)
        .config(config)
        .rootfs(rootfs)
        .build()
}

/// Stores a blob and describes it.
fn store(layout: &mut Tree, blob: Vec<u8>, media_type: MediaType) -> Result<Descriptor, OciError> {
    let sha256 = Sha256::of(&blob);
    let size = blob.len() as u64;
    put(layout, &blob_path(&sha256), blob)?;
    let digest: Sha256Digest = hex::encode(sha256.0)
        .parse()
        .map_err(|error| wording("a digest", &error))?;
    Ok(Descriptor::new(media_type, size, digest))
}

fn put(layout: &mut Tree, path: &str, content: Vec<u8>) -> Result<(), OciError> {
    let path = TreePath::new(path).map_err(|error| wording("a path", &error))?;
    let node = Node::File {
        executable: Executable::No,
        content: Bytes::from(content),
    };
    layout
        .insert(path, node)
        .map(|_| ())
        .map_err(|error: TreeError| error.into())
}

fn json(what: &'static str, document: &impl Serialize) -> Result<Vec<u8>, OciError> {
    serde_json::to_vec(document).map_err(|error| wording(what, &error))
}

fn wording(what: &'static str, error: &dyn std::fmt::Display) -> OciError {
    OciError::Document {
        path: String::new(),
        what,
        reason: error.to_string(),
    }
}
