//! Names that look like another, or that another file system would take for it.

use std::collections::{BTreeMap, BTreeSet};

use orv_content::tree::{TreePath, folded};
use unicode_normalization::UnicodeNormalization;

/// A form that is the same for all names that differ only in case, in how characters are composed, in compatibility
/// forms (`ｂench` and `bench`), or in characters that nobody sees.
pub(super) fn fold(name: &str) -> String {
    if name.is_ascii() {
        folded(name)
    } else {
        folded(&name.nfkd().collect::<String>())
    }
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
            ("Stra\u{df}e", "STRASSE"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("bench.py"), fold("bench_py"));
    }
}
