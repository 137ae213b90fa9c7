//! One hunk: header and lines.

use super::{PatchError, excerpt};

/// A run of lines that changes. Starts count from 1; a hunk without lines on one side names the line before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) old: Span,
    pub(super) new: Span,
    pub(super) lines: Vec<HunkLine>,
    /// Lines of each file that have been taken.
    taken: (u64, u64),
}

/// Where a hunk lies in one of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Span {
    /// Lines of the file in front of the hunk; `None` where the header contradicts itself.
    pub(super) fn before(self) -> Option<u64> {
        if self.length == 0 {
            Some(self.start)
        } else {
            self.start.checked_sub(1)
        }
    }

    /// Lines of the file up to the hunk's end.
    pub(super) fn end(self) -> u64 {
        self.before().unwrap_or_default().saturating_add(self.length)
    }
}

/// One line of a hunk, with its line end where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HunkLine {
    pub(super) side: Side,
    pub(super) text: Vec<u8>,
}

/// In which of the two files a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Both,
    Old,
    New,
}

impl Hunk {
    /// Reads `@@ -1,2 +3,4 @@` and whatever follows on the line.
    pub(super) fn header(line: &[u8], number: usize) -> Result<Self, PatchError> {
        let spans = || {
            let text = std::str::from_utf8(line.strip_prefix(b"@@ -")?).ok()?;
            let (spans, _) = text.split_once(" @@")?;
            let (old, new) = spans.split_once(" +")?;
            Some((span(old)?, span(new)?))
        };
        let (old, new) = spans()
            .filter(|(old, new)| old.before().is_some() && new.before().is_some())
            .ok_or_else(|| PatchError::Malformed {
                line: number,
                expected: "hunk header",
                found: excerpt(line),
            })?;
        Ok(Self {
            old,
            new,
            lines: Vec::new(),
            taken: (0, 0),
        })
    }

    /// Lines still missing on either side.
    pub(super) fn open(&self) -> bool {
        self.taken.0 < self.old.length || self.taken.1 < self.new.length
    }

    /// Takes one line; `None` where it cannot belong to the hunk.
    pub(super) fn push(&mut self, line: &[u8]) -> Option<()> {
        let (side, text) = match line.split_first()? {
            (b' ', text) => (Side::Both, text),
            (b'-', text) => (Side::Old, text),
            (b'+', text) => (Side::New, text),
            // Mailers strip the blank of an empty context line.
            (b'\n', []) => (Side::Both, line),
            _ => return None,
        };
        self.lines.push(HunkLine {
            side,
            text: text.to_vec(),
        });
        self.taken.0 += u64::from(side != Side::New);
        self.taken.1 += u64::from(side != Side::Old);
        (self.taken.0 <= self.old.length && self.taken.1 <= self.new.length).then_some(())
    }

    /// `\ No newline at end of file`: the last line loses its line end.
    pub(super) fn cut_line_end(&mut self) -> Option<()> {
        let last = self.lines.last_mut()?;
        (last.text.pop()? == b'\n').then_some(())
    }
}

fn span(text: &str) -> Option<Span> {
    let (start, length) = text.split_once(',').unwrap_or((text, "1"));
    Some(Span {
        start: number(start)?,
        length: number(length)?,
    })
}

fn number(text: &str) -> Option<u64> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
