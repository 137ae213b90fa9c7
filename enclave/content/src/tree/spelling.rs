//! Which names a file system may take for one another.

use unicode_normalization::UnicodeNormalization;

/// A form that is equal for all names that differ only in case, in how characters are composed, or in characters that
/// nobody sees: what is several files on one file system is one file on another, and which of them it is then depends
/// on the order of writing.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    // Upper case first, because some letters meet only there: the long s, the final sigma.
    let visible = name.nfd().filter(|character| !is_ignorable(*character));
    let upper = visible.flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfd().collect()
}

/// What HFS+ leaves out of its comparison of names.
fn is_ignorable(character: char) -> bool {
    matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_file_system_may_confuse_fold_to_one() {
        for (one, other) in [
            ("README", "readme"),
            ("ÄRGER", "ärger"),
            ("\u{e9}", "e\u{301}"),
            ("\u{c9}", "e\u{301}"),
            ("straße", "STRASSE"),
            ("\u{17f}", "s"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{212a}", "k"),
            ("a\u{200d}b", "ab"),
            ("\u{1e9b}\u{323}", "\u{1e9b}\u{323}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn other_names_stay_apart() {
        for (one, other) in [("a", "b"), ("\u{e9}", "e"), ("a/b", "a-b"), ("日", "本")] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }
}
