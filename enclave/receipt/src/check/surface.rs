//! The tree that was measured, composed once more from the manifests on record (DESIGN 5.5: tampering is undone).
//!
//! The rule of the mutable surface looks at paths, modes and whether two contents are the same, never into one. So the
//! hash of a file stands in for its content here, and the same rule that composed the files composes the hashes.

use super::{Check, equal, fail, pass};
use crate::bundle::{Artifact, Bundle, DifferenceRecord, Role};
use crate::rule::Documents;
use orv_content::Sha256;
use orv_content::tree::{Executable, ManifestEntry, Node, Tree, TreePath, hash_of_manifest};
use orv_protocol::surface::{Composition, compose};

const FILE: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;
pub(super) const SYMLINK: u32 = 0o120_000;

/// Tree hash and undone differences follow from the archives; a job that laid nothing out has neither.
pub(super) fn candidate_tree(bundle: &Bundle) -> Check {
    const NAME: &str = "candidate-tree";
    if bundle.image.is_none() {
        let nothing =
            bundle.candidate_tree == Sha256([0; 32]) && bundle.differences.is_empty() && bundle.trials.is_empty();
        return if nothing {
            pass(NAME, "the job ended before a tree was laid out")
        } else {
            fail(NAME, "a tree was measured without an image")
        };
    }
    let composition = match composed(bundle) {
        Ok(composition) => composition,
        Err(error) => return fail(NAME, error),
    };
    let differences: Vec<DifferenceRecord> = composition.differences.iter().map(DifferenceRecord::from).collect();
    if differences != bundle.differences {
        return fail(
            NAME,
            format!(
                "{} files outside the mutable surface differ, the receipt tells of {} or of others",
                differences.len(),
                bundle.differences.len()
            ),
        );
    }
    let manifest: Option<Vec<ManifestEntry>> = composition.tree.iter().map(entry).collect();
    match manifest {
        Some(manifest) => equal(
            NAME,
            "tree of the candidate as measured",
            &bundle.candidate_tree,
            &hash_of_manifest(&manifest),
        ),
        None => fail(NAME, "the composed tree has no manifest"),
    }
}

fn composed(bundle: &Bundle) -> Result<Composition, String> {
    let documents =
        Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).map_err(|error| error.to_string())?;
    let (snapshot, candidate) = (
        stand_in_of(bundle, Role::Snapshot)?,
        stand_in_of(bundle, Role::Candidate)?,
    );
    let harness = stand_in_of(bundle, Role::Benchmark)?
        .subtree("harness")
        .map_err(|error| error.to_string())?;
    compose(&snapshot, &harness, Some(&candidate), &documents.protocol).map_err(|error| error.to_string())
}

/// The stand-in for the archive of a role.
pub(super) fn stand_in_of(bundle: &Bundle, role: Role) -> Result<Tree, String> {
    stand_in(bundle.artifact(role).ok_or(format!("{role:?} is missing"))?)
}

/// An archive's files with their hashes for contents. A link's hash is written as one name, which leads nowhere else.
fn stand_in(artifact: &Artifact) -> Result<Tree, String> {
    let mut tree = Tree::new();
    for file in &artifact.files {
        let content = || file.sha256.0.to_vec().into();
        let node = match file.mode {
            FILE => Node::File {
                executable: Executable::No,
                content: content(),
            },
            EXECUTABLE => Node::File {
                executable: Executable::Yes,
                content: content(),
            },
            SYMLINK => Node::Symlink {
                target: file.sha256.to_string(),
            },
            mode => return Err(format!("mode {mode:o} in {:?}", artifact.role)),
        };
        let path = TreePath::new(&file.path).map_err(|error| error.to_string())?;
        tree.insert(path, node).map_err(|error| error.to_string())?;
    }
    Ok(tree)
}

/// What a tree's manifest says of a stand-in; sizes are not hashed.
fn entry((path, node): (&TreePath, &Node)) -> Option<ManifestEntry> {
    let (mode, sha256) = match node {
        Node::File { executable, content } => {
            let mode = match executable {
                Executable::Yes => EXECUTABLE,
                Executable::No => FILE,
            };
            (mode, Sha256(content.as_ref().try_into().ok()?))
        }
        Node::Symlink { target } => (SYMLINK, target.parse().ok()?),
    };
    Some(ManifestEntry {
        path: path.clone(),
        mode,
        size: 0,
        sha256,
    })
}
