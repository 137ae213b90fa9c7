//! Lines and columns of a file.

use std::fmt;

/// A place in a text, both from 1 on; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Of a byte of a text; one beyond the end is the end.
    pub fn of(text: &str, byte: usize) -> Self {
        let mut end = byte.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_columns_begin_at_one_and_count_characters() {
        let text = "a\näb = 1\n";
        for (byte, line, column) in [(0, 1, 1), (2, 2, 1), (4, 2, 2), (999, 3, 1)] {
            assert_eq!(Place::of(text, byte), Place { line, column }, "byte {byte}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_any_text_has_a_place(text in ".{0,60}", byte in 0_usize..200) {
            let place = Place::of(&text, byte);
            prop_assert!(place.line >= 1 && place.column >= 1);
        }
    }
}
