//! The two CBOR maps of this crate have the same frame: keys 0, 1, 2, … in order, nothing else.

use std::convert::Infallible;

use minicbor::Encoder;
use minicbor::decode::{Decoder, Error};

/// Why bytes are not the one deterministic encoding of a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Not CBOR, or a value of another type.
    #[error("malformed CBOR: {0}")]
    Malformed(String),
    /// The map has another number of entries.
    #[error("expected a map of {expected} entries, found {found:?}")]
    Entries {
        /// How many there must be.
        expected: u64,
        /// How many there are; none for a map of indefinite length.
        found: Option<u64>,
    },
    /// A key is missing, unknown, doubled or out of order.
    #[error("expected key {expected}, found key {found}")]
    Key {
        /// The key due here.
        expected: u64,
        /// The key that is here.
        found: u64,
    },
    /// A byte string of fixed size has another size.
    #[error("key {key} holds {found} bytes where {expected} belong")]
    Size {
        /// The map's key.
        key: u64,
        /// The fixed size.
        expected: usize,
        /// The size found.
        found: usize,
    },
    /// A value is longer than its bound.
    #[error("key {key} holds {found} bytes, at most {maximum} are allowed")]
    TooLong {
        /// The map's key.
        key: u64,
        /// The bound.
        maximum: usize,
        /// The size found.
        found: usize,
    },
    /// The bytes mean this map but are not its deterministic encoding (RFC 8949 4.2.1), or something follows it.
    #[error("not the deterministic encoding: re-encoding gives other bytes")]
    NotDeterministic,
}

impl From<Error> for MapError {
    fn from(error: Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Reads a map whose keys are 0, 1, 2, … in order.
pub(crate) struct MapReader<'a> {
    decoder: Decoder<'a>,
    next: u64,
}

impl<'a> MapReader<'a> {
    pub(crate) fn open(bytes: &'a [u8], entries: u64) -> Result<Self, MapError> {
        let (map, _) = Self::open_either(bytes, entries, entries)?;
        Ok(map)
    }

    /// Opens a map of `shorter` or of `longer` entries, and says which: the last ones may be absent.
    pub(crate) fn open_either(bytes: &'a [u8], shorter: u64, longer: u64) -> Result<(Self, u64), MapError> {
        let mut decoder = Decoder::new(bytes);
        match decoder.map()? {
            Some(entries) if entries == shorter || entries == longer => Ok((Self { decoder, next: 0 }, entries)),
            found => Err(MapError::Entries {
                expected: shorter,
                found,
            }),
        }
    }

    fn key(&mut self) -> Result<u64, MapError> {
        let (expected, found) = (self.next, self.decoder.u64()?);
        if found != expected {
            return Err(MapError::Key { expected, found });
        }
        self.next = expected.saturating_add(1);
        Ok(expected)
    }

    pub(crate) fn number(&mut self) -> Result<u64, MapError> {
        self.key()?;
        Ok(self.decoder.u64()?)
    }

    pub(crate) fn text(&mut self, maximum: usize) -> Result<&'a str, MapError> {
        let key = self.key()?;
        let text = self.decoder.str()?;
        if text.len() > maximum {
            return Err(MapError::TooLong {
                key,
                maximum,
                found: text.len(),
            });
        }
        Ok(text)
    }

    pub(crate) fn bytes(&mut self, maximum: usize) -> Result<&'a [u8], MapError> {
        let key = self.key()?;
        let bytes = self.decoder.bytes()?;
        if bytes.len() > maximum {
            return Err(MapError::TooLong {
                key,
                maximum,
                found: bytes.len(),
            });
        }
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MapError> {
        let key = self.key()?;
        let bytes = self.decoder.bytes()?;
        bytes.try_into().map_err(|_| MapError::Size {
            key,
            expected: N,
            found: bytes.len(),
        })
    }
}

/// Writes a map whose keys are 0, 1, 2, … in order. Writing into memory cannot fail.
pub(crate) struct MapWriter {
    encoder: Encoder<Vec<u8>>,
    next: u64,
}

impl MapWriter {
    pub(crate) fn open(entries: u64) -> Self {
        let mut encoder = Encoder::new(Vec::new());
        infallible(encoder.map(entries).map(drop));
        Self { encoder, next: 0 }
    }

    fn key(&mut self) -> &mut Encoder<Vec<u8>> {
        infallible(self.encoder.u64(self.next).map(drop));
        self.next = self.next.saturating_add(1);
        &mut self.encoder
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        infallible(self.key().u64(number).map(drop));
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        infallible(self.key().str(text).map(drop));
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        infallible(self.key().bytes(bytes).map(drop));
        self
    }

    pub(crate) fn close(self) -> Vec<u8> {
        self.encoder.into_writer()
    }
}

/// A `Vec` is a writer without errors, and the type says so; an encoder's other error is unreachable for these types.
fn infallible(result: Result<(), minicbor::encode::Error<Infallible>>) {
    debug_assert!(result.is_ok(), "writing into memory cannot fail");
}
