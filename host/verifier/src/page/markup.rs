//! HTML that cannot be broken out of: only literals of this program are written as they are.

use std::fmt::{Display, Write};

/// A piece of a page. Whatever is not a literal goes through [`Markup::text`].
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Writes tags.
    pub(super) fn raw(&mut self, tags: &'static str) {
        self.0.push_str(tags);
    }

    /// Writes a value, safe between tags and inside a quoted attribute.
    pub(super) fn text(&mut self, value: impl Display) {
        // Writing to a string does not fail, and neither does showing what is shown here.
        let _ = write!(Escaping(&mut self.0), "{value}");
    }

    /// Everything that was written.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Neither terminal controls nor marks that turn the direction of what follows.
                letter if is_unseen(letter) => self.0.push('\u{fffd}'),
                letter => self.0.push(letter),
            }
        }
        Ok(())
    }
}

fn is_unseen(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `markup!(out; "<b>" (name) "</b>")`: literals are tags, what is in parentheses is text.
macro_rules! markup {
    (@ $out:expr;) => {};
    (@ $out:expr; $tags:literal $($rest:tt)*) => {
        $out.raw($tags);
        markup!(@ $out; $($rest)*);
    };
    (@ $out:expr; ($value:expr) $($rest:tt)*) => {
        $out.text(&$value);
        markup!(@ $out; $($rest)*);
    };
    ($out:expr; $($parts:tt)*) => {{
        markup!(@ $out; $($parts)*);
    }};
}
pub(super) use markup;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_stays_text_between_tags_and_in_an_attribute() {
        let mut out = Markup::default();
        let name = "<script>alert('1')</script>\" onload=\"x";
        markup!(out; "<b title=\"" (name) "\">" (name) "</b>");
        let html = out.finish();
        assert_eq!(html.matches('<').count(), 2, "{html}");
        assert_eq!(html.matches('"').count(), 2, "{html}");
    }

    #[test]
    fn what_turns_the_direction_of_text_is_shown_as_unknown() {
        let mut out = Markup::default();
        out.text("a\u{202e}b\u{1b}[31mc\n");
        assert_eq!(out.finish(), "a\u{fffd}b\u{fffd}[31mc\n");
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag_or_ends_an_attribute(text in "\\PC{0,60}") {
            let mut out = Markup::default();
            out.text(&text);
            let html = out.finish();
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
        }
    }
}
