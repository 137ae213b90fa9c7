//! A Nitro document laid open.

use std::ops::Range;

use minicbor::Decoder;
use minicbor::data::Type;

use super::cose::Message;
use super::payload::Payload;
use crate::{Authority, DocumentError, Field};

/// Registers by index, as policies name them.
const REGISTERS: [&str; 32] = [
    "pcr0", "pcr1", "pcr2", "pcr3", "pcr4", "pcr5", "pcr6", "pcr7", "pcr8", "pcr9", "pcr10", "pcr11", "pcr12", "pcr13",
    "pcr14", "pcr15", "pcr16", "pcr17", "pcr18", "pcr19", "pcr20", "pcr21", "pcr22", "pcr23", "pcr24", "pcr25",
    "pcr26", "pcr27", "pcr28", "pcr29", "pcr30", "pcr31",
];

/// The fields of a well-formed document, in the order of their bytes; each range holds the whole CBOR item.
pub(crate) fn fields(document: &[u8]) -> Result<Vec<Field>, DocumentError> {
    let message = Message::parse(document)?;
    Payload::parse(message.payload)?;
    let signature_start = document.len().saturating_sub(message.signature.len());
    let payload_start = offset(document, message.payload);
    let mut walk = Walk {
        decoder: Decoder::new(message.payload),
        start: payload_start,
        fields: vec![Field {
            name: "cose_headers",
            bytes: 0..payload_start,
            value: "COSE_Sign1, ES384".to_owned(),
            authority: Authority::Endorsement,
        }],
    };
    walk.payload().map_err(|error| DocumentError::Cbor(error.to_string()))?;
    let mut fields = walk.fields;
    fields.push(Field {
        name: "signature",
        bytes: signature_start..document.len(),
        value: hex::encode(message.signature),
        authority: Authority::Endorsement,
    });
    Ok(fields)
}

/// Where a part of the document begins in it.
fn offset(document: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(document.as_ptr().addr())
}

struct Walk<'a> {
    decoder: Decoder<'a>,
    start: usize,
    fields: Vec<Field>,
}

impl<'a> Walk<'a> {
    fn payload(&mut self) -> Result<(), minicbor::decode::Error> {
        let counted = self.decoder.map()?;
        let mut seen = 0;
        loop {
            let at_end = match counted {
                Some(count) => seen == count,
                None => self.decoder.datatype()? == Type::Break,
            };
            if at_end {
                return Ok(());
            }
            seen = seen.saturating_add(1);
            let key = self.decoder.str()?;
            self.entry(key)?;
        }
    }

    fn entry(&mut self, key: &'a str) -> Result<(), minicbor::decode::Error> {
        match key {
            "module_id" => self.text("module_id", Authority::Hardware),
            "digest" => self.text("digest", Authority::Hardware),
            "timestamp" => self.timestamp(),
            "pcrs" => self.registers(),
            "certificate" => self.bytes("certificate", Authority::Endorsement),
            "cabundle" => self.authorities(),
            "public_key" => self.bytes("public_key", Authority::Guest),
            "user_data" => self.bytes("user_data", Authority::Guest),
            "nonce" => self.bytes("nonce", Authority::Guest),
            _ => self.decoder.skip(),
        }
    }

    fn text(&mut self, name: &'static str, authority: Authority) -> Result<(), minicbor::decode::Error> {
        let start = self.decoder.position();
        let value = self.decoder.str()?.to_owned();
        self.push(name, start, value, authority);
        Ok(())
    }

    fn timestamp(&mut self) -> Result<(), minicbor::decode::Error> {
        let start = self.decoder.position();
        let value = self.decoder.u64()?.to_string();
        self.push("timestamp_ms", start, value, Authority::Hardware);
        Ok(())
    }

    /// The registers from 16 on are the program's own to write.
    fn registers(&mut self) -> Result<(), minicbor::decode::Error> {
        for _ in 0..self.decoder.map()?.unwrap_or_default() {
            let index = self.decoder.u8()?;
            let authority = match index {
                0..=15 => Authority::Hardware,
                _ => Authority::Guest,
            };
            self.bytes(REGISTERS.get(usize::from(index)).copied().unwrap_or("pcr"), authority)?;
        }
        Ok(())
    }

    fn authorities(&mut self) -> Result<(), minicbor::decode::Error> {
        for _ in 0..self.decoder.array()?.unwrap_or_default() {
            self.bytes("cabundle", Authority::Endorsement)?;
        }
        Ok(())
    }

    fn bytes(&mut self, name: &'static str, authority: Authority) -> Result<(), minicbor::decode::Error> {
        let start = self.decoder.position();
        let value = if self.decoder.datatype()? == Type::Null {
            self.decoder.null()?;
            "absent".to_owned()
        } else {
            hex::encode(self.decoder.bytes()?)
        };
        self.push(name, start, value, authority);
        Ok(())
    }

    fn push(&mut self, name: &'static str, start: usize, value: String, authority: Authority) {
        let bytes: Range<usize> = self.start.saturating_add(start)..self.start.saturating_add(self.decoder.position());
        self.fields.push(Field {
            name,
            bytes,
            value,
            authority,
        });
    }
}
