//! PEM (RFC 7468).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// These certificates, one after another, with a line end after each.
pub fn pem(certificates: &[Vec<u8>]) -> String {
    certificates
        .iter()
        .map(|certificate| {
            format!(
                "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
                lines(certificate)
            )
        })
        .collect()
}

/// Base64 in lines of 64 characters.
fn lines(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(48) {
        line.chunks(3).for_each(|triple| text.push_str(&quadruple(triple)));
        text.push('\n');
    }
    text
}

fn quadruple(triple: &[u8]) -> String {
    let value = (0..3).fold(0_usize, |value, index| {
        (value << 8) | usize::from(triple.get(index).copied().unwrap_or(0))
    });
    (0..4)
        .map(|index| {
            let digit = ALPHABET.get((value >> (18 - 6 * index)) & 63).copied().unwrap_or(b'=');
            if index <= triple.len() { char::from(digit) } else { '=' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples_of_base64_hold() {
        for (bytes, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(lines(bytes.as_bytes()), format!("{text}\n"), "RFC 4648 10");
        }
    }
}
