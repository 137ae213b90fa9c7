//! Which paths a candidate may reach, and what keeps it from the others.

use orv_content::tree::TreePath;

use super::alias::fold;
use crate::document::Protocol;
use crate::glob::{Glob, directory, lies_in};
use crate::weakened::{Rule, holds};

/// Paths that no protocol can open (openresearch.md 5.1): what tools on a miner's machine would run by themselves.
/// The last three are ours: a repository inside the tree, by its folder, by the file that leads to one, or as a
/// submodule.
pub const HARD_DENY: [&str; 14] = [
    ".git/**",
    ".github/workflows/**",
    ".gitlab-ci.yml",
    ".gitlab/**",
    ".husky/**",
    ".envrc",
    ".envrc.*",
    ".direnv/**",
    ".vscode/tasks.json",
    ".vscode/launch.json",
    ".idea/runConfigurations/**",
    "*/.git/**",
    "*/.git",
    ".gitmodules",
];

/// How many of [`HARD_DENY`] are upstream's own.
pub(crate) const UPSTREAMS_HARD_DENY: usize = 11;

/// A protocol's line between the candidate's files and the project's; the harness protects its own files beside.
#[derive(Debug, Clone)]
pub struct Surface {
    allowed: Vec<Glob>,
    protected: Vec<Protection>,
    /// The same patterns, folded.
    protected_folded: Vec<Protection>,
}

#[derive(Debug, Clone)]
struct Protection {
    glob: Glob,
    directory: Option<(String, Glob)>,
}

impl Surface {
    /// The line that this protocol draws.
    pub fn of(protocol: &Protocol) -> Surface {
        let forbidden = protocol
            .mutable_surface
            .forbidden_globs
            .iter()
            .chain(&protocol.immutable_harness.paths)
            .filter(|_| holds(Rule::ForbiddenPaths));
        let hard_deny = HARD_DENY.into_iter().filter(|_| holds(Rule::HardDeny));
        let patterns: Vec<&str> = forbidden.map(String::as_str).chain(hard_deny).collect();
        let protected = patterns.iter().map(|pattern| Protection::new(pattern)).collect();
        // A set may mean one case alone, so a pattern with one protects what it matches and no other spelling.
        let foldable = patterns.iter().filter(|pattern| !pattern.contains('['));
        let protected_folded = foldable.map(|pattern| Protection::new(&fold(pattern))).collect();
        let allowed = protocol
            .mutable_surface
            .allowed_globs
            .iter()
            .map(|pattern| Glob::new(pattern))
            .collect();
        Surface {
            allowed,
            protected,
            protected_folded,
        }
    }

    /// Whether a candidate's file counts at this path.
    pub fn is_mutable(&self, path: &TreePath) -> bool {
        let allowed = self
            .allowed
            .iter()
            .any(|glob| glob.matches(path.as_str()) || glob.matches(path.name()));
        (allowed || !holds(Rule::AllowedPaths)) && !self.protected.iter().any(|protection| protection.covers(path))
    }

    /// Whether a path is protected in another spelling.
    pub(super) fn protects_another_spelling_of(&self, path: &TreePath) -> bool {
        let folded = TreePath::new(fold(path.as_str()));
        folded.is_ok_and(|folded| {
            self.protected_folded
                .iter()
                .any(|protection| protection.covers(&folded))
        })
    }
}

impl Protection {
    fn new(pattern: &str) -> Protection {
        let directory = directory(pattern).map(|base| (base.to_owned(), Glob::new(base)));
        Protection {
            glob: Glob::new(pattern),
            directory,
        }
    }

    fn covers(&self, path: &TreePath) -> bool {
        let matches =
            |text: &str| self.glob.matches(text) || self.directory.as_ref().is_some_and(|(_, glob)| glob.matches(text));
        let lies_in = self
            .directory
            .as_ref()
            .is_some_and(|(base, _)| lies_in(path.as_str(), base));
        lies_in || matches(path.as_str()) || self.glob.matches(path.name()) || path.ancestors().any(matches)
    }
}
