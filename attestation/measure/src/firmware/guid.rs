//! GUIDs as firmware stores them.

/// The 16 bytes of a GUID in a file: the first three groups little-endian, the other two as they are written.
pub(crate) const fn guid(a: u32, b: u16, c: u16, d: u16, e: u64) -> [u8; 16] {
    let ([a0, a1, a2, a3], [b0, b1], [c0, c1]) = (a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes());
    let ([d0, d1], [_, _, e0, e1, e2, e3, e4, e5]) = (d.to_be_bytes(), e.to_be_bytes());
    [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, e0, e1, e2, e3, e4, e5]
}

#[cfg(test)]
mod tests {
    use super::guid;

    #[test]
    fn the_first_three_groups_are_little_endian() {
        // 00112233-4455-6677-8899-aabbccddeeff
        let bytes = guid(0x0011_2233, 0x4455, 0x6677, 0x8899, 0xaabb_ccdd_eeff);
        assert_eq!(hex::encode(bytes), "33221100554477668899aabbccddeeff");
    }
}
