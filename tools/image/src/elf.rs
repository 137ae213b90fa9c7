//! As much of the ELF format as tells whether a program is static, and what of one has to be in memory.

/// Why bytes are no program of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ElfError {
    /// Not a 64-bit little-endian ELF file.
    #[error("is no 64-bit ELF program")]
    NotElf,
    /// A field lies outside the file.
    #[error("ends inside its headers")]
    Truncated,
    /// A relocation that is more than an address of its own.
    #[error("has a relocation of kind {0}")]
    Relocation(u64),
    /// A list that only libraries need.
    #[error("has a dynamic entry {0}")]
    Dynamic(u64),
}

/// A part of a program that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    /// Where it lies in memory.
    pub(crate) address: u64,
    /// How long it is there: what the file does not have is zero.
    pub(crate) length: u64,
    /// What the file has.
    pub(crate) content: &'a [u8],
    /// Whether it is written to, run, or only read.
    pub(crate) access: Access,
}

/// What is done with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Run,
}

const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
/// Kind of the segment that names the dynamic loader.
const INTERPRETER: u64 = 3;
/// Length of a program header.
const PROGRAM_HEADER: u64 = 56;
const RELATIVE: u64 = 8;

/// A program header: kind, flags, place in the file, address, length in the file, length in memory.
#[derive(Debug, Clone, Copy)]
struct Header {
    kind: u64,
    flags: u64,
    offset: u64,
    address: u64,
    in_file: u64,
    in_memory: u64,
}

/// The dynamic loader that a program asks for, if any.
pub(crate) fn interpreter(file: &[u8]) -> Result<Option<String>, ElfError> {
    match headers(file)?.iter().find(|header| header.kind == INTERPRETER) {
        None => Ok(None),
        Some(header) => {
            let name = slice(file, header.offset, header.in_file)?;
            Ok(Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned()))
        }
    }
}

/// Where a program begins.
pub(crate) fn entry(file: &[u8]) -> Result<u64, ElfError> {
    number(file, 0x18, 8)
}

/// What is loaded, in the order of the file, which is that of addresses.
pub(crate) fn segments(file: &[u8]) -> Result<Vec<Segment<'_>>, ElfError> {
    let loaded = headers(file)?.into_iter().filter(|header| header.kind == LOAD);
    let segment = |header: Header| {
        Ok(Segment {
            address: header.address,
            length: header.in_memory,
            content: slice(file, header.offset, header.in_file)?,
            access: match header.flags & 3 {
                0 => Access::Read,
                1 => Access::Run,
                _ => Access::Write,
            },
        })
    };
    loaded.map(segment).collect()
}

/// Places in memory that hold an address of the program itself, with that address. Any other relocation is refused.
pub(crate) fn relocations(file: &[u8]) -> Result<Vec<(u64, u64)>, ElfError> {
    let Some(dynamic) = headers(file)?.into_iter().find(|header| header.kind == DYNAMIC) else {
        return Ok(Vec::new());
    };
    let (mut table, mut length) = (0, 0);
    for at in (dynamic.offset..dynamic.offset.saturating_add(dynamic.in_file)).step_by(16) {
        match (number(file, at, 8)?, number(file, at.saturating_add(8), 8)?) {
            (0, _) => break,
            (7, address) => table = address,
            (8, bytes) => length = bytes,
            // Names of libraries, tables of calls into them, relocations in other forms.
            (other @ (1 | 17 | 23 | 36), _) => return Err(ElfError::Dynamic(other)),
            _ => {}
        }
    }
    // The table lies in the first segment, whose addresses are places in the file.
    let entries = (table..table.saturating_add(length)).step_by(24);
    let entry = |at: u64| match number(file, at.saturating_add(8), 8)? {
        RELATIVE => Ok((number(file, at, 8)?, number(file, at.saturating_add(16), 8)?)),
        other => Err(ElfError::Relocation(other)),
    };
    entries.map(entry).collect()
}

fn headers(file: &[u8]) -> Result<Vec<Header>, ElfError> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return Err(ElfError::NotElf);
    }
    let (table, count) = (number(file, 0x20, 8)?, number(file, 0x38, 2)?);
    let header = |index: u64| {
        let start = table.checked_add(index * PROGRAM_HEADER).ok_or(ElfError::Truncated)?;
        let field = |at: u64, length: u64| number(file, start.checked_add(at).ok_or(ElfError::Truncated)?, length);
        Ok(Header {
            kind: field(0, 4)?,
            flags: field(4, 4)?,
            offset: field(8, 8)?,
            address: field(16, 8)?,
            in_file: field(32, 8)?,
            in_memory: field(40, 8)?,
        })
    };
    (0..count).map(header).collect()
}

fn slice(file: &[u8], at: u64, length: u64) -> Result<&[u8], ElfError> {
    let end = at.checked_add(length).and_then(|end| usize::try_from(end).ok());
    let range = usize::try_from(at).ok().zip(end);
    range
        .and_then(|(start, end)| file.get(start..end))
        .ok_or(ElfError::Truncated)
}

fn number(file: &[u8], at: u64, length: u64) -> Result<u64, ElfError> {
    let bytes = slice(file, at, length)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_test_is_a_dynamic_program() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        assert!(interpreter(&own).unwrap().unwrap().contains("ld-linux"));
    }

    #[test]
    fn a_script_is_no_program() {
        assert_eq!(interpreter(b"#!/bin/sh\n"), Err(ElfError::NotElf));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(rest in proptest::collection::vec(any::<u8>(), 0..256)) {
            let file = [b"\x7fELF\x02\x01".as_slice(), &rest].concat();
            let _ = (interpreter(&file), entry(&file), segments(&file), relocations(&file));
        }
    }
}
