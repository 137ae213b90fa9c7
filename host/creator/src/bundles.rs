//! The three files of a project, made and checked.

use bytes::Bytes;
use orv_content::Root;
use orv_content::Sha256;
use orv_content::archive::{self, Quota};
use orv_content::merkle::root_of;
use orv_content::oci::{ManifestDigest, read_layout};
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_protocol::MetricChannel;
use orv_protocol::document::ImageDigest;
use orv_protocol::explain::{Warning, explain};
use orv_protocol::metric;
use orv_protocol::project::{MetricSource, ProjectManifest};
use orv_protocol::score::Direction;
use orv_protocol::surface::Surface;
use orv_receipt::rule::Documents;

use crate::folder::ProjectFolder;
use crate::image::ImageLayout;
use crate::problem::Problem;

/// The project manifest inside the benchmark.
const MANIFEST: &str = "openresearch.json";

/// What stands in `image.root` while the image is open.
const OPEN_ROOT: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";

/// What stands in `image.manifest` while the image is open.
const OPEN_IMAGE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A project's bundles, ready to be published.
#[derive(Debug)]
pub struct Bundles {
    /// protocol.json, byte for byte as the creator wrote it.
    pub protocol_json: Bytes,
    /// Its root.
    pub protocol_root: Root,
    /// The snapshot's tar.
    pub snapshot: Bytes,
    /// Its root.
    pub snapshot_root: Root,
    /// The benchmark's tar.
    pub benchmark: Bytes,
    /// Its root.
    pub benchmark_root: Root,
    /// Digest of the image.
    pub image: ManifestDigest,
    /// The image's layout, its tar and that one's root, where it stands beside the benchmark by a root of its own.
    pub image_apart: Option<ImageApart>,
    /// Both documents, parsed.
    pub documents: Documents,
    /// What the creator should know of the protocol before others stake on it.
    pub warnings: Vec<Warning>,
    /// The files of the snapshot.
    pub snapshot_tree: Tree,
    /// The files of the benchmark.
    pub benchmark_tree: Tree,
}

/// An image that is published by a root of its own (`image.root`), for it may be large and serve many projects.
#[derive(Debug)]
pub struct ImageApart {
    /// The layout's files.
    pub layout: Tree,
    /// Their tar.
    pub archive: Bytes,
    /// The tar's root.
    pub root: Root,
}

impl ProjectFolder {
    /// Makes the bundles and checks them as the enclave will. An image that is given is laid into the benchmark, or kept
    /// apart where the manifest names it by a root.
    ///
    /// # Errors
    /// Every problem that was found, not only the first.
    pub fn bundles(self, image: Option<ImageLayout>) -> Result<Bundles, Vec<Problem>> {
        let mut problems = Vec::new();
        let given = image.as_ref().map(|image| image.digest);
        let (benchmark, image_apart) = place_image(self.benchmark, image, &mut problems);
        check_shape(&benchmark, &mut problems);
        if self.repository.is_empty() {
            problems.push(Problem::EmptyRepository);
        }
        let (documents, warnings) = parse(&self.protocol_json, &benchmark, &mut problems);
        let digest = documents.as_ref().and_then(|documents| {
            check_documents(documents, &self.repository, &benchmark, &mut problems);
            let found = image_of(documents, &benchmark, image_apart.as_ref(), given);
            found.map_err(|problem| problems.push(problem)).ok()
        });
        let snapshot = pack("snapshot", &self.repository, &Quota::project(), &mut problems);
        let packed = pack("benchmark", &benchmark, &Quota::project(), &mut problems);
        let protocol_json = Bytes::from(self.protocol_json);
        let protocol_root = root_of(&protocol_json).ok();
        match (documents, digest, snapshot, packed, protocol_root) {
            (Some(documents), Some(image), Some(snapshot), Some(packed), Some(protocol_root))
                if problems.is_empty() =>
            {
                Ok(Bundles {
                    protocol_json,
                    protocol_root,
                    snapshot: snapshot.0,
                    snapshot_root: snapshot.1,
                    benchmark: packed.0,
                    benchmark_root: packed.1,
                    image,
                    image_apart,
                    documents,
                    warnings,
                    snapshot_tree: self.repository,
                    benchmark_tree: benchmark,
                })
            }
            _ => Err(problems),
        }
    }
}

