//! The digest by which UEFI firmware measures a program (PE/COFF specification, appendix A).

use crate::Register;
use crate::reader::{Reader, Truncated};
use ring::digest::{Context, SHA384};

/// The most sections of a program. Linux has four.
const MAXIMUM_SECTIONS: u16 = 96;
/// Number of the directory entry that points at signatures.
const SIGNATURES: u32 = 4;

/// Why bytes are not a program that firmware would measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeError {
    /// The file ends inside a header or a section.
    #[error("the program ends early: {0}")]
    Truncated(#[from] Truncated),
    /// No `MZ` or no `PE` where they have to be.
    #[error("not a PE program: {0:02x?} in place of its signature")]
    Signature([u8; 4]),
    /// Neither PE32 nor PE32+.
    #[error("a program of the kind {0:#06x} is neither PE32 nor PE32+")]
    Kind(u16),
    /// More sections than any kernel has.
    #[error("{0} sections are more than {MAXIMUM_SECTIONS}")]
    TooManySections(u16),
    /// Headers that end before their own fields do.
    #[error("headers of {0} bytes end before their fields")]
    Headers(u64),
    /// Sections that lie over each other or over the headers would be hashed twice.
    #[error("the section at {0:#x} begins before what precedes it ends")]
    Overlap(u32),
    /// Signatures that reach into what is hashed.
    #[error("signatures of {0} bytes do not fit behind the sections")]
    Signatures(u32),
}

/// SHA-384 of the program without its checksum and its signatures, as edk2 computes it for a file of this length.
///
/// # Errors
/// [`PeError`] when the bytes are not a program whose parts follow one another.
pub fn authenticode_sha384(program: &[u8]) -> Result<Register, PeError> {
    let headers = Headers::parse(program)?;
    let fields = headers.signatures_entry.map_or(headers.checksum + 4, |entry| entry + 8);
    if headers.length < fields {
        return Err(PeError::Headers(headers.length));
    }
    let mut context = Context::new(&SHA384);
    let mut hash = |from: u64, to: u64| -> Result<(), PeError> {
        let length = to.saturating_sub(from);
        context.update(Reader::at(program, from)?.take(length)?);
        Ok(())
    };
    hash(0, headers.checksum)?;
    match headers.signatures_entry {
        None => hash(headers.checksum + 4, headers.length)?,
        Some(entry) => {
            hash(headers.checksum + 4, entry)?;
            hash(entry + 8, headers.length)?;
        }
    }
    let mut end = headers.length;
    let mut hashed = headers.length;
    for (start, length) in headers.sections {
        if u64::from(start) < end {
            return Err(PeError::Overlap(start));
        }
        end = u64::from(start) + u64::from(length);
        hash(start.into(), end)?;
        hashed += u64::from(length);
    }
    // What the sections leave over, less the signatures at its end. It begins where the *sum* of lengths says.
    let rest = (program.len() as u64).saturating_sub(hashed);
    let rest = rest
        .checked_sub(headers.signatures_length.into())
        .ok_or(PeError::Signatures(headers.signatures_length))?;
    hash(hashed, hashed + rest)?;
    Ok(Register::finish(context))
}

/// Whether the program has a section of this name, as unified kernel images have `.linux`.
///
/// # Errors
/// [`PeError`] when the headers cannot be read.
pub fn has_section(program: &[u8], name: [u8; 8]) -> Result<bool, PeError> {
    Ok(Headers::parse(program)?.names.contains(&name))
}

/// What the digest needs of the headers. Offsets are from the beginning of the file and lie inside it.
struct Headers {
    length: u64,
    checksum: u64,
    /// The directory entry of the signatures, when there is one.
    signatures_entry: Option<u64>,
    signatures_length: u32,
    /// Begin and length of the sections that have data, in the order of the file.
    sections: Vec<(u32, u32)>,
    /// Of all sections, in the order of the table.
    names: Vec<[u8; 8]>,
}

impl Headers {
    fn parse(program: &[u8]) -> Result<Self, PeError> {
        let [m, z] = Reader::new(program).array()?;
        if [m, z] != *b"MZ" {
            return Err(PeError::Signature([m, z, 0, 0]));
        }
        let at = Reader::at(program, 0x3c)?.u32_le()?;
        let mut reader = Reader::at(program, at.into())?;
        let signature = reader.array()?;
        if signature != *b"PE\0\0" {
            return Err(PeError::Signature(signature));
        }
        let _machine = reader.u16_le()?;
        let count = reader.u16_le()?;
        if count > MAXIMUM_SECTIONS {
            return Err(PeError::TooManySections(count));
        }
        let _time_and_symbols = reader.take(12)?;
        let optional_length = reader.u16_le()?;
        let _characteristics = reader.u16_le()?;
        let optional = reader.offset();
        // PE32+ has no base of data, and wider numbers behind it.
        let directory = match reader.u16_le()? {
            0x10b => optional + 92,
            0x20b => optional + 108,
            kind => return Err(PeError::Kind(kind)),
        };
        let length = Reader::at(program, optional + 60)?.u32_le()?;
        let (signatures_entry, signatures_length) = signatures(program, directory)?;
        let (names, sections) = sections(program, optional + u64::from(optional_length), count)?;
        Ok(Self {
            names,
            sections,
            length: length.into(),
            checksum: optional + 64,
            signatures_entry,
            signatures_length,
        })
    }
}

/// The directory's entry for signatures and what it says of their length. `at` holds the number of entries.
fn signatures(program: &[u8], at: u64) -> Result<(Option<u64>, u32), PeError> {
    let mut reader = Reader::at(program, at)?;
    if reader.u32_le()? <= SIGNATURES {
        return Ok((None, 0));
    }
    let _others = reader.take(8 * u64::from(SIGNATURES))?;
    let entry = reader.offset();
    let _address = reader.u32_le()?;
    Ok((Some(entry), reader.u32_le()?))
}

/// Names, and begin and length of those with data.
type Sections = (Vec<[u8; 8]>, Vec<(u32, u32)>);

fn sections(program: &[u8], at: u64, count: u16) -> Result<Sections, PeError> {
    let mut reader = Reader::at(program, at)?;
    let (mut names, mut sections) = (Vec::new(), Vec::new());
    for _ in 0..count {
        names.push(reader.array()?);
        let _memory = reader.take(8)?;
        let (length, start) = (reader.u32_le()?, reader.u32_le()?);
        let _relocations_and_flags = reader.take(16)?;
        if length > 0 {
            sections.push((start, length));
        }
    }
    sections.sort_by_key(|(start, _)| *start);
    Ok((names, sections))
}
