//! Reading an image layout.

use bytes::Bytes;
use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout, Os};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Image, ImageConfig, ManifestDigest, OciError};
use crate::Sha256;
use crate::archive::{Quota, QuotaError, plain_layer};
use crate::tree::Tree;

/// Most bytes of `index.json`, a manifest or a configuration.
const DOCUMENT_BYTES: usize = 4 << 20;

/// Docker's names for what OCI took over from it unchanged.
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYERS: [&str; 2] = [
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar",
];

/// Reads the image `manifest` out of `layout`. The index may list other images too; they are not looked at.
///
/// `quota` bounds all layers together, plain or as they are stored, whichever of a layer is longer.
///
/// # Errors
/// What is missing, malformed, not what its digest or its descriptor says, or too large.
pub fn read_layout(layout: &Tree, manifest: &ManifestDigest, quota: &Quota) -> Result<Image, OciError> {
    check_version(layout)?;
    let listed = listed(layout, manifest)?;
    let manifest_bytes = blob(layout, &listed)?;
    let path = blob_path(&manifest.0);
    if is_index(&listed, &manifest_bytes) {
        return Err(OciError::ManifestIsIndex { manifest: *manifest });
    }
    let document: ImageManifest = parse(&path, "an image manifest", &manifest_bytes)?;
    let media_type = document
        .media_type()
        .as_ref()
        .map_or(MediaType::ImageManifest.as_ref(), AsRef::as_ref);
    expect_media_type(
        "the manifest",
        media_type,
        &[MediaType::ImageManifest.as_ref(), DOCKER_MANIFEST],
    )?;
    let media_type = document.config().media_type().as_ref();
    expect_media_type(
        "the configuration",
        media_type,
        &[MediaType::ImageConfig.as_ref(), DOCKER_CONFIG],
    )?;
    let config_document = blob(layout, document.config())?;
    let path = blob_path(&digest(document.config())?);
    let config: ImageConfiguration = parse(&path, "an image configuration", &config_document)?;
    if *config.os() != Os::Linux {
        return Err(OciError::OperatingSystem {
            found: config.os().to_string(),
        });
    }
    let layers = layers(layout, &document, &config, quota)?;
    Ok(Image {
        manifest: manifest_bytes,
        config_document,
        config: image_config(&config),
        layers,
        quota: *quota,
    })
}

/// The digest of the configuration that an image manifest names, for whoever has both documents and no layout.
///
/// # Errors
/// A manifest that is none, or a digest of another algorithm.
pub fn config_digest(manifest: &[u8]) -> Result<Sha256, OciError> {
    let document: ImageManifest = parse("the manifest", "an image manifest", manifest)?;
    digest(document.config())
}

fn check_version(layout: &Tree) -> Result<(), OciError> {
    let path = "oci-layout";
    let document: OciLayout = parse(path, "an image layout's version", file(layout, path)?)?;
    match document.image_layout_version().as_str() {
        "1.0.0" => Ok(()),
        found => Err(OciError::LayoutVersion {
            found: found.to_owned(),
        }),
    }
}

/// The descriptor under which the index lists the manifest.
fn listed(layout: &Tree, manifest: &ManifestDigest) -> Result<Descriptor, OciError> {
    let path = "index.json";
    let index: ImageIndex = parse(path, "an image index", file(layout, path)?)?;
    let found = index
        .manifests()
        .iter()
        .find(|listed| listed.digest().to_string() == manifest.to_string());
    found.cloned().ok_or(OciError::NotListed { manifest: *manifest })
}

/// Whether a manifest is an index, by what lists it or by what it says itself.
fn is_index(listed: &Descriptor, document: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "mediaType")]
        media_type: Option<String>,
        manifests: Option<IgnoredAny>,
    }
    let index = |media_type: &str| media_type == MediaType::ImageIndex.as_ref() || media_type == DOCKER_INDEX;
    let probe = serde_json::from_slice::<Probe>(document);
    index(listed.media_type().as_ref())
        || probe.is_ok_and(|probe| probe.manifests.is_some() || probe.media_type.as_deref().is_some_and(index))
}

