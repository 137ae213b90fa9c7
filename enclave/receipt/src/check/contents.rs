//! Roots and digests of what the receipt carries.

use super::surface::SYMLINK;
use super::{Check, equal, fail, pass};
use crate::bundle::{Artifact, Bundle, Matched, Role};
use crate::file::Receipt;
use crate::rule::Documents;
use orv_content::identity::{ContentKind, identify};
use orv_content::tree::{ManifestEntry, TreePath, hash_of_manifest};
use orv_content::{Root, Sha256, merkle};

/// The two roots in the statement are those of the bytes in the file.
pub(super) fn roots(receipt: &Receipt) -> Vec<Check> {
    [
        (
            "bundle-root",
            "0G root of the bundle",
            &receipt.bundle,
            receipt.run.bundle_root,
        ),
        (
            "evidence-root",
            "0G root of the evidence envelope",
            &receipt.envelope,
            receipt.run.evidence_root,
        ),
    ]
    .into_iter()
    .map(|(name, what, bytes, recorded)| match merkle::root_of(bytes) {
        Ok(root) => equal(name, what, &Root(recorded.0), &root),
        Err(error) => fail(name, error),
    })
    .collect()
}

/// Project and proposal belong together.
pub(super) fn facts(bundle: &Bundle) -> Check {
    equal(
        "facts",
        "the proposal's project",
        &bundle.proposal.project_id,
        &bundle.project.id,
    )
}

/// protocol.json is the one that the project names; openresearch.json is the one in its benchmark bundle.
pub(super) fn documents(bundle: &Bundle) -> Vec<Check> {
    let cut_short = bundle.obstacle.is_some();
    let protocol = match identify(
        &bundle.protocol_json,
        &bundle.project.protocol_hash.0,
        ContentKind::Json,
    ) {
        Ok(found) if found.canonical.len() == bundle.protocol_json.len() => pass(
            "protocol",
            format!("protocol.json is the project's, by {:?}", found.matched),
        ),
        Ok(_) => fail("protocol", "protocol.json has zero bytes after its end"),
        Err(_) if cut_short && bundle.protocol_json.is_empty() => pass("protocol", "the job ended before it was read"),
        Err(error) => fail("protocol", error),
    };
    vec![protocol, project_document(bundle, cut_short)]
}

fn project_document(bundle: &Bundle, cut_short: bool) -> Check {
    const NAME: &str = "project-document";
    const PATH: &str = "openresearch.json";
    let Some(benchmark) = bundle.artifact(Role::Benchmark) else {
        return if cut_short && bundle.project_json.is_none() {
            pass(NAME, "the job ended before the benchmark was read")
        } else {
            fail(NAME, "no benchmark bundle is recorded")
        };
    };
    let recorded = benchmark
        .files
        .iter()
        // A link there is no document: nobody reads one.
        .find(|file| file.path == PATH && file.mode != SYMLINK)
        .map(|file| file.sha256);
    match (&bundle.project_json, recorded) {
        (Some(bytes), Some(digest)) => equal(NAME, "SHA-256 of openresearch.json", &digest, &Sha256::of(bytes)),
        (None, None) => pass(
            NAME,
            "the benchmark has no openresearch.json: upstream's conventions hold",
        ),
        (None, Some(_)) if cut_short => pass(NAME, "the job ended before it was used"),
        (None, Some(_)) => fail(
            NAME,
            "the benchmark has an openresearch.json that the receipt leaves out",
        ),
        (Some(_), None) => fail(NAME, "the receipt has an openresearch.json that the benchmark has not"),
    }
}