/// The benchmark with the image's digest in place of the zeros, and the image under `image/` or apart from it.
fn place_image(benchmark: Tree, image: Option<ImageLayout>, problems: &mut Vec<Problem>) -> (Tree, Option<ImageApart>) {
    let Some(image) = image else { return (benchmark, None) };
    if benchmark.subtree("image").is_ok_and(|image| !image.is_empty()) {
        problems.push(Problem::TwoImages);
        return (benchmark, None);
    }
    let mut laid = benchmark;
    if manifest_of(&laid).is_some_and(|manifest| manifest.image.is_some_and(|image| image.root.is_some())) {
        let Some((archive, root)) = pack("image", &image.layout, &Quota::image(), problems) else {
            return (laid, None);
        };
        if let Err(problem) = pin(&mut laid, &image.digest, Some(&root)) {
            problems.push(problem);
        }
        let layout = image.layout;
        return (laid, Some(ImageApart { layout, archive, root }));
    }
    for (path, node) in image.layout.iter() {
        let placed = TreePath::new(format!("image/{path}")).map(|path| laid.insert(path, node.clone()));
        if let Ok(Err(error)) = placed {
            problems.push(Problem::Tree(error));
        }
    }
    if let Err(problem) = pin(&mut laid, &image.digest, None) {
        problems.push(problem);
    }
    (laid, None)
}

/// The manifest, where there is one that can be read; one that cannot is reported where it is parsed.
fn manifest_of(benchmark: &Tree) -> Option<ProjectManifest> {
    ProjectManifest::parse(benchmark.file(MANIFEST)?).ok()
}

/// Replaces the zeros and nothing else: the creator's document stays as it was written.
fn pin(benchmark: &mut Tree, digest: &ManifestDigest, root: Option<&Root>) -> Result<(), Problem> {
    let Some(image) = manifest_of(benchmark).and_then(|manifest| manifest.image) else {
        return Ok(());
    };
    let content = benchmark.file(MANIFEST).cloned().unwrap_or_default();
    let mut text = String::from_utf8(content.to_vec()).map_err(|_| Problem::ImagePlaceholder)?;
    if image.manifest == ImageDigest([0; 32]) {
        text = filled(&text, OPEN_IMAGE, &digest.to_string())?;
    }
    if let Some(root) = root.filter(|_| image.root == Some(Root([0; 32]))) {
        text = filled(&text, OPEN_ROOT, &root.to_string())?;
    }
    let content = Bytes::from(text);
    let path = TreePath::new(MANIFEST).map_err(|_| Problem::ImagePlaceholder)?;
    let node = Node::File {
        executable: Executable::No,
        content,
    };
    benchmark.insert(path, node).map(|_| ()).map_err(Problem::Tree)
}

/// The text with its only placeholder replaced.
fn filled(text: &str, placeholder: &str, value: &str) -> Result<String, Problem> {
    match text.matches(placeholder).count() {
        1 => Ok(text.replace(placeholder, value)),
        _ => Err(Problem::ImagePlaceholder),
    }
}

fn check_shape(benchmark: &Tree, problems: &mut Vec<Problem>) {
    let unexpected = benchmark.iter().map(|(path, _)| path).filter(|path| {
        let top = path.components().next().unwrap_or_default();
        path.as_str() != MANIFEST && (!["harness", "judge", "image"].contains(&top) || path.as_str() == top)
    });
    problems.extend(unexpected.map(|path| Problem::Unexpected(path.as_str().to_owned())));
}

