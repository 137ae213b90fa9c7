//! Upstream's gates and red flags (openresearch.md 5.1, 5.2), as advice.
//!
//! Upstream refuses a submission for them, and scans the whole tree, the creator's own files among it. Here they decide
//! nothing: what lies outside the surface is undone anyway, and a pattern in a text proves nothing. They are computed
//! over the files that the submission adds or changes, so nobody is blamed for the project's own, and shown to a miner
//! before it stakes and to whoever reads the receipt.
//!
//! ```
//! use orv_protocol::advice::{self, Gate};
//! use orv_protocol::document::Protocol;
//! # use orv_content::tree::{Executable, Node, Tree, TreePath};
//! # let protocol = Protocol::parse(include_bytes!("../../../../images/example/project/protocol.json"))?;
//! # let file = |text: &str| Node::File { executable: Executable::No, content: text.to_owned().into() };
//! let (mut snapshot, mut submission) = (Tree::new(), Tree::new());
//! snapshot.insert(TreePath::new("main.lua")?, file("eval(x)"))?;
//! submission.insert(TreePath::new("main.lua")?, file("eval(x)"))?;
//! submission.insert(TreePath::new("pack.lua")?, file("return 2"))?;
//! submission.insert(TreePath::new("notes.py")?, file("time.sleep(9)"))?;
//!
//! let advice = advice::of(&protocol, &snapshot, &submission);
//! let found: Vec<(Gate, &str)> = advice.findings.iter().map(|finding| (finding.gate, finding.path.as_str())).collect();
//! assert_eq!(found[0], (Gate::NotPermitted, "notes.py"));
//! assert_eq!(advice.findings[1].pattern, Some(r"sleep\s*\(\s*[0-9]+"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod gates;
mod red_flags;

use orv_content::tree::{Node, Tree, TreePath};

use crate::document::Protocol;

use gates::Gates;
pub use red_flags::RED_FLAGS;

/// Most findings that are kept.
pub const MOST_FINDINGS: usize = 256;
/// Most bytes of one file that is read for red flags; a longer one is counted as unread.
pub const LONGEST_FILE: usize = 1024 * 1024;
/// Most bytes of all files together that are read for red flags.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What upstream's own validator would have said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advice {
    /// In the order of the paths' bytes; for one path the gate first, then red flags in their list's order.
    pub findings: Vec<Finding>,
    /// Findings beyond [`MOST_FINDINGS`].
    pub left_out: u64,
    /// Files that upstream would have read and that were too long.
    pub unread: u64,
}

/// One thing that upstream would have refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which test.
    pub gate: Gate,
    /// Whose file.
    pub path: TreePath,
    /// The red flag, one of [`RED_FLAGS`].
    pub pattern: Option<&'static str>,
}

/// Upstream's tests of one file, in its order; the first of the first three that fails is told, and every red flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Gate {
    /// The path is one that no protocol opens.
    HardDenied = 1,
    /// A forbidden glob names the path.
    Forbidden = 2,
    /// No allowed glob, path of the harness, or permit names the path.
    NotPermitted = 3,
    /// The text has a red flag.
    RedFlag = 4,
}

impl Gate {
    /// The gate of a number in a bundle.
    pub fn from_number(number: u8) -> Option<Gate> {
        [Gate::HardDenied, Gate::Forbidden, Gate::NotPermitted, Gate::RedFlag]
            .into_iter()
            .find(|gate| *gate as u8 == number)
    }

    /// One sentence for people.
    pub fn explain(self) -> &'static str {
        match self {
            Gate::HardDenied => "no protocol opens this path (upstream exits 3)",
            Gate::Forbidden => "the protocol forbids this path (upstream exits 3)",
            Gate::NotPermitted => "nothing permits this path (upstream exits 4)",
            Gate::RedFlag => "the text has a red flag (upstream exits 5)",
        }
    }
}

/// The advice on a submission: on the files that it has otherwise than the snapshot.
pub fn of(protocol: &Protocol, snapshot: &Tree, submission: &Tree) -> Advice {
    let gates = Gates::of(protocol);
    let mut advice = Advice::default();
    let mut budget = MOST_BYTES;
    for (path, node) in changed(snapshot, submission) {
        if let Some(gate) = gates.of_path(path) {
            advice.add(gate, path, None);
        }
        // Upstream follows links to files; what they lead to is read where it stands.
        let Node::File { content, .. } = node else { continue };
        if !red_flags::is_scanned(path) {
            continue;
        }
        if content.len() > LONGEST_FILE.min(budget) {
            advice.unread += 1;
            continue;
        }
        budget -= content.len();
        for pattern in red_flags::of_text(content) {
            advice.add(Gate::RedFlag, path, Some(pattern));
        }
    }
    advice
}

/// What the paths alone say, which a receipt's list of files is enough for: [`Gate::HardDenied`] to
/// [`Gate::NotPermitted`], in the order of [`Advice::findings`] and without their bound.
pub fn of_paths(protocol: &Protocol, snapshot: &Tree, submission: &Tree) -> Vec<Finding> {
    let gates = Gates::of(protocol);
    let finding = |path: &TreePath| {
        gates.of_path(path).map(|gate| Finding {
            gate,
            path: path.clone(),
            pattern: None,
        })
    };
    changed(snapshot, submission)
        .filter_map(|(path, _)| finding(path))
        .collect()
}

/// The files that a submission adds or changes.
pub fn changed<'a>(snapshot: &'a Tree, submission: &'a Tree) -> impl Iterator<Item = (&'a TreePath, &'a Node)> {
    submission
        .iter()
        .filter(|(path, node)| snapshot.get(path) != Some(*node))
}

impl Advice {
    fn add(&mut self, gate: Gate, path: &TreePath, pattern: Option<&'static str>) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding {
                gate,
                path: path.clone(),
                pattern,
            });
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests;
