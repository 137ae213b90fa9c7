//! The example project with ballast: a tree of about ten megabytes, of which a proposal changes one small file.

use super::{OperatorBenchError, at};
use crate::statistics::Draw;
use orv_content::archive::{self, Quota};
use orv_content::materialize::read_directory;
use orv_content::oci::write_single_layer;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use std::path::{Path, PathBuf};

/// The interpreter of the example's image, as `./dev` builds it.
const INTERPRETER: &str = "target/static/x86_64-unknown-linux-gnu/reproducible/lua";

/// What stands in the example's manifest where its image's digest belongs.
const NO_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The file that a proposal changes.
const CHANGED: &str = "pack.lua";

/// The bytes of everything that a project names, and proposals that improve on it.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) protocol: Vec<u8>,
    pub(super) snapshot: Vec<u8>,
    pub(super) benchmark: Vec<u8>,
    repository: Tree,
    improvement: Vec<u8>,
}

impl Contents {
    /// With so many bytes of ballast in snapshot and candidate alike.
    pub(super) fn with_ballast(bytes: usize) -> Result<Self, OperatorBenchError> {
        let example = workspace().join("images/example");
        let mut snapshot = read(&example.join("project/repository"))?;
        put(&mut snapshot, "ballast", ballast(bytes), Executable::No)?;
        let improvement = example.join("proposals/improvement").join(CHANGED);
        Ok(Self {
            protocol: std::fs::read(example.join("project/protocol.json")).map_err(at("protocol.json"))?,
            benchmark: archive::write(&benchmark(&example.join("project/benchmark"))?),
            snapshot: archive::write(&snapshot),
            repository: snapshot,
            improvement: std::fs::read(improvement).map_err(at("improvement"))?,
        })
    }

    /// An improvement whose bytes are no other's, so that each has to be fetched.
    pub(super) fn candidate(&self, number: u32) -> Result<Vec<u8>, OperatorBenchError> {
        let mut tree = self.repository.clone();
        let mut changed = self.improvement.clone();
        changed.extend(format!("\n-- {number}\n").into_bytes());
        put(&mut tree, CHANGED, changed, Executable::No)?;
        Ok(archive::write(&tree))
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(folder: &Path) -> Result<Tree, OperatorBenchError> {
    read_directory(folder, &Quota::project()).map_err(at("example"))
}

/// The example's benchmark with an image of its interpreter alone.
fn benchmark(folder: &Path) -> Result<Tree, OperatorBenchError> {
    let mut rootfs = Tree::new();
    let interpreter = workspace().join(INTERPRETER);
    let program = std::fs::read(&interpreter).map_err(at("the example's interpreter (build it: ./dev setup)"))?;
    put(&mut rootfs, "bin/lua", program, Executable::Yes)?;
    let (layout, digest) = write_single_layer(&rootfs, Vec::new(), "/work").map_err(at("image"))?;
    let mut benchmark = read(folder)?;
    let manifest = benchmark.file("openresearch.json").cloned().unwrap_or_default();
    let manifest = String::from_utf8(manifest.to_vec()).map_err(at("openresearch.json"))?;
    let manifest = manifest.replace(NO_DIGEST, &digest.to_string());
    put(
        &mut benchmark,
        "openresearch.json",
        manifest.into_bytes(),
        Executable::No,
    )?;
    for (path, node) in layout.iter() {
        let path = TreePath::new(format!("image/{path}")).map_err(at("image"))?;
        benchmark.insert(path, node.clone()).map_err(at("image"))?;
    }
    Ok(benchmark)
}

fn put(tree: &mut Tree, path: &str, bytes: Vec<u8>, executable: Executable) -> Result<(), OperatorBenchError> {
    let path = TreePath::new(path).map_err(at("tree"))?;
    let content = bytes.into();
    tree.remove(&path);
    tree.insert(path, Node::File { executable, content })
        .map_err(at("tree"))?;
    Ok(())
}

/// Bytes that nothing compresses, the same in every run.
fn ballast(bytes: usize) -> Vec<u8> {
    let mut draw = Draw::from_seed(0);
    let words = std::iter::repeat_with(|| draw.next().to_le_bytes());
    words.flatten().take(bytes).collect()
}
