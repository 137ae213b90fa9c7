//! What makes a project impossible to publish, in words that say what to do.

use orv_content::Root;
use orv_content::archive::ArchiveError;
use orv_content::oci::{ManifestDigest, OciError};
use orv_content::tree::TreeError;
use orv_protocol::document::ImageDigest;
use orv_protocol::explain;
use orv_protocol::judgement::Reason;
use orv_protocol::metric::MetricError;
use orv_protocol::project::{ImageError, ProjectManifestError};

/// One thing that is wrong with a project.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is nothing to improve.
    #[error("repository/ has no file")]
    EmptyRepository,
    /// Something in the protocol is refused, or lets no verdict be; explained as `orv protocol check` does.
    #[error(
        "protocol.json: {}: {}; upstream: {}; orv: {}; do: {}",
        .0.path, .0.what, .0.upstream, .0.here, .0.next
    )]
    Protocol(Box<explain::Problem>),
    /// The pattern does not find the metric in the protocol's own example.
    #[error("protocol.json: measurement.primaryMetric.extract.pattern finds no metric in its own exampleStdout: {0}")]
    Pattern(MetricError),
    /// The project manifest cannot be read.
    #[error("benchmark/openresearch.json: {0}")]
    Manifest(ProjectManifestError),
    /// Neither document says which image.
    #[error(
        "{0}; write \"image\": {{\"manifest\": \"sha256:\"}} with 64 zeros into benchmark/openresearch.json and name the image when you publish"
    )]
    ImagePin(ImageError),
    /// The zeros that stand for an image were not replaced, because no image was given.
    #[error("benchmark/openresearch.json leaves the image open (all zeros) and no image was given")]
    ImageMissing,
    /// The zeros occur elsewhere too, so it is unclear which to replace.
    #[error("the zeros for image.manifest must stand in benchmark/openresearch.json exactly once, as plain text")]
    ImagePlaceholder,
    /// Only a registry has the image.
    #[error(
        "image {0} is not in benchmark/image: an image that only a registry has can change or vanish; carry its OCI layout"
    )]
    ImageNotCarried(ImageDigest),
    /// An image by its own root whose bytes are not here, so that it can neither be checked nor measured with.
    #[error(
        "openresearch.json names the image by its root {0}: give the image too, it is checked and stored beside the benchmark"
    )]
    ImageByRoot(Root),
    /// The image that was given has another root.
    #[error("openresearch.json names the image by its root {pinned}, the one given has {given}")]
    ImageRootDiffers {
        /// In the manifest.
        pinned: Root,
        /// Of its tar.
        given: Root,
    },
    /// The image that was given is another than the documents pin.
    #[error("the documents pin image {pinned}, the one given is {given}")]
    ImageDiffers {
        /// By the documents.
        pinned: ImageDigest,
        /// By its bytes.
        given: ManifestDigest,
    },
    /// There are two images.
    #[error("benchmark/image/ is there already and an image was given: leave one of them out")]
    TwoImages,
    /// The image is not one that the enclave unpacks.
    #[error("image: {0}")]
    Image(OciError),
    /// The benchmark has something that nobody reads.
    #[error("benchmark/{0} is none of openresearch.json, harness/, judge/, image/")]
    Unexpected(String),
    /// A judge's command without a judge.
    #[error("openresearch.json names a judge's command, and benchmark/judge/ has no file")]
    NoJudge,
    /// The metric is a time, and the protocol wants more of it.
    #[error("openresearch.json makes the time of the windows the metric, and protocol.json maximizes it")]
    MoreTimeIsBetter,
    /// No miner could change anything.
    #[error("no file of repository/ lies inside mutableSurface.allowedGlobs and outside what is protected")]
    NothingMutable,
    /// Files that cannot stand beside each other.
    #[error("{0}")]
    Tree(TreeError),
    /// A bundle that could not be read back.
    #[error("{bundle} could not be unpacked again: {source}")]
    Archive {
        /// Which bundle.
        bundle: &'static str,
        /// Why.
        source: ArchiveError,
    },
    /// The snapshot breaks its own bound on candidates.
    #[error("repository/ has {found} {unit}, openresearch.json allows candidates {allowed}")]
    AboveOwnBound {
        /// What there is.
        found: u64,
        /// What is allowed.
        allowed: u64,
        /// Bytes or files.
        unit: &'static str,
    },
    /// With this baseline every proposal would end without a verdict.
    #[error("with this baseline no proposal could ever be decided: {}", .0.explain())]
    Undecidable(Reason),
}
