//! Names that look like another, or that another file system would take for it.

use std::collections::{BTreeMap, BTreeSet};

use orv_content::tree::{TreePath, folded};
use unicode_normalization::UnicodeNormalization;

/// A form that is the same for all names that differ only in case, in how characters are composed, in compatibility
/// forms (`ｂench` and `bench`), or in characters that nobody sees. By the Unicode tables of the build: enclave and
/// auditor of one release have the same.
pub(super) fn fold(name: &str) -> String {
    if name.is_ascii() {
        folded(name)
    } else {
        folded(&name.nfkd().filter(|letter| !is_invisible(*letter)).collect::<String>())
    }
}

/// What a reader does not see: Unicode's `Default_Ignorable_Code_Point`.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// How the project spells its own files and the directories above them.
#[derive(Debug, Default)]
pub(super) struct Spellings(BTreeMap<String, BTreeSet<String>>);

impl Spellings {
    /// Of these files.
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a TreePath>) -> Spellings {
        let mut spellings = Spellings::default();
        for path in paths {
            for name in path.ancestors().chain([path.as_str()]) {
                spellings.0.entry(fold(name)).or_default().insert(name.to_owned());
            }
        }
        spellings
    }

    /// Whether the path, or a directory above it, is another spelling of one of them.
    pub(super) fn are_imitated_by(&self, path: &TreePath) -> bool {
        path.ancestors().chain([path.as_str()]).any(|name| {
            self.0
                .get(&fold(name))
                .is_some_and(|spellings| !spellings.contains(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_confused_fold_to_one() {
        for (one, other) in [
            ("BENCH.py", "bench.py"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("\u{ff42}ench", "bench"),
            ("\u{fb01}le", "file"),
            (".g\u{200c}it", ".git"),
            ("LICENSE\u{200b}", "LICENSE"),
            ("bench\u{ad}.py", "bench.py"),
            ("bench.py\u{fe0f}", "bench.py"),
            ("bench.py\u{e0061}", "bench.py"),
            ("Stra\u{df}e", "STRASSE"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("bench.py"), fold("bench_py"));
    }
}
