//! How the numbers of the chain stand in CBOR: byte strings of fixed length, big-endian, as in the ABI.
//!
//! One form for each value, so that a decoded and encoded document is the same bytes (RFC 8949 4.2.1).

use minicbor::decode::Error;
use minicbor::{Decode, Encode};

/// Decodes exactly one item that is in canonical form: encoding it again gives the same bytes.
///
/// This one comparison refuses trailing bytes, longer integer forms, unknown and doubled keys, and keys out of order.
///
/// # Errors
/// [`CanonicalError`], with the first byte that differs.
pub fn decode_canonical<'b, T>(bytes: &'b [u8]) -> Result<T, CanonicalError>
where
    T: Decode<'b, ()> + Encode<()>,
{
    let value: T = minicbor::decode(bytes).map_err(|error| CanonicalError::Malformed(error.to_string()))?;
    let mut rest = Expected { bytes, offset: 0 };
    match minicbor::encode(&value, &mut rest) {
        Ok(()) if rest.offset == bytes.len() => Ok(value),
        _ => Err(CanonicalError::NotCanonical { offset: rest.offset }),
    }
}

/// Compares what is written with what it should be, so that nothing is kept twice.
struct Expected<'b> {
    bytes: &'b [u8],
    offset: usize,
}

/// The encoding differs from the bytes it was decoded from.
struct Differs;

impl minicbor::encode::Write for Expected<'_> {
    type Error = Differs;

    fn write_all(&mut self, written: &[u8]) -> Result<(), Differs> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        if rest.starts_with(written) {
            self.offset += written.len();
            return Ok(());
        }
        let same = rest.iter().zip(written).take_while(|(theirs, ours)| ours == theirs);
        self.offset += same.count();
        Err(Differs)
    }
}

/// The canonical bytes of a value.
///
/// Writing to memory cannot fail and no encoder here raises an error of its own. Were one added, the result would be
/// empty, which has no 0G root and which no reader accepts.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

/// Why bytes are not one canonical item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Not CBOR of the expected shape.
    #[error("not the expected CBOR: {0}")]
    Malformed(String),
    /// The right values in another form, or with something after them.
    #[error("not in canonical form: differs from its own encoding at byte {offset}")]
    NotCanonical {
        /// First byte that differs.
        offset: usize,
    },
}

macro_rules! fixed_bytes {
    ($name:ident, $type:ty, $length:literal, $to:expr, $from:expr, $what:literal) => {
        #[doc = concat!("A ", $what, ".")]
        pub mod $name {
            use super::*;
            use minicbor::{Decoder, Encoder};

            /// Writes the value.
            pub fn encode<C, W: minicbor::encode::Write>(
                value: &$type,
                encoder: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                let bytes: [u8; $length] = $to(value);
                encoder.bytes(&bytes)?.ok()
            }

            /// Reads the value; any other length is an error.
            pub fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<$type, Error> {
                let bytes = decoder.bytes()?;
                let bytes: [u8; $length] = bytes
                    .try_into()
                    .map_err(|_| Error::message(format!("{} of {} bytes", $what, bytes.len())))?;
                Ok($from(bytes))
            }
        }
    };
}

fixed_bytes!(
    word,
    alloy_primitives::B256,
    32,
    |v: &alloy_primitives::B256| v.0,
    alloy_primitives::B256::from,
    "32-byte word"
);
fixed_bytes!(
    address,
    alloy_primitives::Address,
    20,
    |v: &alloy_primitives::Address| v.0.0,
    alloy_primitives::Address::from,
    "20-byte address"
);
fixed_bytes!(
    unsigned,
    alloy_primitives::U256,
    32,
    |v: &alloy_primitives::U256| v.to_be_bytes::<32>(),
    alloy_primitives::U256::from_be_bytes::<32>,
    "256-bit unsigned number"
);
fixed_bytes!(
    signed,
    alloy_primitives::I256,
    32,
    |v: &alloy_primitives::I256| v.to_be_bytes::<32>(),
    alloy_primitives::I256::from_be_bytes::<32>,
    "256-bit signed number"
);
fixed_bytes!(
    sha256,
    orv_content::Sha256,
    32,
    |v: &orv_content::Sha256| v.0,
    orv_content::Sha256,
    "SHA-256"
);