/// Every archive is the one that project and proposal name, and its tree hash is that of its files.
pub(super) fn artifacts(bundle: &Bundle) -> Check {
    const NAME: &str = "artifacts";
    let mut previous = None;
    for artifact in &bundle.artifacts {
        if previous.is_some_and(|previous| previous >= artifact.role) {
            return fail(NAME, format!("{:?} is doubled or out of order", artifact.role));
        }
        previous = Some(artifact.role);
        if let Err(detail) = artifact_holds(bundle, artifact) {
            return fail(NAME, detail);
        }
    }
    if bundle.obstacle.is_none() {
        for role in [Role::Snapshot, Role::Benchmark, Role::Candidate] {
            if bundle.artifact(role).is_none() {
                return fail(NAME, format!("{role:?} is missing"));
            }
        }
    }
    let mut list: Vec<_> = bundle.artifacts.iter().map(describe).collect();
    if let Some(cause) = &bundle.incumbent_unreadable {
        if bundle.incumbent.code_hash.is_zero() || bundle.artifact(Role::Incumbent).is_some() {
            return fail(NAME, "an unreadable incumbent is recorded, and there is none");
        }
        list.push(format!("Incumbent {} unreadable: {cause}", bundle.incumbent.code_hash));
    }
    pass(NAME, list.join("; "))
}

fn describe(artifact: &Artifact) -> String {
    let how = match artifact.matched {
        Matched::Root => "0G root",
        Matched::Sha256 => "SHA-256",
    };
    format!(
        "{:?} {} by {how}, {} files",
        artifact.role,
        artifact.hash,
        artifact.files.len()
    )
}

fn artifact_holds(bundle: &Bundle, artifact: &Artifact) -> Result<(), String> {
    if artifact.role == Role::Incumbent && bundle.incumbent.code_hash.is_zero() {
        return Err("an incumbent's code is recorded, the chain names none".to_owned());
    }
    let named = match artifact.role {
        Role::Snapshot => bundle.project.repo_snapshot_hash,
        Role::Benchmark => bundle.project.benchmark_hash,
        Role::Incumbent => bundle.incumbent.code_hash,
        Role::Candidate => bundle.proposal.code_hash,
    };
    if artifact.hash != named {
        return Err(format!(
            "{:?} is {}, the chain names {named}",
            artifact.role, artifact.hash
        ));
    }
    let mut manifest = Vec::with_capacity(artifact.files.len());
    for file in &artifact.files {
        let path = TreePath::new(&file.path).map_err(|error| format!("{:?}: {error}", artifact.role))?;
        manifest.push(ManifestEntry {
            path,
            mode: file.mode,
            size: file.size,
            sha256: file.sha256,
        });
    }
    if !manifest.is_sorted_by(|left, right| left.path < right.path) {
        return Err(format!("the files of {:?} are not in order", artifact.role));
    }
    let tree = hash_of_manifest(&manifest);
    if tree != artifact.tree {
        return Err(format!(
            "tree of {:?} is {}, recomputed {tree}",
            artifact.role, artifact.tree
        ));
    }
    Ok(())
}

/// The image is the one that openresearch.json pins.
pub(super) fn image(bundle: &Bundle) -> Check {
    const NAME: &str = "image";
    let Some(image) = &bundle.image else {
        return if bundle.obstacle.is_some() {
            pass(NAME, "the job ended before an image was read")
        } else {
            fail(NAME, "no image is recorded")
        };
    };
    let pinned = match Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()) {
        Ok(documents) => documents
            .project
            .image_digest(&documents.protocol)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let pinned = match pinned {
        Ok(pinned) => Sha256(pinned.0),
        Err(error) => return fail(NAME, error),
    };
    let digest = Sha256::of(&image.manifest);
    if pinned != digest {
        return fail(NAME, format!("image manifest is {digest}, the project pins {pinned}"));
    }
    let config = Sha256::of(&image.config);
    match orv_content::oci::config_digest(&image.manifest) {
        Ok(named) if named == config => pass(NAME, format!("manifest {digest}, configuration {config}")),
        Ok(named) => fail(
            NAME,
            format!("image configuration is {config}, the manifest names {named}"),
        ),
        Err(error) => fail(NAME, error),
    }
}
