//! A writer of EFI programs that can also write wrong ones, and of kernels with a setup header.

/// Where the optional header begins.
pub const OPTIONAL: usize = 0x98;
pub const CHECKSUM_AT: usize = OPTIONAL + 64;
pub const SIGNATURES_AT: usize = OPTIONAL + 112 + 4 * 8;
pub const SECTIONS_AT: usize = OPTIONAL + 240;
pub const HEADERS: usize = 0x1000;

/// A PE32+ program whose headers fill a page, as Linux has it, with two sections of a page each and `more` behind.
pub fn program(more: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADERS];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c..0x40].copy_from_slice(&0x80_u32.to_le_bytes());
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&0x8664_u16.to_le_bytes());
    bytes[0x86..0x88].copy_from_slice(&2_u16.to_le_bytes());
    bytes[0x94..0x96].copy_from_slice(&240_u16.to_le_bytes());
    bytes[OPTIONAL..OPTIONAL + 2].copy_from_slice(&0x20b_u16.to_le_bytes());
    bytes[OPTIONAL + 60..OPTIONAL + 64].copy_from_slice(&(HEADERS as u32).to_le_bytes());
    bytes[OPTIONAL + 108..OPTIONAL + 112].copy_from_slice(&16_u32.to_le_bytes());
    // The table names them in the other order.
    for (index, start) in [(0, 0x2000_u32), (1, 0x1000)] {
        let at = SECTIONS_AT + index * 40 + 16;
        bytes[at..at + 4].copy_from_slice(&0x1000_u32.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&start.to_le_bytes());
    }
    bytes.extend([0x11; 0x1000]);
    bytes.extend([0x22; 0x1000]);
    bytes.extend(more);
    bytes
}

/// The program with the setup header of a bzImage.
pub fn kernel() -> Vec<u8> {
    let mut bytes = program(&[]);
    bytes[0x202..0x206].copy_from_slice(b"HdrS");
    bytes[0x206..0x208].copy_from_slice(&0x20f_u16.to_le_bytes());
    bytes[0x211] = 1;
    bytes[0x236] = 0x7f;
    bytes
}
