//! The two 32-byte names that content has: its 0G Storage root and its SHA-256.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A text that is not `0x` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected 0x and 64 lower-case hexadecimal digits, found {found:?}")]
pub struct HashTextError {
    /// The text as given, cut to 80 characters.
    pub found: String,
}

/// Reads `0x` and 64 lower-case hexadecimal digits.
fn parse(text: &str) -> Result<[u8; 32], HashTextError> {
    let refused = || HashTextError {
        found: text.chars().take(80).collect(),
    };
    let digits = text.strip_prefix("0x").ok_or_else(refused)?;
    if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return Err(refused());
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| refused())?;
    Ok(bytes)
}

macro_rules! thirty_two_bytes {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "0x{}", hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HashTextError;

            fn from_str(text: &str) -> Result<Self, HashTextError> {
                parse(text).map(Self)
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

thirty_two_bytes! {
    /// The Merkle root under which 0G Storage knows a content (0G Storage reference 1).
    ///
    /// It does not bind the content's length: see [`crate::identity`]. Its text is `0x` and 64 lower-case digits.
    Root
}

thirty_two_bytes! {
    /// A SHA-256 digest. Its text is `0x` and 64 lower-case digits.
    Sha256
}

impl Sha256 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Sha256Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }
}

/// SHA-256 over a stream.
#[derive(Clone)]
pub struct Sha256Hasher(ring::digest::Context);

impl Sha256Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    /// Appends `bytes` to what is hashed.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything seen.
    pub fn finish(self) -> Sha256 {
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(self.0.finish().as_ref()) {
            *to = *from;
        }
        Sha256(digest)
    }
}

impl Default for Sha256Hasher {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_its_text() {
        let hash = Sha256::of(b"abc");
        assert_eq!(
            hash.to_string(),
            "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(
            serde_json::from_str::<Sha256>(&serde_json::to_string(&hash).unwrap()).unwrap(),
            hash
        );
    }

    #[test]
    fn a_text_of_another_form_is_refused() {
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [
            digits,
            "",
            "0x",
            &format!("0x{digits}00"),
            &format!("0x{}", digits.to_uppercase()),
            "0xé",
        ] {
            assert!(text.parse::<Root>().is_err(), "{text}");
        }
    }
}
