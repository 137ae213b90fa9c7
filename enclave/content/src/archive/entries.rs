//! The entries of a plain tar, one after the other.

use std::ops::Range;

use super::ArchiveError;
use super::extension::{self, Extension};
use super::header::{BLOCK, Header, is_blank};
use crate::tree::TreePath;
use crate::weakened::{Rule, holds};

/// The types of entries that anybody here can use; all others are refused while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Directory,
    Symlink,
    HardLink,
}

/// One entry, its extended headers applied.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    name: String,
    pub kind: EntryKind,
    pub mode: u32,
    /// Text of a symbolic link, or name of a hard link's target; empty for others.
    pub link: String,
    /// Where the content lies in the archive.
    pub data: Range<usize>,
}

impl Entry {
    /// The path, `./` in front and a directory's slash at the end taken off; `None` for the top directory itself.
    pub fn path(&self) -> Result<Option<TreePath>, ArchiveError> {
        let directory = self.kind == EntryKind::Directory;
        let mut name = self.name.as_str();
        if directory {
            name = name.strip_suffix('/').unwrap_or(name);
        }
        let name = relative(name);
        if directory && matches!(name, "" | ".") && !self.name.starts_with('/') {
            return Ok(None);
        }
        Ok(Some(TreePath::new(name)?))
    }

    /// The path of a hard link's target.
    pub fn target(&self) -> Result<TreePath, ArchiveError> {
        Ok(TreePath::new(relative(&self.link))?)
    }
}

/// The name without `./` in front.
fn relative(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

/// Reads entries up to the end marker, and checks that only zeros follow it.
pub(crate) struct Entries<'a> {
    archive: &'a [u8],
    offset: usize,
}

impl<'a> Entries<'a> {
    pub fn new(archive: &'a [u8]) -> Self {
        Self { archive, offset: 0 }
    }

    /// Bytes read so far; after the last entry, where the archive ends.
    pub fn position(&self) -> usize {
        self.offset
    }

    /// The next entry; `None` after the end marker.
    pub fn next(&mut self) -> Result<Option<Entry>, ArchiveError> {
        let mut extension = Extension::default();
        loop {
            let offset = self.offset;
            let block = self.block()?;
            if is_blank(block) {
                if !extension.is_empty() {
                    return Err(ArchiveError::ExtensionWithoutEntry { offset });
                }
                return self.finish(offset).map(|()| None);
            }
            let header = Header::read(block, offset)?;
            match header.flag() {
                b'x' => extension.read_pax(self.extended(&header, offset)?, offset)?,
                b'g' => extension::check_global(self.extended(&header, offset)?, offset)?,
                b'L' => extension.read_long_name(self.extended(&header, offset)?, offset)?,
                b'K' => extension.read_long_link(self.extended(&header, offset)?, offset)?,
                _ => return self.entry(&header, extension, offset).map(Some),
            }
        }
    }

    fn entry(&mut self, header: &Header<'_>, extension: Extension, offset: usize) -> Result<Entry, ArchiveError> {
        let name = extension.path.map_or_else(|| header.name(), Ok)?;
        let kind = match header.flag() {
            b'0' | 0 => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::Symlink,
            b'3' | b'4' if holds(Rule::NoSpecialFiles) => return Err(ArchiveError::Device { name }),
            b'5' => EntryKind::Directory,
            b'6' if holds(Rule::NoSpecialFiles) => return Err(ArchiveError::NamedPipe { name }),
            flag if holds(Rule::NoSpecialFiles) => return Err(ArchiveError::EntryType { name, flag }),
            _ => EntryKind::File,
        };
        let size = agreed_size(header.size()?, extension.size, offset)?;
        if kind != EntryKind::File && size != 0 {
            return Err(ArchiveError::UnexpectedContent { offset, size });
        }
        let link = match kind {
            EntryKind::Symlink | EntryKind::HardLink => {
                extension.link.map_or_else(|| header.link().map(str::to_owned), Ok)?
            }
            EntryKind::File | EntryKind::Directory => String::new(),
        };
        let mode = header.mode()?;
        let data = self.content(size, offset)?;
        Ok(Entry {
            name,
            kind,
            mode,
            link,
            data,
        })
    }

    /// The content of an extended header.
    fn extended(&mut self, header: &Header<'_>, offset: usize) -> Result<&'a [u8], ArchiveError> {
        let size = header.size()?;
        if size > extension::LIMIT {
            return Err(ArchiveError::ExtensionSize { offset, size });
        }
        let range = self.content(size, offset)?;
        Ok(self.archive.get(range).unwrap_or_default())
    }

    fn block(&mut self) -> Result<&'a [u8; BLOCK], ArchiveError> {
        let rest = self.archive.get(self.offset..).unwrap_or_default();
        if rest.is_empty() {
            return Err(ArchiveError::MissingEndMarker { offset: self.offset });
        }
        let block = rest
            .first_chunk()
            .ok_or(ArchiveError::Truncated { offset: self.offset })?;
        self.offset += BLOCK;
        Ok(block)
    }

    /// Steps over a content and its padding.
    fn content(&mut self, size: u64, offset: usize) -> Result<Range<usize>, ArchiveError> {
        let truncated = ArchiveError::Truncated { offset };
        let rest = self.archive.len() - self.offset;
        let Some(size) = usize::try_from(size).ok().filter(|size| *size <= rest) else {
            return Err(truncated);
        };
        let end = self.offset + size;
        let next = end.next_multiple_of(BLOCK);
        let padding = self.archive.get(end..next).ok_or(truncated)?;
        if !is_blank(padding) {
            return Err(ArchiveError::Padding { offset });
        }
        let data = self.offset..end;
        self.offset = next;
        Ok(data)
    }

    /// After the first zero block at `offset`: a second one, then only zeros.
    fn finish(&mut self, offset: usize) -> Result<(), ArchiveError> {
        let rest = self.archive.get(self.offset..).unwrap_or_default();
        if rest.len() < BLOCK {
            return Err(ArchiveError::MissingEndMarker { offset });
        }
        if holds(Rule::NothingAfterEnd) && !is_blank(rest) {
            return Err(ArchiveError::AfterEnd { offset });
        }
        self.offset += BLOCK;
        Ok(())
    }
}

/// The size that header and pax record agree on; writers put zero into a header that cannot hold the size.
fn agreed_size(header: u64, pax: Option<u64>, offset: usize) -> Result<u64, ArchiveError> {
    match pax {
        Some(pax) if header != pax && header != 0 => Err(ArchiveError::SizeDisagrees { offset, header, pax }),
        Some(pax) => Ok(pax),
        None => Ok(header),
    }
}
