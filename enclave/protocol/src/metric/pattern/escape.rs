//! What stands behind a backslash.

use super::class::{Category, Side};
use super::parser::Parser;
use super::{PatternError, PatternProblem};

/// Something escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escaped {
    Letter(char),
    Category(Category, Side),
    /// `\A`, outside of sets.
    TextStart,
    /// `\Z`, outside of sets.
    TextEnd,
    /// `\b` and `\B`, outside of sets.
    Boundary(Side),
}

/// Where an escape stands: the same letters mean other things between brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Sequence,
    Set,
}

impl Parser<'_> {
    /// Reads what follows a backslash that has been taken.
    pub(super) fn escape(&mut self, place: Place) -> Result<Escaped, PatternError> {
        let begin = self.at().saturating_sub(1);
        let Some(letter) = self.take() else {
            return Err(self.error_at(begin, PatternProblem::Escape { escape: "\\".into() }));
        };
        let category = |category, side| Ok(Escaped::Category(category, side));
        match letter {
            'd' => category(Category::Digit, Side::Inside),
            'D' => category(Category::Digit, Side::Outside),
            's' => category(Category::Space, Side::Inside),
            'S' => category(Category::Space, Side::Outside),
            'w' => category(Category::Word, Side::Inside),
            'W' => category(Category::Word, Side::Outside),
            'A' if place == Place::Sequence => Ok(Escaped::TextStart),
            'Z' if place == Place::Sequence => Ok(Escaped::TextEnd),
            'b' if place == Place::Sequence => Ok(Escaped::Boundary(Side::Inside)),
            'B' if place == Place::Sequence => Ok(Escaped::Boundary(Side::Outside)),
            'N' => Err(self.error_at(begin, PatternProblem::NamedCharacter)),
            'x' => self.hexadecimal(begin, 2),
            'u' => self.hexadecimal(begin, 4),
            'U' => self.hexadecimal(begin, 8),
            '0'..='9' => self.number(begin, letter, place),
            _ => simple(letter)
                .map(Escaped::Letter)
                .ok_or_else(|| self.refused_escape(begin)),
        }
    }

    fn refused_escape(&self, begin: usize) -> PatternError {
        let escape = self.written(begin, self.at());
        self.error_at(begin, PatternProblem::Escape { escape })
    }

    fn hexadecimal(&mut self, begin: usize, digits: usize) -> Result<Escaped, PatternError> {
        let mut number = 0_u32;
        for _ in 0..digits {
            let digit = self.take().and_then(|letter| letter.to_digit(16));
            let shifted = number.checked_mul(16);
            match (digit, shifted) {
                (Some(digit), Some(shifted)) => number = shifted | digit,
                _ => return Err(self.refused_escape(begin)),
            }
        }
        // Half of a surrogate pair is no character, and no text that was decoded has one.
        char::from_u32(number)
            .map(Escaped::Letter)
            .ok_or_else(|| self.refused_escape(begin))
    }

    /// Octal as Python tells it from a reference: a leading zero, three digits, or any octal digit in a set.
    fn number(&mut self, begin: usize, first: char, place: Place) -> Result<Escaped, PatternError> {
        let octal = |letter: Option<char>| letter.and_then(|letter| letter.to_digit(8));
        let Some(leading) = octal(Some(first)) else {
            return Err(match place {
                Place::Sequence => self.error_at(begin, PatternProblem::BackReference),
                Place::Set => self.refused_escape(begin),
            });
        };
        let (second, third) = (octal(self.peek()), octal(self.peek_second()));
        let is_octal = place == Place::Set || leading == 0 || (second.is_some() && third.is_some());
        if !is_octal {
            return Err(self.error_at(begin, PatternProblem::BackReference));
        }
        let mut number = leading;
        for digit in [second, second.and(third)].into_iter().flatten() {
            number = number * 8 + digit;
            self.take();
        }
        match char::from_u32(number) {
            Some(letter) if number <= 0o377 => Ok(Escaped::Letter(letter)),
            _ => Err(self.refused_escape(begin)),
        }
    }
}

/// A letter with a meaning of its own, or a sign that means itself. Other ASCII letters are reserved in Python.
fn simple(letter: char) -> Option<char> {
    match letter {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        letter if letter.is_ascii_alphabetic() => None,
        letter => Some(letter),
    }
}
