//! A writer of firmware for trust domains that can also write wrong ones.

pub const PAGE: usize = 4096;
const FOOTER: &str = "de82b596b21ff745baeaa366c55a082d";
const DESCRIPTOR: &str = "35657ae44a989847865e4685a7bf8ec2";

/// Offset in the file, length there, address, length in memory, kind, attributes.
pub type Section = (u32, u32, u64, u64, u32, u32);

/// Two pages of code and a page of variables, and OVMF's own ranges of memory.
pub const ORDINARY: [Section; 6] = [
    (0x1000, 0x2000, 0xffff_e000, 0x2000, 0, 1),
    (0, 0x1000, 0xffff_d000, 0x1000, 1, 0),
    (0, 0, 0x81_0000, 0x1_0000, 3, 0),
    (0, 0, 0x80_b000, 0x2000, 3, 0),
    (0, 0, 0x80_9000, 0x2000, 2, 0),
    (0, 0, 0x80_0000, 0x6000, 3, 0),
];

/// Where the descriptor stands in the file.
pub const DESCRIPTOR_AT: usize = 0x1100;

/// A firmware of three pages with these sections.
pub fn firmware(sections: &[Section]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..3 * PAGE).map(|at| (at / 5 % 253) as u8).collect();
    let count = u32::try_from(sections.len()).unwrap();
    let mut descriptor = b"TDVF".to_vec();
    descriptor.extend([16 + 32 * count, 1, count].iter().flat_map(|field| field.to_le_bytes()));
    for (offset, data, address, length, kind, attributes) in sections {
        descriptor.extend([*offset, *data].iter().flat_map(|field| field.to_le_bytes()));
        descriptor.extend([*address, *length].iter().flat_map(|field| field.to_le_bytes()));
        descriptor.extend([*kind, *attributes].iter().flat_map(|field| field.to_le_bytes()));
    }
    bytes[DESCRIPTOR_AT..DESCRIPTOR_AT + descriptor.len()].copy_from_slice(&descriptor);
    let mut table = u32::try_from(bytes.len() - DESCRIPTOR_AT)
        .unwrap()
        .to_le_bytes()
        .to_vec();
    table.extend(22_u16.to_le_bytes());
    table.extend(hex::decode(DESCRIPTOR).unwrap());
    table.extend(40_u16.to_le_bytes());
    table.extend(hex::decode(FOOTER).unwrap());
    let end = bytes.len() - 32;
    bytes[end - table.len()..end].copy_from_slice(&table);
    bytes
}
