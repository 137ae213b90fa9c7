//! The two projects of the suite, and what a row changes about them.

use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use orv_content::oci::write_single_layer;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_receipt::rule::Documents;
use serde_json::{Value, json};

use super::MARK;

/// The attack program inside the image.
pub const PROGRAM: &str = "/bin/attack";
const EXAMPLE: &str = include_str!("../../../../../images/example/project/protocol.json");

type Files = Vec<(&'static str, Node)>;

/// A project with a submission to it. The repository has `solution`, which is the candidate's to change, and files that
/// are not.
pub struct Project {
    pub allowed: Vec<&'static str>,
    pub forbidden: Vec<&'static str>,
    pub immutable: Vec<&'static str>,
    pub repository: Files,
    pub harness: Files,
    /// What the candidate has otherwise than the repository.
    pub changes: Files,
    pub deletions: Vec<&'static str>,
    pub setup: bool,
    pub seconds: u64,
    pub processes: u32,
    pub scratch: Option<u64>,
    pub pattern: &'static str,
    judge: Option<&'static str>,
}

/// A plain file.
pub fn file(content: impl Into<String>) -> Node {
    Node::File {
        executable: Executable::No,
        content: Bytes::from(content.into()),
    }
}

impl Project {
    /// A harness runs the candidate's words and prints a metric.
    pub fn shared(words: impl Into<String>) -> Self {
        Project {
            allowed: vec!["solution"],
            forbidden: vec!["LICENSE"],
            immutable: vec!["README"],
            repository: vec![
                ("solution", file("sleep 1")),
                ("LICENSE", file("free")),
                ("README", file("words")),
                ("notes", file("of the project")),
            ],
            harness: vec![("bench.conf", file("1000 stdout checked"))],
            changes: vec![("solution", file(words))],
            deletions: vec![],
            setup: false,
            seconds: 10,
            processes: 32,
            scratch: None,
            pattern: "^METRIC=([-+.,a-zA-Z0-9]+)$",
            judge: None,
        }
    }

    /// A judge of this kind asks a candidate that does what its words say.
    pub fn split(judge: &'static str, words: impl Into<String>) -> Self {
        Project {
            judge: Some(judge),
            ..Project::shared(words)
        }
    }

    /// A file that the candidate has added or changed.
    pub fn with(mut self, path: &'static str, node: Node) -> Self {
        self.changes.push((path, node));
        self
    }

    pub fn documents(&self) -> Result<Documents, String> {
        Documents::parse(self.protocol()?.as_bytes(), Some(self.manifest()?.as_bytes()))
            .map_err(|error| error.to_string())
    }

    pub fn protocol(&self) -> Result<String, String> {
        let mut protocol: Value = serde_json::from_str(EXAMPLE).map_err(|error| error.to_string())?;
        protocol["environment"]["sandbox"]["pids"] = json!(self.processes);
        if self.setup {
            protocol["environment"]["setupCommands"] = json!([format!("{PROGRAM} setup")]);
        }
        protocol["mutableSurface"]["allowedGlobs"] = json!(self.allowed);
        protocol["mutableSurface"]["forbiddenGlobs"] = json!(self.forbidden);
        protocol["immutableHarness"]["paths"] = json!(self.immutable);
        protocol["execution"]["command"] = json!(format!("{PROGRAM} harness"));
        protocol["execution"]["hardTimeoutSeconds"] = json!(self.seconds);
        protocol["measurement"]["primaryMetric"]["extract"]["pattern"] = json!(self.pattern);
        protocol["measurement"]["primaryMetric"]["extract"]["exampleStdout"] = json!("METRIC=1000");
        Ok(protocol.to_string())
    }

    pub fn manifest(&self) -> Result<String, String> {
        let (_, digest) = image()?;
        let mut manifest = json!({
            "schema": "openresearch/1",
            "score": { "scale": "1", "sign": "negate-if-minimize" },
            "metric": { "max_jump": "10000" },
            "image": { "manifest": digest },
        });
        if let Some(scratch) = self.scratch {
            manifest["sizes"] = json!({ "scratch_bytes": scratch });
        }
        if let Some(judge) = self.judge {
            manifest["judge"] = json!({ "command": [PROGRAM, "judge", judge] });
            manifest["candidate"] = json!({ "command": [PROGRAM, "candidate"] });
        }
        Ok(manifest.to_string())
    }

    pub fn snapshot(&self) -> Result<Tree, String> {
        tree(&self.repository)
    }

    pub fn submission(&self) -> Result<Tree, String> {
        let kept = self.repository.iter().filter(|(path, _)| {
            let replaced = self.changes.iter().any(|(changed, _)| {
                changed == path || changed.starts_with(&format!("{path}/")) || path.starts_with(&format!("{changed}/"))
            });
            !replaced && !self.deletions.contains(path)
        });
        tree(&kept.chain(&self.changes).cloned().collect::<Files>())
    }

    pub fn benchmark(&self) -> Result<Tree, String> {
        let (layout, _) = image()?;
        let mut benchmark = tree(&[
            ("openresearch.json", file(self.manifest()?)),
            ("judge/answers", file("the answers")),
        ])?;
        lay(&mut benchmark, "harness", &tree(&self.harness)?)?;
        lay(&mut benchmark, "image", layout)?;
        Ok(benchmark)
    }
}

fn tree(files: &[(&'static str, Node)]) -> Result<Tree, String> {
    let mut tree = Tree::new();
    for (path, node) in files {
        insert(&mut tree, path, node.clone())?;
    }
    Ok(tree)
}

fn insert(tree: &mut Tree, path: &str, node: Node) -> Result<(), String> {
    let path = TreePath::new(path).map_err(|error| error.to_string())?;
    tree.insert(path, node).map(drop).map_err(|error| error.to_string())
}

fn lay(tree: &mut Tree, folder: &str, files: &Tree) -> Result<(), String> {
    files
        .iter()
        .try_for_each(|(path, node)| insert(tree, &format!("{folder}/{path}"), node.clone()))
}

/// The image of the attack program alone, and its digest; written once.
fn image() -> Result<&'static (Tree, String), String> {
    static IMAGE: OnceLock<Result<(Tree, String), String>> = OnceLock::new();
    let made = IMAGE.get_or_init(|| {
        let built = Path::new(crate::STATIC_PROGRAM);
        let program = std::fs::read(built)
            .map_err(|error| format!("{}: {error}; build it: {}", built.display(), crate::STATIC_BUILD))?;
        let program = Node::File {
            executable: Executable::Yes,
            content: program.into(),
        };
        let mut rootfs = Tree::new();
        insert(&mut rootfs, "bin/attack", program)?;
        let target = "attack".to_owned();
        insert(&mut rootfs, "bin/bash", Node::Symlink { target })?;
        insert(&mut rootfs, "open/note", file("of the image"))?;
        let mark = format!("{MARK}={}", std::process::id());
        let (layout, digest) = write_single_layer(&rootfs, vec![mark], "/work").map_err(|error| error.to_string())?;
        Ok((layout, digest.to_string()))
    });
    made.as_ref().map_err(Clone::clone)
}
