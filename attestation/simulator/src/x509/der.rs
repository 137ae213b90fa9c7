//! As much of a DER writer (X.690) as a certificate needs.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]` around something whole, such as a certificate's version.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_1: u8 = 0xa1;
pub(crate) const CONTEXT_2: u8 = 0xa2;
/// `[3]` around something whole, such as a certificate's extensions.
pub(crate) const CONTEXT_3: u8 = 0xa3;
/// `[0]` in place of a primitive type's tag.
pub(crate) const CONTEXT_PRIMITIVE_0: u8 = 0x80;
/// `[6]` in place of a primitive type's tag.
pub(crate) const CONTEXT_PRIMITIVE_6: u8 = 0x86;
/// `BOOLEAN FALSE`, whole.
pub(crate) const FALSE: [u8; 3] = [0x01, 0x01, 0x00];
/// `NULL`, whole.
pub(crate) const NULL: [u8; 2] = [0x05, 0x00];
/// `BOOLEAN TRUE`, whole.
pub(crate) const TRUE: [u8; 3] = [0x01, 0x01, 0xff];

/// One element: tag, length, and the parts one after another.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ 0..=0x7f) => bytes.push(length),
        Ok(length) => bytes.extend([0x81, length]),
        Err(_) => {
            let length = content.len().to_be_bytes();
            let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            bytes.extend(significant);
        }
    }
    bytes.extend(content);
    bytes
}

/// An object identifier from its already encoded arcs.
pub(crate) fn identifier(arcs: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, &[arcs])
}

/// A bit string of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// A number that is not negative, in as few bytes as possible.
pub(crate) fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    match significant.first() {
        None => element(INTEGER, &[&[0]]),
        Some(0x80..) => element(INTEGER, &[&[0], &significant]),
        Some(_) => element(INTEGER, &[&significant]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_sign() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(0x7f), [2, 1, 0x7f]);
        assert_eq!(integer(0xd9), [2, 2, 0, 0xd9], "the microcode of a real VLEK");
        assert_eq!(integer(0x1234), [2, 2, 0x12, 0x34]);
    }

    #[test]
    fn a_length_takes_its_shortest_form() {
        assert_eq!(element(SEQUENCE, &[&[0; 127]])[..2], [0x30, 0x7f]);
        assert_eq!(element(SEQUENCE, &[&[0; 128]])[..3], [0x30, 0x81, 0x80]);
        assert_eq!(element(SEQUENCE, &[&[0; 255], &[0; 2]])[..4], [0x30, 0x82, 0x01, 0x01]);
    }
}
