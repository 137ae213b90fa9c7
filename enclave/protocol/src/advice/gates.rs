//! Upstream's tests of a path (openresearch.md 5.1): globs over the full path or its last component.

use orv_content::tree::TreePath;

use super::Gate;
use crate::document::Protocol;
use crate::glob::Glob;
use crate::surface::{HARD_DENY, UPSTREAMS_HARD_DENY};

/// Paths that upstream lets pass whatever the protocol says.
const PERMIT: [&str; 9] = [
    "README*",
    "LICENSE*",
    "LICENSE.*",
    ".gitignore",
    "CONTRIBUTING*",
    ".github/ISSUE_TEMPLATE/**",
    ".github/PULL_REQUEST_TEMPLATE*",
    ".github/dependabot.yml",
    ".autoresearch/**",
];

/// The tests of one protocol.
pub(super) struct Gates {
    hard_deny: Vec<Glob>,
    forbidden: Vec<Glob>,
    permitted: Vec<Glob>,
}

impl Gates {
    pub(super) fn of(protocol: &Protocol) -> Gates {
        let (surface, harness) = (&protocol.mutable_surface, &protocol.immutable_harness);
        let permitted = surface.allowed_globs.iter().chain(&harness.paths).map(String::as_str);
        Gates {
            hard_deny: HARD_DENY
                .iter()
                .take(UPSTREAMS_HARD_DENY)
                .map(|glob| Glob::new(glob))
                .collect(),
            forbidden: surface.forbidden_globs.iter().map(|glob| Glob::new(glob)).collect(),
            permitted: permitted.chain(PERMIT).map(Glob::new).collect(),
        }
    }

    /// The first test that the path fails.
    pub(super) fn of_path(&self, path: &TreePath) -> Option<Gate> {
        let named = |globs: &[Glob]| {
            globs
                .iter()
                .any(|glob| glob.matches(path.as_str()) || glob.matches(path.name()))
        };
        if named(&self.hard_deny) {
            Some(Gate::HardDenied)
        } else if named(&self.forbidden) {
            Some(Gate::Forbidden)
        } else if !named(&self.permitted) {
            Some(Gate::NotPermitted)
        } else {
            None
        }
    }
}
