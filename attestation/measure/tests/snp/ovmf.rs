//! A writer of firmware files that can also write wrong ones.

pub const PAGE: usize = 4096;

/// GUIDs as they stand in a file.
pub const FOOTER: &str = "de82b596b21ff745baeaa366c55a082d";
pub const METADATA: &str = "666588dc4a989847a75e5585a7bf67cc";
pub const HASH_TABLE: &str = "1f3755723b3a044b927b1da6efa8d454";
pub const RESET_BLOCK: &str = "de71f7007e1acb4f890e68c77e2fb44e";

/// Metadata with these sections: address, length, kind.
pub fn metadata(sections: &[(u32, u32, u32)]) -> Vec<u8> {
    let count = u32::try_from(sections.len()).unwrap();
    let mut bytes = b"ASEV".to_vec();
    bytes.extend([16 + 12 * count, 1, count].iter().flat_map(|field| field.to_le_bytes()));
    for (address, length, kind) in sections {
        bytes.extend([*address, *length, *kind].iter().flat_map(|field| field.to_le_bytes()));
    }
    bytes
}

/// A firmware of `pages` pages whose table has these entries, and `metadata` at its beginning.
pub fn firmware(pages: usize, metadata: &[u8], entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut table = Vec::new();
    for (guid, data) in entries {
        table.extend(*data);
        table.extend(u16::try_from(data.len() + 18).unwrap().to_le_bytes());
        table.extend(hex::decode(guid).unwrap());
    }
    let size = u16::try_from(table.len() + 18).unwrap();
    table.extend(size.to_le_bytes());
    table.extend(hex::decode(FOOTER).unwrap());
    let mut bytes: Vec<u8> = (0..pages * PAGE).map(|at| (at / 7 % 251) as u8).collect();
    bytes[..metadata.len()].copy_from_slice(metadata);
    let end = bytes.len() - 32;
    bytes[end - table.len()..end].copy_from_slice(&table);
    bytes
}

/// An ordinary firmware with a page for kernel hashes.
pub fn ordinary() -> Vec<u8> {
    with_sections(&[
        (0x80_0000, 0x9000, 1),
        (0x80_a000, 0x3000, 1),
        (0x80_d000, 0x1000, 2),
        (0x80_e000, 0x1000, 3),
        (0x80_f000, 0x1000, 4),
        (0x81_1000, 0xf000, 1),
        (0x81_0000, 0x1000, 0x10),
    ])
}

/// An ordinary firmware with these sections.
pub fn with_sections(sections: &[(u32, u32, u32)]) -> Vec<u8> {
    let pages = 3;
    let from_end = u32::try_from(pages * PAGE).unwrap().to_le_bytes();
    let hashes = [0x81_0c00_u32.to_le_bytes(), 0x400_u32.to_le_bytes()].concat();
    let reset = 0x80_b004_u32.to_le_bytes();
    let entries: [(&str, &[u8]); 3] = [(METADATA, &from_end), (HASH_TABLE, &hashes), (RESET_BLOCK, &reset)];
    firmware(pages, &metadata(sections), &entries)
}
