//! From text to changes.

use std::collections::BTreeSet;
use std::iter::Peekable;

use orv_content::tree::{Executable, TreePath};

use super::hunk::Hunk;
use super::{ChangeKind, FileChange, LONGEST_PATCH, Patch, PatchError, excerpt};

/// A line's number from 1, and its bytes with the line end.
type Line<'a> = (usize, &'a [u8]);

impl Patch {
    /// Reads a patch of at most [`LONGEST_PATCH`] bytes. Text between the changes of two files is left alone.
    ///
    /// # Errors
    /// [`PatchError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, PatchError> {
        if text.len() > LONGEST_PATCH {
            return Err(PatchError::TooLong(text.len()));
        }
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let mut lines = (1..).zip(lines).peekable();
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        let mut preface = Preface::default();
        while let Some((number, line)) = lines.next() {
            if !line.starts_with(b"--- ") {
                preface.take(number, line)?;
                continue;
            }
            let file = file_change((number, line), std::mem::take(&mut preface), &mut lines)?;
            if !seen.insert(file.path.clone()) {
                return Err(PatchError::Twice {
                    line: number,
                    path: file.path,
                });
            }
            files.push(file);
        }
        preface.end()?;
        if files.is_empty() {
            return Err(PatchError::NoChange);
        }
        Ok(Self { files })
    }

    /// The files that it changes, in the order of the text.
    pub fn paths(&self) -> impl Iterator<Item = &TreePath> {
        self.files.iter().map(|file| &file.path)
    }
}

/// What git says about a file in front of its `---`.
#[derive(Default)]
struct Preface {
    executable: Option<Executable>,
    /// Line of a statement that a `---` has to follow.
    pending: Option<usize>,
}

impl Preface {
    fn take(&mut self, line: usize, text: &[u8]) -> Result<(), PatchError> {
        let unsupported = |what| Err(PatchError::Unsupported { line, what });
        let starts = |words: &[&str]| words.iter().any(|word| text.starts_with(word.as_bytes()));
        if starts(&["diff "]) {
            std::mem::take(self).end()?;
        } else if starts(&["rename from ", "rename to "]) {
            return unsupported("a rename");
        } else if starts(&["copy from ", "copy to "]) {
            return unsupported("a copy");
        } else if starts(&["GIT binary patch", "Binary files "]) {
            return unsupported("binary content");
        } else if starts(&["@@ -", "+++ "]) {
            return Err(PatchError::Malformed {
                line,
                expected: "line of a change",
                found: excerpt(text),
            });
        } else if starts(&["old mode ", "deleted file mode "]) {
            self.pending = Some(line);
        } else if let Some(mode) = mode_of(text) {
            self.pending = Some(line);
            self.executable = Some(match mode.trim_ascii_end() {
                b"100755" => Executable::Yes,
                b"100644" => Executable::No,
                _ => return unsupported("a mode other than 100644 or 100755"),
            });
        }
        Ok(())
    }

    fn end(self) -> Result<(), PatchError> {
        self.pending
            .map_or(Ok(()), |line| Err(PatchError::WithoutHunks { line }))
    }
}

fn mode_of(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"new file mode ")
        .or_else(|| text.strip_prefix(b"new mode "))
}

fn file_change<'a>(
    (number, line): Line<'a>,
    preface: Preface,
    lines: &mut Peekable<impl Iterator<Item = Line<'a>>>,
) -> Result<FileChange, PatchError> {
    let old = side_path(line, b"--- ", number)?;
    let second = number + 1;
    let new = match lines.next() {
        Some((_, line)) if line.starts_with(b"+++ ") => side_path(line, b"+++ ", second)?,
        other => {
            let found = excerpt(other.map_or(b"".as_slice(), |(_, line)| line));
            return Err(PatchError::Malformed {
                line: second,
                expected: "\"+++ \" line",
                found,
            });
        }
    };
    let (path, kind) = match (old, new) {
        (None, Some(new)) => (new, ChangeKind::Create),
        (Some(old), None) => (old, ChangeKind::Delete),
        (Some(old), Some(new)) if old == new => (old, ChangeKind::Modify),
        (Some(old), Some(new)) => return Err(PatchError::Renamed { line: second, old, new }),
        (None, None) => {
            return Err(PatchError::Malformed {
                line: second,
                expected: "path",
                found: "/dev/null".into(),
            });
        }
    };
    let hunks = hunks(lines)?;
    if hunks.is_empty() {
        return Err(PatchError::WithoutHunks { line: second });
    }
    Ok(FileChange {
        path,
        kind,
        executable: preface.executable,
        hunks,
    })
}

fn hunks<'a>(lines: &mut Peekable<impl Iterator<Item = Line<'a>>>) -> Result<Vec<Hunk>, PatchError> {
    let mut hunks: Vec<Hunk> = Vec::new();
    while let Some((number, header)) = lines.next_if(|(_, line)| line.starts_with(b"@@ ")) {
        let mut hunk = Hunk::header(header, number)?;
        if hunks
            .last()
            .is_some_and(|above| above.old.end() > hunk.old.before().unwrap_or_default())
        {
            return Err(PatchError::HunkOrder { line: number });
        }
        let mut last = number;
        while hunk.open() {
            let (number, line) = lines.next().ok_or(PatchError::HunkLength { line: last })?;
            last = number;
            take_line(&mut hunk, line).ok_or(PatchError::HunkLength { line: number })?;
        }
        while let Some((number, _)) = lines.next_if(|(_, line)| line.starts_with(b"\\ ")) {
            hunk.cut_line_end().ok_or(PatchError::HunkLength { line: number })?;
        }
        hunks.push(hunk);
    }
    match lines.peek() {
        Some((line, text)) if belongs_to_a_hunk(text) => Err(PatchError::HunkLength { line: *line }),
        _ => Ok(hunks),
    }
}

fn take_line(hunk: &mut Hunk, line: &[u8]) -> Option<()> {
    if line.starts_with(b"\\ ") {
        hunk.cut_line_end()
    } else {
        hunk.push(line)
    }
}

/// A line that a hunk with too small counts would leave behind. `-- ` begins a mail's signature.
fn belongs_to_a_hunk(line: &[u8]) -> bool {
    let header = line.starts_with(b"--- ") || line.starts_with(b"-- \n") || line == b"--\n";
    matches!(line.first(), Some(b' ' | b'+' | b'-')) && !header
}

/// The path of a `---` or `+++` line without its first component; `None` for `/dev/null`.
fn side_path(line: &[u8], prefix: &[u8], number: usize) -> Result<Option<TreePath>, PatchError> {
    let malformed = || PatchError::Malformed {
        line: number,
        expected: "path",
        found: excerpt(line),
    };
    let text = std::str::from_utf8(line).map_err(|_| malformed())?;
    let text = text
        .get(prefix.len()..)
        .ok_or_else(malformed)?
        .trim_end_matches(['\n', '\r']);
    // diff -u puts a tab and a time behind the path; git quotes a path that has unusual characters.
    let path = text.split('\t').next().unwrap_or(text);
    if path.starts_with('"') {
        return Err(malformed());
    }
    if path == "/dev/null" {
        return Ok(None);
    }
    let no_top = || PatchError::NoTopFolder {
        line: number,
        path: path.to_owned(),
    };
    let (_, rest) = path
        .split_once('/')
        .filter(|(top, _)| !top.is_empty())
        .ok_or_else(no_top)?;
    TreePath::new(rest)
        .map(Some)
        .map_err(|source| PatchError::Path { line: number, source })
}