/// The plain tar of each layer, checked against its diff id.
fn layers(
    layout: &Tree,
    manifest: &ImageManifest,
    config: &ImageConfiguration,
    quota: &Quota,
) -> Result<Vec<Bytes>, OciError> {
    let (descriptors, diff_ids) = (manifest.layers(), config.rootfs().diff_ids());
    if descriptors.len() != diff_ids.len() {
        return Err(OciError::LayerCount {
            layers: descriptors.len(),
            diff_ids: diff_ids.len(),
        });
    }
    let [gzip, docker] = DOCKER_LAYERS;
    let (tar, tar_gzip, tar_zstd) = (
        MediaType::ImageLayer,
        MediaType::ImageLayerGzip,
        MediaType::ImageLayerZstd,
    );
    let supported = [tar.as_ref(), tar_gzip.as_ref(), tar_zstd.as_ref(), gzip, docker];
    let mut remaining = *quota;
    let mut layers = Vec::new();
    for (number, (descriptor, diff_id)) in descriptors.iter().zip(diff_ids).enumerate() {
        expect_media_type("a layer", descriptor.media_type().as_ref(), &supported)?;
        let stored = blob(layout, descriptor)?;
        // What is stored may be much longer than what comes out of it, and the same blob may be listed often.
        let work = stored.len() as u64;
        let layer = plain_layer(stored, &remaining).map_err(|source| OciError::Layer { number, source })?;
        let ManifestDigest(expected) = diff_id.parse()?;
        let found = Sha256::of(&layer);
        if found != expected {
            return Err(OciError::DiffId {
                number,
                expected,
                found,
            });
        }
        let left = remaining.bytes.checked_sub(work.max(layer.len() as u64));
        remaining.bytes = left.ok_or(QuotaError::Bytes { limit: quota.bytes })?;
        layers.push(layer);
    }
    Ok(layers)
}

fn image_config(configuration: &ImageConfiguration) -> ImageConfig {
    let Some(config) = configuration.config() else {
        return ImageConfig::default();
    };
    let list = |list: &Option<Vec<String>>| list.iter().flatten().cloned().collect();
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    ImageConfig {
        env: list(config.env()),
        entrypoint: list(config.entrypoint()),
        cmd: list(config.cmd()),
        working_dir: text(config.working_dir()),
        user: text(config.user()),
    }
}

fn expect_media_type(what: &'static str, found: &str, supported: &[&str]) -> Result<(), OciError> {
    if supported.contains(&found) {
        return Ok(());
    }
    Err(OciError::MediaType {
        what,
        found: found.to_owned(),
    })
}

/// A blob, checked against its descriptor's size and digest.
fn blob(layout: &Tree, descriptor: &Descriptor) -> Result<Bytes, OciError> {
    let digest = digest(descriptor)?;
    let blob = file(layout, &blob_path(&digest))?;
    let (expected, found) = (descriptor.size(), blob.len() as u64);
    if expected != found {
        return Err(OciError::BlobSize {
            digest,
            expected,
            found,
        });
    }
    let found = Sha256::of(blob);
    if found != digest {
        return Err(OciError::BlobDigest {
            expected: digest,
            found,
        });
    }
    Ok(blob.clone())
}

fn digest(descriptor: &Descriptor) -> Result<Sha256, OciError> {
    descriptor
        .digest()
        .to_string()
        .parse()
        .map(|ManifestDigest(digest)| digest)
}

pub(super) fn blob_path(digest: &Sha256) -> String {
    format!("blobs/sha256/{}", hex::encode(digest.0))
}

fn file<'layout>(layout: &'layout Tree, path: &str) -> Result<&'layout Bytes, OciError> {
    layout
        .file(path)
        .ok_or_else(|| OciError::MissingFile { path: path.to_owned() })
}

fn parse<T: DeserializeOwned>(path: &str, what: &'static str, document: &[u8]) -> Result<T, OciError> {
    if document.len() > DOCUMENT_BYTES {
        return Err(OciError::DocumentSize {
            path: path.to_owned(),
            size: document.len(),
        });
    }
    let malformed = |error: serde_json::Error| OciError::Document {
        path: path.to_owned(),
        what,
        reason: error.to_string(),
    };
    serde_json::from_slice(document).map_err(malformed)
}
