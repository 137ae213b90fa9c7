//! A writer of programs for UEFI firmware (PE32+, Microsoft's PE format specification): an ELF file's segments, and
//! sections of data behind them.
//!
//! Nothing of the building machine can show: times, checksums and versions are zero.

use crate::elf::{self, Access, ElfError};

/// Sections begin at multiples of it in memory: a page.
const MEMORY_ALIGNMENT: u64 = 4096;
/// And of this in the file.
const FILE_ALIGNMENT: u64 = 512;
/// Where the program's address 0 goes: the headers lie below.
const BASE: u64 = 0x1_0000;
/// Where the headers of the format begin, behind those of DOS.
const SIGNATURE_AT: u64 = 0x80;
const SIGNATURE: &[u8; 4] = b"PE\0\0";
const X86_64: u16 = 0x8664;
/// Executable, and at home above 2 GiB.
const CHARACTERISTICS: u16 = 0x0022;
const OPTIONAL_HEADER: u16 = 240;
const PE32_PLUS: u16 = 0x20b;
const EFI_APPLICATION: u16 = 10;
/// Never both written and run; may lie anywhere.
const DLL_CHARACTERISTICS: u16 = 0x0160;
const DIRECTORIES: u32 = 16;
/// Which of them lists the addresses to correct.
const RELOCATION_DIRECTORY: u32 = 5;
/// A whole address of 64 bits.
const DIR64: u16 = 10 << 12;
const SECTION_HEADER: u64 = 40;
/// Address and length of a block of relocations.
const BLOCK_HEADER: usize = 8;

const READ: u32 = 0x4000_0000;
const WRITE: u32 = 0x8000_0000;
const RUN: u32 = 0x2000_0000;
const CODE: u32 = 0x20;
const INITIALIZED: u32 = 0x40;
const DISCARDABLE: u32 = 0x0200_0000;

/// Something that lies in the file and in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    /// At most eight letters.
    pub name: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
    /// What is done with it.
    pub kind: SectionKind,
}

/// What is done with a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// Run.
    Code,
    /// Read.
    Data,
    /// Read and written.
    Variables,
    /// Read by the loader.
    Relocations,
}

/// Why there is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeError {
    /// The program in front is none that can be laid out.
    #[error("the stub {0}")]
    Stub(String),
    /// A name that does not fit.
    #[error("{0:?} is no name of a section")]
    Name(String),
    /// The file would need addresses of more than 32 bits.
    #[error("{0} bytes are more than the format can say")]
    TooLong(u64),
}

impl From<ElfError> for PeError {
    fn from(cause: ElfError) -> Self {
        Self::Stub(cause.to_string())
    }
}

/// A section with its place.
struct Placed {
    name: [u8; 8],
    address: u64,
    length: u64,
    content: Vec<u8>,
    kind: SectionKind,
}

