//! Where words begin and end: Python and our engine disagree about a few hundred characters.
//!
//! To Python a word is made of letters, numbers and `_`; to the engine also of combining marks, joiners and connecting
//! punctuation, but not of numbers like `²`. Before a pattern that asks for boundaries is searched for, each such
//! character is replaced by one about which both agree. No pattern sees the difference otherwise: one that asks for
//! boundaries has no character beyond ASCII of its own ([`super::PatternProblem::BoundaryBeyondAscii`]).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::Boundaries;

/// To Python no part of a word, to the engine one.
static ONLY_OURS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\w--[\p{L}\p{N}_]]").ok());
/// To Python a part of a word, to the engine none.
static ONLY_PYTHONS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[[\p{L}\p{N}_]--\w]").ok());

/// A character that is no part of a word to either, and one that is to both; neither is ASCII, a digit or a space.
const NO_WORD: &str = "\u{fffd}";
const WORD: &str = "\u{aa}";

/// The text with every character replaced about which the two disagree, where the pattern asks for boundaries.
pub(super) fn told_apart(text: &str, boundaries: Boundaries) -> Cow<'_, str> {
    if boundaries == Boundaries::NotAsked || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    match (ONLY_OURS.as_ref(), ONLY_PYTHONS.as_ref()) {
        (Some(ours), Some(pythons)) => {
            let text = ours.replace_all(text, NO_WORD);
            Cow::Owned(pythons.replace_all(&text, WORD).into_owned())
        }
        // Both are constants that a test compiles.
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_which_engines_disagree_are_replaced_only_for_boundaries() {
        assert!(ONLY_OURS.is_some() && ONLY_PYTHONS.is_some());
        let text = "a\u{301}b\u{203f}c\u{b2}d";
        assert_eq!(told_apart(text, Boundaries::NotAsked), text);
        assert_eq!(told_apart(text, Boundaries::Asked), "a\u{fffd}b\u{fffd}c\u{aa}d");
    }
}
