//! A miner's way from an idea to a staked proposal: a candidate is made from a folder or a patch, compared with the
//! project's mutable surface, measured with the verifier's own runner, uploaded, and staked on.
//!
//! What is measured here is what the verifier will measure, because trials go through the same `orv-trial` over the same
//! bytes; only the machine and the seed are others. Nothing that this crate says decides anything: the claimed score
//! never gates (DESIGN 5.5), and files outside the mutable surface are undone whatever the miner was told.
//!
//! ```
//! use bytes::Bytes;
//! use orv_content::tree::{Executable, Node, Tree, TreePath};
//! use orv_miner::{Candidate, patch::Patch};
//!
//! let mut snapshot = Tree::new();
//! let file = Node::File { executable: Executable::No, content: Bytes::from_static(b"slow\n") };
//! snapshot.insert(TreePath::new("solve.lua")?, file)?;
//! let patch = Patch::parse(b"--- a/solve.lua\n+++ b/solve.lua\n@@ -1 +1 @@\n-slow\n+fast\n")?;
//! let candidate = Candidate::of(patch.apply(&snapshot)?)?;
//! assert_eq!(candidate.tree().file("solve.lua").map(|content| content.as_ref()), Some(b"fast\n".as_slice()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidate;
mod inspect;
pub mod patch;
mod project;
mod stake;
mod submit;

pub use self::{
    candidate::{Candidate, CandidateError},
    inspect::{Attempt, AttemptEnd, InspectError, Inspection, Statement, inspect},
    project::{ProjectError, ProjectFiles},
    stake::{Purchase, Spending, StakeError},
    submit::{SubmitError, Submitted, Terms, submit},
};
