//! Upstream's file patterns: Python's `fnmatch` over the text of a path, case-sensitive.
//!
//! `*` is any run of characters, `/` among them, so `**` has no meaning of its own; `?` is one character; `[…]` is one
//! of a set, `[!…]` one outside of it; a bracket that never closes stands for itself (openresearch.md 5.1).

/// A compiled pattern. Matching takes at most the product of both lengths.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone)]
enum Token {
    Run,
    One,
    Letter(char),
    Set {
        matches: SetMatch,
        ranges: Vec<(char, char)>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetMatch {
    Inside,
    Outside,
}

impl Token {
    fn accepts(&self, letter: char) -> bool {
        match self {
            Token::Run => false,
            Token::One => true,
            Token::Letter(expected) => *expected == letter,
            Token::Set { matches, ranges } => {
                let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                inside == (*matches == SetMatch::Inside)
            }
        }
    }
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Glob {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars();
        while let Some(letter) = rest.next() {
            tokens.push(match letter {
                '*' => Token::Run,
                '?' => Token::One,
                '[' => match set(rest.as_str()) {
                    Some((token, after)) => {
                        rest = after.chars();
                        token
                    }
                    None => Token::Letter('['),
                },
                other => Token::Letter(other),
            });
        }
        Glob { tokens }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        let (mut token, mut letter) = (0, 0);
        // After the last run: its next token, and the first letter that the run does not yet swallow.
        let mut run: Option<(usize, usize)> = None;
        loop {
            match (self.tokens.get(token), letters.get(letter)) {
                (Some(Token::Run), _) => {
                    token += 1;
                    run = Some((token, letter));
                    continue;
                }
                (Some(expected), Some(found)) if expected.accepts(*found) => {
                    token += 1;
                    letter += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match run {
                Some((after, swallowed)) if swallowed < letters.len() => {
                    run = Some((after, swallowed + 1));
                    (token, letter) = (after, swallowed + 1);
                }
                _ => return false,
            }
        }
    }
}

/// A set from behind its opening bracket, and what follows its closing one.
fn set(text: &str) -> Option<(Token, &str)> {
    let (matches, body) = match text.strip_prefix('!') {
        Some(body) => (SetMatch::Outside, body),
        None => (SetMatch::Inside, text),
    };
    // A closing bracket in the first place is a member.
    let first = if body.starts_with(']') { 1 } else { 0 };
    let end = first + body.get(first..)?.find(']')?;
    let members: Vec<char> = body.get(..end)?.chars().collect();
    let mut ranges = Vec::new();
    let mut left = members.as_slice();
    loop {
        left = match left {
            [low, '-', high, after @ ..] => {
                ranges.push((*low, *high));
                after
            }
            [letter, after @ ..] => {
                ranges.push((*letter, *letter));
                after
            }
            [] => break,
        };
    }
    Some((Token::Set { matches, ranges }, body.get(end + 1..)?))
}

/// The directory that a pattern like `tests/**` or `tests/` speaks of: the pattern without the slashes and stars at its
/// end, `None` where nothing is left.
pub(crate) fn directory(pattern: &str) -> Option<&str> {
    Some(pattern.trim_end_matches(['/', '*'])).filter(|base| !base.is_empty())
}

/// Whether `path` is `directory` or lies beneath it.
pub(crate) fn lies_in(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_as_pythons_fnmatch_does() {
        for (pattern, text, expected) in [
            ("tests/**", "tests/x/y.py", true),
            ("tests/**", "tests", false),
            ("*.py", "a/b/c.py", true),
            ("a?c", "a/c", true),
            ("a?c", "ac", false),
            ("[ab].py", "b.py", true),
            ("[!ab].py", "b.py", false),
            ("[a-c]x", "bx", true),
            ("[a-c-e]", "-", true),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[b-a]", "b", false),
            ("[!b-a]", "b", true),
            ("[a", "[a", true),
            ("[]", "[]", true),
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxx", false),
            ("É*", "État", true),
            ("A.py", "a.py", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_stars_takes_no_exponential_time() {
        let pattern = "*a".repeat(200);
        assert!(!Glob::new(&pattern).matches(&"a".repeat(199)));
        assert!(Glob::new(&pattern).matches(&"a".repeat(4000)));
    }

    proptest! {
        #[test]
        fn plain_text_matches_itself_alone(text in "[a-z/._é-]{0,20}", other in "[a-z/._é-]{0,20}") {
            prop_assert!(Glob::new(&text).matches(&text));
            prop_assert_eq!(Glob::new(&text).matches(&other), text == other);
        }

        #[test]
        fn no_pattern_panics(pattern in "[\\[\\]!*?a-c-]{0,12}", text in "[a-c\\]\\[-]{0,8}") {
            let _ = Glob::new(&pattern).matches(&text);
        }
    }
}
