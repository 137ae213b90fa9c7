//! A measurement register of 48 bytes and the two ways in which hardware writes it.

use ring::digest::{Context, SHA384};
use serde::{Serialize, Serializer};
use std::fmt;

/// A register, or any other SHA-384 digest: 48 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register(pub [u8; 48]);

impl Register {
    /// What every register holds before anything was measured.
    pub const ZERO: Self = Self([0; 48]);

    /// SHA-384 of the parts, one after another.
    pub fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut context = Context::new(&SHA384);
        for part in parts {
            context.update(part);
        }
        Self::finish(context)
    }

    /// The register after `value` was written to it: SHA-384 of what it held and `value`.
    ///
    /// `value` is a digest of 48 bytes wherever hardware extends by an event; Nitro's PCR3 and PCR4 take a text.
    #[must_use]
    pub fn extended_by(self, value: &[u8]) -> Self {
        Self::digest([self.0.as_slice(), value])
    }

    /// Whether every byte is zero: nothing was measured.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    pub(crate) fn finish(context: Context) -> Self {
        let mut bytes = [0; 48];
        for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for Register {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// 96 lowercase hexadecimal digits, as the vendors' tools print it.
impl Serialize for Register {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_extended_by_the_digest_of_nothing_is_a_nitro_enclaves_pcr2_without_a_second_ramdisk() {
        let nothing = Register::digest([]);
        assert!(nothing.to_string().starts_with("38b060a751ac96384cd9327eb1b1e36a"));
        assert!(
            Register::ZERO
                .extended_by(&nothing.0)
                .to_string()
                .starts_with("21b9efbc")
        );
    }
}
