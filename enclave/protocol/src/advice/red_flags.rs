//! Upstream's red flags (openresearch.md 5.2): patterns that it looks for in texts.

use std::sync::LazyLock;

use orv_content::tree::TreePath;

use crate::metric::Pattern;

/// Upstream's patterns: the eight of the first generation, then those that came later. Two that one variant adds
/// (`process\.env`, `os\.environ`) are left out: seeds reach a run by its environment.
pub const RED_FLAGS: [&str; 28] = [
    r"BASELINE_METRIC=\s*[^\n]*fake",
    r"curl\s+http",
    r"wget\s+http",
    r"requests\.get\(",
    r#"subprocess\.call\(\s*\[\s*["']curl"#,
    r"eval\s*\(",
    r"exec\s*\(",
    r#"__import__\s*\(\s*['"]os['"]"#,
    r"GITHUB_TOKEN",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"AWS_SECRET_ACCESS_KEY",
    r"OPENAI_API_KEY",
    r"ANTHROPIC_API_KEY",
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----",
    r"chmod\s+[+]x\s+.*postinstall",
    r"postinstall",
    r"preinstall",
    r"sleep\s*\(\s*[0-9]+",
    r"time\.sleep\s*\(\s*[0-9]+",
    r"setTimeout\s*\([^,]+,\s*[0-9]{4,}",
    r"BASELINE_METRIC\s*=",
    r"AGGREGATE_METRIC\s*=",
    r"benchmark.*skip",
    r"skip.*benchmark",
    r"hardcoded.*metric",
    r"fixture.*detect",
    r"__pycache__",
];

/// Ends of names that upstream reads.
const SCANNED: [&str; 14] = [
    ".py",
    ".sh",
    ".md",
    ".txt",
    ".c",
    ".h",
    ".cpp",
    ".cc",
    ".rs",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    "Dockerfile",
];

/// A test sees that all of them compile.
static COMPILED: LazyLock<Vec<(&'static str, Pattern)>> = LazyLock::new(|| {
    RED_FLAGS
        .iter()
        .filter_map(|text| Some((*text, Pattern::try_from((*text).to_owned()).ok()?)))
        .collect()
});

/// Whether upstream looks into a file of this name.
pub(super) fn is_scanned(path: &TreePath) -> bool {
    SCANNED.iter().any(|end| path.name().ends_with(end))
}

/// The red flags that a text has, in the list's order.
pub(super) fn of_text(content: &[u8]) -> impl Iterator<Item = &'static str> {
    let text = String::from_utf8_lossy(content).into_owned();
    COMPILED
        .iter()
        .filter(move |(_, pattern)| pattern.is_in(&text))
        .map(|(written, _)| *written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_red_flag_compiles() {
        assert_eq!(COMPILED.len(), RED_FLAGS.len());
    }
}
