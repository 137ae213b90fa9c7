//! PEM (RFC 7468), strictly: blocks one after the other, and nothing between them but line ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Most certificates that are looked at.
const MAXIMUM_CERTIFICATES: usize = 4;

/// The certificates of a PEM chain, DER, in their order. Zeros after the last block are a C string's end.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let mut rest = text.trim_end_matches('\0').trim_ascii();
    let mut found = Vec::new();
    while !rest.is_empty() {
        if found.len() == MAXIMUM_CERTIFICATES {
            return Err(format!("more than {MAXIMUM_CERTIFICATES} certificates"));
        }
        let (block, after) = rest
            .strip_prefix(BEGIN)
            .and_then(|block| block.split_once(END))
            .ok_or("text that is not a certificate")?;
        let mut digits = Vec::with_capacity(block.len());
        for line in block.split(['\r', '\n']) {
            digits.extend_from_slice(line.as_bytes());
        }
        found.push(STANDARD.decode(digits).map_err(|error| error.to_string())?);
        rest = after.trim_ascii_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_in_order_to_the_end_of_a_c_string() {
        let text = format!("{BEGIN}\nAQI=\n{END}\r\n{BEGIN}\r\nAw\r\n==\r\n{END}\n\0\0");
        assert_eq!(certificates(text.as_bytes()), Ok(vec![vec![1, 2], vec![3]]));
        assert_eq!(certificates(b""), Ok(Vec::new()));
    }

    #[test]
    fn nothing_hides_between_or_inside_blocks() {
        for text in [
            format!("hidden {BEGIN}\nAQI=\n{END}"),
            format!("{BEGIN}\nAQI=\n{END} hidden"),
            format!("{BEGIN}\nAQI=\n"),
            format!("{BEGIN}\nAQ I=\n{END}"),
            format!("{BEGIN}\nAQJ=\n{END}"),
            format!("{BEGIN}\nAQI=\n{END}\0{BEGIN}\nAQI=\n{END}"),
            format!("{BEGIN}\nAQI=\n{END}").repeat(5),
        ] {
            assert!(certificates(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(certificates(&[0xff]).is_err());
    }
}
