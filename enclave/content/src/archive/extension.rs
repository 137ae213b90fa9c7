//! Extended headers: pax records (POSIX.1-2001) and GNU long names.

use super::ArchiveError;
use crate::weakened::{Rule, holds};

/// Most bytes of an extended header: two paths of the greatest length with room for times and names.
pub(super) const LIMIT: u64 = 64 * 1024;

/// pax keys that change neither name, nor type, nor content.
const IGNORED: [&str; 10] = [
    "atime",
    "comment",
    "ctime",
    "gid",
    "gname",
    "mtime",
    "uid",
    "uname",
    "LIBARCHIVE.creationtime",
    "SCHILY.fflags",
];
const IGNORED_PREFIXES: [&str; 2] = ["LIBARCHIVE.xattr.", "SCHILY.xattr."];

/// What extended headers say about the entry after them.
#[derive(Debug, Default)]
pub(super) struct Extension {
    pub path: Option<String>,
    pub link: Option<String>,
    pub size: Option<u64>,
}

impl Extension {
    pub fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.size.is_none()
    }

    /// Takes over the records of a pax header: `LENGTH KEY=VALUE\n`, the length counting the whole record.
    pub fn read_pax(&mut self, data: &[u8], offset: usize) -> Result<(), ArchiveError> {
        each_record(data, offset, |key, value| match key {
            "path" => set(&mut self.path, value.to_owned(), key, offset),
            "linkpath" => set(&mut self.link, value.to_owned(), key, offset),
            "size" => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let size = value.parse().ok().filter(|_| digits);
                set(
                    &mut self.size,
                    size.ok_or(ArchiveError::ExtensionSyntax { offset })?,
                    key,
                    offset,
                )
            }
            _ => ignore(key, offset),
        })
    }

    /// Takes over a GNU long name (`L`).
    pub fn read_long_name(&mut self, data: &[u8], offset: usize) -> Result<(), ArchiveError> {
        set(&mut self.path, long_text(data, offset)?, "path", offset)
    }

    /// Takes over a GNU long link (`K`).
    pub fn read_long_link(&mut self, data: &[u8], offset: usize) -> Result<(), ArchiveError> {
        set(&mut self.link, long_text(data, offset)?, "linkpath", offset)
    }
}

/// Checks a global pax header, which may hold only keys that are ignored; `git archive` puts its commit there.
pub(super) fn check_global(data: &[u8], offset: usize) -> Result<(), ArchiveError> {
    each_record(data, offset, |key, _| ignore(key, offset))
}

fn ignore(key: &str, offset: usize) -> Result<(), ArchiveError> {
    let ignored = IGNORED.contains(&key) || IGNORED_PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    if ignored || !holds(Rule::KnownExtensions) {
        return Ok(());
    }
    Err(ArchiveError::ExtensionKey {
        offset,
        key: key.to_owned(),
    })
}

fn set<T>(place: &mut Option<T>, value: T, key: &str, offset: usize) -> Result<(), ArchiveError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ArchiveError::ExtensionRepeated {
            offset,
            key: key.to_owned(),
        }),
    }
}

fn each_record(
    mut data: &[u8],
    offset: usize,
    mut take: impl FnMut(&str, &str) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let malformed = ArchiveError::ExtensionSyntax { offset };
    while !data.is_empty() {
        let (record, rest) = split_record(data).ok_or_else(|| malformed.clone())?;
        data = rest;
        let equals = record
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(|| malformed.clone())?;
        let (key, value) = record.split_at(equals);
        let key = std::str::from_utf8(key).map_err(|_| malformed.clone())?;
        // Ignored values, such as extended attributes, may be any bytes.
        match std::str::from_utf8(value.get(1..).unwrap_or_default()) {
            Ok(value) => take(key, value)?,
            Err(_) if ignore(key, offset).is_ok() => {}
            Err(_) => return Err(ArchiveError::NotUtf8 { offset }),
        }
    }
    Ok(())
}

/// The first record's `KEY=VALUE`, and what follows the record.
fn split_record(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = data.iter().take(8).position(|byte| *byte == b' ')?;
    let digits = data.get(..space)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (record, rest) = data.split_at_checked(length)?;
    Some((record.get(space + 1..)?.strip_suffix(b"\n")?, rest))
}

/// A text with one NUL after it.
fn long_text(data: &[u8], offset: usize) -> Result<String, ArchiveError> {
    let text = data
        .strip_suffix(&[0])
        .ok_or(ArchiveError::ExtensionSyntax { offset })?;
    std::str::from_utf8(text)
        .map(str::to_owned)
        .map_err(|_| ArchiveError::NotUtf8 { offset })
}
