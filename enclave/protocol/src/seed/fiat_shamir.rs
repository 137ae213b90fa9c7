//! Upstream's seed from the submitted files, byte for byte (openresearch.md 4.6).

use std::collections::VecDeque;

use bytes::Bytes;
use orv_content::tree::{Node, Tree, TreePath};
use orv_content::{Sha256, Sha256Hasher};

use crate::document::{Protocol, SeedBits, SeedMode};
use crate::glob::{Glob, directory, lies_in};

/// The variable that hands a seed to a run where the protocol names none (openresearch.md 3.1).
pub const UPSTREAM_VARIABLE: &str = "ARAH_TRIAL_SEED";

/// Directories that upstream's walk does not enter.
const SKIPPED: [&str; 6] = [".git", ".autoresearch", "__pycache__", "node_modules", ".venv", "venv"];

/// Links that are followed for one file, as many as Linux follows.
const MOST_LINKS: u32 = 40;

/// A seed from the candidate's own files, by upstream's layout (openresearch.md 4.6).
///
/// The candidate's author knows it beforehand and can grind for a lucky one, so a receipt says so where it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiatShamir {
    /// The whole hash.
    pub digest: Sha256,
    /// Its last bytes as a number, which is the seed.
    pub seed: u64,
}

/// Why a protocol's seed cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Nothing says which files are hashed.
    #[error("seed from files without a pattern that names any")]
    NoPatterns,
}

/// The seed of the files that the patterns name: a pattern matches the whole path as `fnmatch` does, or names a
/// directory that the file is or lies in. Links to files are followed inside the tree; links that lead to none are
/// left out.
///
/// # Errors
/// No patterns at all.
pub fn fiat_shamir(tree: &Tree, patterns: &[String], salt: &str, bits: SeedBits) -> Result<FiatShamir, SeedError> {
    if patterns.is_empty() {
        return Err(SeedError::NoPatterns);
    }
    let globs: Vec<(Glob, Option<&str>)> = patterns
        .iter()
        .map(|pattern| (Glob::new(pattern), directory(pattern)))
        .collect();
    let named = |path: &str| {
        globs
            .iter()
            .any(|(glob, base)| glob.matches(path) || base.is_some_and(|base| lies_in(path, base)))
    };
    let mut hasher = Sha256Hasher::new();
    hasher.update(b"openresearch/seed/v1\n");
    hasher.update(salt.as_bytes());
    hasher.update(b"\n");
    // A tree's order is that of the paths' bytes, which for UTF-8 is the order of code points, as upstream sorts.
    for (path, node) in tree.iter().filter(|(path, _)| is_walked(path) && named(path.as_str())) {
        let Some(content) = content(tree, path, node) else {
            continue;
        };
        let letters = path.as_str().chars().count();
        let digest = Sha256::of(&content).to_string();
        let digits = digest.strip_prefix("0x").unwrap_or(&digest);
        hasher.update(format!("{letters}:{path}\n{digits}\n").as_bytes());
    }
    let digest = hasher.finish();
    let last = digest.0.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let seed = match bits {
        SeedBits::SixtyFour => last,
        SeedBits::ThirtyTwo => last & u64::from(u32::MAX),
    };
    Ok(FiatShamir { digest, seed })
}

fn is_walked(path: &TreePath) -> bool {
    path.parent()
        .is_none_or(|parent| !parent.split('/').any(|part| SKIPPED.contains(&part)))
}

fn content(tree: &Tree, path: &TreePath, node: &Node) -> Option<Bytes> {
    match node {
        Node::File { content, .. } => Some(content.clone()),
        Node::Symlink { target } => follow(tree, path, target),
    }
}

/// The file that a link leads to, through whatever links stand on the way.
fn follow(tree: &Tree, link: &TreePath, target: &str) -> Option<Bytes> {
    let mut place: Vec<String> = link.parent().map(split).unwrap_or_default();
    let mut ahead: VecDeque<String> = split(target).into();
    let mut links = 1;
    while let Some(part) = ahead.pop_front() {
        if part == ".." {
            place.pop()?;
            continue;
        }
        place.push(part);
        match tree.get(&TreePath::new(place.join("/")).ok()?) {
            None => {}
            Some(Node::File { content, .. }) => return ahead.is_empty().then(|| content.clone()),
            Some(Node::Symlink { target }) => {
                links += 1;
                if links > MOST_LINKS {
                    return None;
                }
                place.pop();
                split(target).into_iter().rev().for_each(|part| ahead.push_front(part));
            }
        }
    }
    None
}

fn split(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect()
}

/// A seed as a run of a shared project receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedVariable {
    /// Name of the environment variable.
    pub name: String,
    /// The seed in decimal.
    pub value: String,
}

/// The seed that a protocol fixes for its runs, `None` where it fixes none. Derived once from the composed tree, before
/// any preparation writes into it.
///
/// # Errors
/// The protocol wants a seed from files and names none.
pub fn seed_variable(protocol: &Protocol, tree: &Tree) -> Result<Option<SeedVariable>, SeedError> {
    let determinism = protocol.execution.determinism.as_ref();
    let Some(derivation) = determinism.and_then(|determinism| determinism.seed_derivation.as_ref()) else {
        return Ok(None);
    };
    let seed = match derivation.mode {
        SeedMode::None => return Ok(None),
        SeedMode::Fixed => derivation.fixed_seed.unwrap_or(0),
        SeedMode::FiatShamir => {
            let patterns = derivation
                .source_paths
                .as_ref()
                .unwrap_or(&protocol.mutable_surface.allowed_globs);
            let salt = derivation.salt.as_deref().unwrap_or("");
            fiat_shamir(tree, patterns, salt, derivation.seed_bits.unwrap_or_default())?.seed
        }
    };
    let name = derivation
        .env_var
        .as_ref()
        .map_or(UPSTREAM_VARIABLE, |name| name.as_str());
    Ok(Some(SeedVariable {
        name: name.to_owned(),
        value: seed.to_string(),
    }))
}