/// A program for firmware: the segments of `stub`, an ELF file, and `sections` behind them in their order.
///
/// # Errors
/// [`PeError`], one variant per cause.
pub fn write(stub: &[u8], sections: &[Section<'_>]) -> Result<Vec<u8>, PeError> {
    let mut placed = program(stub)?;
    let relocations = relocations(stub, &mut placed)?;
    let reloc = Section {
        name: ".reloc",
        content: &relocations,
        kind: SectionKind::Relocations,
    };
    let mut next = end(&placed);
    let mut relocated = (0, 0);
    for section in std::iter::once(&reloc).chain(sections) {
        if section.kind == SectionKind::Relocations {
            relocated = (next, section.content.len() as u64);
        }
        placed.push(Placed {
            name: name(section.name)?,
            address: next,
            length: section.content.len() as u64,
            content: section.content.to_vec(),
            kind: section.kind,
        });
        next = end(&placed);
    }
    let entry = elf::entry(stub)? + BASE;
    file(&placed, entry, relocated)
}

/// Where the next section goes.
fn end(placed: &[Placed]) -> u64 {
    let last = placed.last().map_or(BASE, |last| last.address + last.length.max(1));
    last.next_multiple_of(MEMORY_ALIGNMENT)
}

/// The stub's segments. One that does not begin at a page shares its first page with nothing: the linker sees to it.
fn program(stub: &[u8]) -> Result<Vec<Placed>, PeError> {
    let mut placed = Vec::new();
    for segment in elf::segments(stub)? {
        let (text, kind) = match segment.access {
            Access::Read => (".rodata", SectionKind::Data),
            Access::Run => (".text", SectionKind::Code),
            Access::Write => (".data", SectionKind::Variables),
        };
        let padding = segment.address % MEMORY_ALIGNMENT;
        let address = (segment.address - padding)
            .checked_add(BASE)
            .ok_or(PeError::TooLong(segment.address))?;
        if !placed.is_empty() && address < end(&placed) {
            return Err(PeError::Stub(format!("has two segments in the page at {address:#x}")));
        }
        let mut content = vec![0; padding as usize];
        content.extend_from_slice(segment.content);
        let length = segment
            .length
            .checked_add(padding)
            .ok_or(PeError::TooLong(segment.length))?;
        placed.push(Placed {
            name: name(text)?,
            address,
            length,
            content,
            kind,
        });
    }
    Ok(placed)
}

/// Writes the stub's own addresses where they belong, and lists the places for the loader, in one block for each page.
fn relocations(stub: &[u8], placed: &mut [Placed]) -> Result<Vec<u8>, PeError> {
    let mut places = Vec::new();
    for (place, address) in elf::relocations(stub)? {
        let outside = || PeError::Stub(format!("relocates {place:#x}, which is not in its file"));
        let place = place.checked_add(BASE).ok_or_else(outside)?;
        let section = placed
            .iter_mut()
            .find(|section| (section.address..section.address + section.content.len() as u64).contains(&place));
        let section = section.ok_or_else(outside)?;
        let at = (place - section.address) as usize;
        let field = section.content.get_mut(at..at + 8).ok_or_else(outside)?;
        let value = address.checked_add(BASE).ok_or_else(outside)?;
        field.copy_from_slice(&value.to_le_bytes());
        places.push(place);
    }
    places.sort_unstable();
    let mut table = Vec::new();
    for block in places.chunk_by(|one, other| one / MEMORY_ALIGNMENT == other / MEMORY_ALIGNMENT) {
        let page = block.first().map_or(0, |place| place - place % MEMORY_ALIGNMENT);
        // A block has a length that four divides: an entry of zero is skipped.
        let entries = block.len().next_multiple_of(2);
        table.extend_from_slice(&small(page)?.to_le_bytes());
        table.extend_from_slice(&small((BLOCK_HEADER + entries * 2) as u64)?.to_le_bytes());
        for place in block {
            table.extend_from_slice(&(DIR64 | (place % MEMORY_ALIGNMENT) as u16).to_le_bytes());
        }
        table.resize(table.len().next_multiple_of(4), 0);
    }
    Ok(table)
}

fn name(text: &str) -> Result<[u8; 8], PeError> {
    let mut name = [0; 8];
    let place = name
        .get_mut(..text.len())
        .ok_or_else(|| PeError::Name(text.to_owned()))?;
    place.copy_from_slice(text.as_bytes());
    Ok(name)
}

fn small(number: u64) -> Result<u32, PeError> {
    u32::try_from(number).map_err(|_| PeError::TooLong(number))
}

fn file(placed: &[Placed], entry: u64, relocated: (u64, u64)) -> Result<Vec<u8>, PeError> {
    let headers = SIGNATURE_AT + 4 + 20 + u64::from(OPTIONAL_HEADER) + SECTION_HEADER * placed.len() as u64;
    let headers = headers.next_multiple_of(FILE_ALIGNMENT);
    let mut out = b"MZ".to_vec();
    out.resize(0x3c, 0);
    out.extend_from_slice(&small(SIGNATURE_AT)?.to_le_bytes());
    out.resize(SIGNATURE_AT as usize, 0);
    out.extend_from_slice(SIGNATURE);
    let count = u16::try_from(placed.len()).map_err(|_| PeError::TooLong(placed.len() as u64))?;
    for half in [X86_64, count, 0, 0, 0, 0, 0, 0, OPTIONAL_HEADER, CHARACTERISTICS] {
        out.extend_from_slice(&half.to_le_bytes());
    }
    optional_header(&mut out, placed, entry, headers, relocated)?;
    let mut at = headers;
    for section in placed {
        let raw = (section.content.len() as u64).next_multiple_of(FILE_ALIGNMENT);
        out.extend_from_slice(&section.name);
        for field in [section.length, section.address, raw, at, 0, 0, 0] {
            out.extend_from_slice(&small(field)?.to_le_bytes());
        }
        out.extend_from_slice(&flags(section.kind).to_le_bytes());
        at += raw;
    }
    out.resize(headers as usize, 0);
    for section in placed {
        out.extend_from_slice(&section.content);
        out.resize(out.len().next_multiple_of(FILE_ALIGNMENT as usize), 0);
    }
    Ok(out)
}

fn optional_header(
    out: &mut Vec<u8>,
    placed: &[Placed],
    entry: u64,
    headers: u64,
    (relocations, length): (u64, u64),
) -> Result<(), PeError> {
    let of = |kind: SectionKind| {
        let sections = placed.iter().filter(move |section| section.kind == kind);
        sections.map(|section| section.content.len() as u64).sum::<u64>()
    };
    let code = placed
        .iter()
        .find(|section| section.kind == SectionKind::Code)
        .map_or(0, |section| section.address);
    out.extend_from_slice(&PE32_PLUS.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    for field in [of(SectionKind::Code), of(SectionKind::Data), 0, entry, code] {
        out.extend_from_slice(&small(field)?.to_le_bytes());
    }
    // It is at home nowhere.
    out.extend_from_slice(&0u64.to_le_bytes());
    for field in [MEMORY_ALIGNMENT, FILE_ALIGNMENT, 0, 0, 0, 0, end(placed), headers, 0] {
        out.extend_from_slice(&small(field)?.to_le_bytes());
    }
    out.extend_from_slice(&EFI_APPLICATION.to_le_bytes());
    out.extend_from_slice(&DLL_CHARACTERISTICS.to_le_bytes());
    // Stack and heap: the firmware's.
    out.extend_from_slice(&[0; 32]);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&DIRECTORIES.to_le_bytes());
    for index in 0..DIRECTORIES {
        let (address, length) = if index == RELOCATION_DIRECTORY && length > 0 {
            (relocations, length)
        } else {
            (0, 0)
        };
        out.extend_from_slice(&small(address)?.to_le_bytes());
        out.extend_from_slice(&small(length)?.to_le_bytes());
    }
    Ok(())
}

fn flags(kind: SectionKind) -> u32 {
    match kind {
        SectionKind::Code => CODE | READ | RUN,
        SectionKind::Data => INITIALIZED | READ,
        SectionKind::Variables => INITIALIZED | READ | WRITE,
        SectionKind::Relocations => INITIALIZED | READ | DISCARDABLE,
    }
}
