//! The part of CBOR that a Nitro document may use.

use minicbor::Decoder;
use minicbor::data::Type;

use crate::DocumentError;

/// A CBOR reader that takes only definite lengths and shortest forms, with one documented exception.
pub(super) struct Reader<'a>(Decoder<'a>);

/// How many entries a map announces.
pub(super) enum Entries {
    Counted(u64),
    UntilBreak,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Nothing may follow.
    pub(super) fn finish(self) -> Result<(), DocumentError> {
        match self.0.input().len().saturating_sub(self.0.position()) {
            0 => Ok(()),
            left => Err(DocumentError::TrailingBytes(left)),
        }
    }

    pub(super) fn tag_if_any(&mut self) -> Result<Option<u64>, DocumentError> {
        if self.0.datatype().map_err(cbor)? != Type::Tag {
            return Ok(None);
        }
        let start = self.0.position();
        let tag = self.0.tag().map_err(cbor)?.as_u64();
        self.shortest(start, tag, 0).map(|()| Some(tag))
    }

    pub(super) fn array(&mut self) -> Result<u64, DocumentError> {
        let start = self.0.position();
        let length = self.0.array().map_err(cbor)?.ok_or(DocumentError::NotShortest(start))?;
        self.shortest(start, length, 0).map(|()| length)
    }

    pub(super) fn map(&mut self) -> Result<u64, DocumentError> {
        let start = self.0.position();
        match self.map_of_any_length()? {
            Entries::Counted(length) => Ok(length),
            Entries::UntilBreak => Err(DocumentError::NotShortest(start)),
        }
    }

    /// The exception: since 2025 genuine AWS documents write the payload's outer map with indefinite length.
    pub(super) fn map_of_any_length(&mut self) -> Result<Entries, DocumentError> {
        let start = self.0.position();
        match self.0.map().map_err(cbor)? {
            Some(length) => self.shortest(start, length, 0).map(|()| Entries::Counted(length)),
            None => Ok(Entries::UntilBreak),
        }
    }

    /// Whether the map of indefinite length ends here; if so, its end is taken.
    pub(super) fn at_break(&mut self) -> Result<bool, DocumentError> {
        if self.0.datatype().map_err(cbor)? != Type::Break {
            return Ok(false);
        }
        self.0.skip().map_err(cbor).map(|()| true)
    }

    pub(super) fn number(&mut self) -> Result<u64, DocumentError> {
        let start = self.0.position();
        let number = self.0.u64().map_err(cbor)?;
        self.shortest(start, number, 0).map(|()| number)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, DocumentError> {
        let start = self.0.position();
        let text = self.0.str().map_err(cbor)?;
        self.shortest(start, count(text.len()), text.len()).map(|()| text)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DocumentError> {
        let start = self.0.position();
        let bytes = self.0.bytes().map_err(cbor)?;
        self.shortest(start, count(bytes.len()), bytes.len()).map(|()| bytes)
    }

    pub(super) fn bytes_or_null(&mut self) -> Result<Option<&'a [u8]>, DocumentError> {
        if self.0.datatype().map_err(cbor)? == Type::Null {
            self.0.null().map_err(cbor)?;
            return Ok(None);
        }
        self.bytes().map(Some)
    }

    /// The item's head, which stands before `content` bytes, must be the shortest that can carry `argument`.
    fn shortest(&self, start: usize, argument: u64, content: usize) -> Result<(), DocumentError> {
        let head = self.0.position().saturating_sub(start).saturating_sub(content);
        let due = match argument {
            0..=23 => 1,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        };
        if head == due {
            Ok(())
        } else {
            Err(DocumentError::NotShortest(start))
        }
    }
}

fn cbor(error: minicbor::decode::Error) -> DocumentError {
    DocumentError::Cbor(error.to_string())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