/// The documents, where both are good, and what is to be known of the protocol.
fn parse(protocol_json: &[u8], benchmark: &Tree, problems: &mut Vec<Problem>) -> (Option<Documents>, Vec<Warning>) {
    let project = match benchmark.file(MANIFEST) {
        Some(bytes) => ProjectManifest::parse(bytes)
            .map_err(|error| problems.push(Problem::Manifest(error)))
            .ok(),
        None => Some(ProjectManifest::upstream_conventions()),
    };
    let explanation = explain(protocol_json, project.as_ref());
    // Whether a protocol that is read can be judged depends on the manifest.
    if explanation.protocol.is_none() || project.is_some() {
        let found = explanation.problems.into_iter();
        problems.extend(found.map(|problem| Problem::Protocol(Box::new(problem))));
    }
    let documents = explanation
        .protocol
        .zip(project)
        .map(|(protocol, project)| Documents { protocol, project });
    (documents, explanation.warnings)
}

fn check_documents(documents: &Documents, repository: &Tree, benchmark: &Tree, problems: &mut Vec<Problem>) {
    let Documents { protocol, project } = documents;
    let channel = project.channel();
    let extract = &protocol.measurement.primary_metric.extract;
    let example = extract
        .example_stdout
        .as_deref()
        .filter(|_| channel == MetricChannel::Shared);
    if let Some(Err(error)) = example.map(|example| metric::extract(extract, example.as_bytes())) {
        problems.push(Problem::Pattern(error));
    }
    if channel == MetricChannel::Split && benchmark.subtree("judge").is_ok_and(|judge| judge.is_empty()) {
        problems.push(Problem::NoJudge);
    }
    if project.metric.source == MetricSource::WindowTime
        && protocol.measurement.primary_metric.direction != Direction::Minimize
    {
        problems.push(Problem::MoreTimeIsBetter);
    }
    let surface = Surface::of(protocol);
    let harness = benchmark.subtree("harness").unwrap_or_default();
    if !repository
        .iter()
        .any(|(path, _)| surface.is_mutable(path) && harness.get(path).is_none())
    {
        problems.push(Problem::NothingMutable);
    }
    let bounds = [
        (repository.total_bytes(), project.sizes.candidate_bytes, "bytes"),
        (repository.len() as u64, project.sizes.candidate_entries, "files"),
    ];
    for (found, allowed, unit) in bounds {
        if let Some(allowed) = allowed.filter(|allowed| found > *allowed) {
            problems.push(Problem::AboveOwnBound { found, allowed, unit });
        }
    }
}

fn image_of(
    documents: &Documents,
    benchmark: &Tree,
    apart: Option<&ImageApart>,
    given: Option<ManifestDigest>,
) -> Result<ManifestDigest, Problem> {
    let Documents { protocol, project } = documents;
    let pinned = project.image_digest(protocol).map_err(Problem::ImagePin)?;
    if pinned == ImageDigest([0; 32]) {
        return Err(Problem::ImageMissing);
    }
    let digest = ManifestDigest(Sha256(pinned.0));
    if let Some(given) = given.filter(|given| *given != digest) {
        return Err(Problem::ImageDiffers { pinned, given });
    }
    let carried;
    let layout = match (project.image.and_then(|image| image.root), apart) {
        (Some(pinned), Some(apart)) if pinned != apart.root => {
            return Err(Problem::ImageRootDiffers {
                pinned,
                given: apart.root,
            });
        }
        (Some(_), Some(apart)) => &apart.layout,
        (Some(root), None) => return Err(Problem::ImageByRoot(root)),
        (None, _) => {
            carried = benchmark.subtree("image").map_err(Problem::Tree)?;
            &carried
        }
    };
    if layout.is_empty() {
        return Err(Problem::ImageNotCarried(pinned));
    }
    let image = read_layout(layout, &digest, &Quota::image()).map_err(Problem::Image)?;
    image.check().map_err(Problem::Image)?;
    Ok(digest)
}

/// The tar and its root, read back as the enclave will read it.
fn pack(bundle: &'static str, tree: &Tree, quota: &Quota, problems: &mut Vec<Problem>) -> Option<(Bytes, Root)> {
    let packed = Bytes::from(archive::write(tree));
    if let Err(source) = archive::read(packed.clone(), quota) {
        problems.push(Problem::Archive { bundle, source });
        return None;
    }
    let root = root_of(&packed).ok()?;
    Some((packed, root))
}
