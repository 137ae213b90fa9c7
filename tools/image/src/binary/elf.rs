//! As much of the ELF format as tells whether a program is static.

/// Why bytes are no program of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ElfError {
    /// Not a 64-bit little-endian ELF file.
    #[error("is no 64-bit ELF program")]
    NotElf,
    /// A field lies outside the file.
    #[error("ends inside its headers")]
    Truncated,
}

/// Kind of the segment that names the dynamic loader.
const INTERPRETER: u64 = 3;
/// Length of a program header.
const PROGRAM_HEADER: u64 = 56;

/// The dynamic loader that a program asks for, if any.
pub(super) fn interpreter(file: &[u8]) -> Result<Option<String>, ElfError> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return Err(ElfError::NotElf);
    }
    let table = number(file, 0x20, 8)?;
    for index in 0..number(file, 0x38, 2)? {
        let header = table.checked_add(index * PROGRAM_HEADER).ok_or(ElfError::Truncated)?;
        if number(file, header, 4)? == INTERPRETER {
            let (start, length) = (
                number(file, header.saturating_add(8), 8)?,
                number(file, header.saturating_add(32), 8)?,
            );
            let name = slice(file, start, length)?;
            return Ok(Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned()));
        }
    }
    Ok(None)
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
            let _ = interpreter(&[b"\x7fELF\x02\x01".as_slice(), &rest].concat());
        }
    }
}
