//! Sets of characters, spelt out: what Python means by `\d`, `\w`, `\s`, by a range, and by a letter without case.

use std::fmt::Write;

use super::PatternProblem;

/// The flags in force at a place of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags {
    pub ignore_case: Switch,
    pub dot_all: Switch,
    pub ascii: Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Switch {
    On,
    #[default]
    Off,
}

/// One of Python's categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    Space,
    Word,
}

/// Whether a set is meant or everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Inside,
    Outside,
}

impl Category {
    /// Its members, as they stand between brackets. Python: `str.isdecimal`, `str.isspace`, `str.isalnum` and `_`.
    fn members(self, ascii: Switch) -> &'static str {
        match (self, ascii) {
            (Category::Digit, Switch::Off) => r"\p{Nd}",
            (Category::Digit, Switch::On) => "0-9",
            (Category::Space, Switch::Off) => r"\s\x1c-\x1f",
            (Category::Space, Switch::On) => r"\t\n\x0b\x0c\r\x20",
            (Category::Word, Switch::Off) => r"\p{L}\p{N}_",
            (Category::Word, Switch::On) => "0-9A-Za-z_",
        }
    }

    fn set(self, side: Side, ascii: Switch) -> String {
        match side {
            Side::Inside => format!("[{}]", self.members(ascii)),
            Side::Outside => format!("[^{}]", self.members(ascii)),
        }
    }
}

/// One member of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Range(char, char),
    Category(Category, Side),
}

impl Member {
    pub(super) fn is_ascii(&self) -> bool {
        match self {
            Member::Range(_, last) => last.is_ascii(),
            Member::Category(..) => true,
        }
    }
}

/// A set in the engine's syntax, every character by its number.
pub(super) fn set(members: &[Member], side: Side, flags: Flags) -> Result<String, PatternProblem> {
    let mut text = String::from(match side {
        Side::Inside => "[",
        Side::Outside => "[^",
    });
    for member in members {
        match *member {
            Member::Category(category, side) => text.push_str(&category.set(side, flags.ascii)),
            Member::Range(first, last) => {
                range(&mut text, first, last);
                if flags.ignore_case == Switch::On {
                    other_cases(&mut text, first, last, flags.ascii)?;
                }
            }
        }
    }
    text.push(']');
    Ok(text)
}

/// One character.
pub(super) fn literal(letter: char, flags: Flags) -> Result<String, PatternProblem> {
    if flags.ignore_case == Switch::On && (letter.is_ascii_alphabetic() || !letter.is_ascii()) {
        return set(&[Member::Range(letter, letter)], Side::Inside, flags);
    }
    Ok(format!("\\x{{{:x}}}", u32::from(letter)))
}

fn range(text: &mut String, first: char, last: char) {
    // Writing to memory cannot fail.
    let _ = write!(text, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(first), u32::from(last));
}

/// What a range matches beyond itself without case. Python lowers a character and compares, with a few equivalents:
/// to it `İ` and `ı` are an `i`, `ſ` an `s`, the Kelvin sign a `k`.
fn other_cases(text: &mut String, first: char, last: char, ascii: Switch) -> Result<(), PatternProblem> {
    if !last.is_ascii() {
        return Err(PatternProblem::CaseBeyondAscii);
    }
    for letter in (first..=last).filter(char::is_ascii_alphabetic) {
        let (lower, upper) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
        range(text, lower, lower);
        range(text, upper, upper);
        let beyond = match (ascii, lower) {
            (Switch::Off, 'i') => "\u{130}\u{131}",
            (Switch::Off, 's') => "\u{17f}",
            (Switch::Off, 'k') => "\u{212a}",
            _ => "",
        };
        beyond.chars().for_each(|letter| range(text, letter, letter));
    }
    Ok(())
}
