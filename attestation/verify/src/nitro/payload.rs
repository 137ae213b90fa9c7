//! The payload of a document, field by field and strictly.

use std::collections::BTreeMap;

use super::cbor::{Entries, Reader};
use crate::{DocumentError, NitroRegisters, Register, Reported};

const MAXIMUM_MODULE: usize = 128;
const MAXIMUM_CERTIFICATE: usize = 1024;
const MAXIMUM_AUTHORITIES: u64 = 16;
const MAXIMUM_REPORTED: usize = 1024;

/// The signed payload of a Nitro document, parsed and not yet believed.
pub(super) struct Payload<'a> {
    pub(super) module: &'a str,
    /// Milliseconds since the epoch, above zero.
    pub(super) timestamp: u64,
    pub(super) registers: NitroRegisters,
    pub(super) certificate: &'a [u8],
    /// Root first.
    pub(super) authorities: Vec<&'a [u8]>,
    pub(super) reported: Reported,
}

/// The payload's fields as they come, each at most once.
#[derive(Default)]
struct Fields<'a> {
    module: Option<&'a str>,
    digest: Option<&'a str>,
    timestamp: Option<u64>,
    registers: Option<BTreeMap<u8, Register>>,
    certificate: Option<&'a [u8]>,
    authorities: Option<Vec<&'a [u8]>>,
    public_key: Option<Option<&'a [u8]>>,
    user_data: Option<Option<&'a [u8]>>,
    nonce: Option<Option<&'a [u8]>>,
}

impl<'a> Payload<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let mut reader = Reader::new(bytes);
        let mut fields = Fields::default();
        match reader.map_of_any_length()? {
            // A doubled key ends the loop, so no announced count makes it long.
            Entries::Counted(count) => {
                for _ in 0..count {
                    fields.read(&mut reader)?;
                }
            }
            Entries::UntilBreak => {
                while !reader.at_break()? {
                    fields.read(&mut reader)?;
                }
            }
        }
        reader.finish()?;
        fields.complete()
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), DocumentError> {
        match reader.text()? {
            "module_id" => once("module_id", &mut self.module, module(reader)?),
            "digest" => once("digest", &mut self.digest, reader.text()?),
            "timestamp" => once("timestamp", &mut self.timestamp, reader.number()?),
            "pcrs" => once("pcrs", &mut self.registers, registers(reader)?),
            "certificate" => once(
                "certificate",
                &mut self.certificate,
                certificate("certificate", reader)?,
            ),
            "cabundle" => once("cabundle", &mut self.authorities, authorities(reader)?),
            "public_key" => once("public_key", &mut self.public_key, reported("public_key", reader)?),
            "user_data" => once("user_data", &mut self.user_data, reported("user_data", reader)?),
            "nonce" => once("nonce", &mut self.nonce, reported("nonce", reader)?),
            other => Err(DocumentError::UnknownKey(other.chars().take(64).collect())),
        }
    }

    fn complete(self) -> Result<Payload<'a>, DocumentError> {
        let digest = self.digest.ok_or(DocumentError::Missing("digest"))?;
        if digest != "SHA384" {
            return Err(DocumentError::Digest(digest.chars().take(64).collect()));
        }
        let timestamp = self.timestamp.ok_or(DocumentError::Missing("timestamp"))?;
        if timestamp == 0 {
            return Err(DocumentError::Timestamp);
        }
        let owned = |field: Option<Option<&[u8]>>| field.flatten().map(<[u8]>::to_vec);
        Ok(Payload {
            module: self.module.ok_or(DocumentError::Missing("module_id"))?,
            timestamp,
            registers: identified(self.registers.ok_or(DocumentError::Missing("pcrs"))?)?,
            certificate: self.certificate.ok_or(DocumentError::Missing("certificate"))?,
            authorities: self.authorities.ok_or(DocumentError::Missing("cabundle"))?,
            reported: Reported {
                nonce: owned(self.nonce),
                public_key: owned(self.public_key),
                user_data: owned(self.user_data),
            },
        })
    }
}

fn once<T>(name: &str, field: &mut Option<T>, value: T) -> Result<(), DocumentError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(DocumentError::DoubledKey(name.to_owned())),
    }
}

fn module<'a>(reader: &mut Reader<'a>) -> Result<&'a str, DocumentError> {
    let module = reader.text()?;
    if module.is_empty() || module.len() > MAXIMUM_MODULE {
        return Err(DocumentError::Size {
            field: "module_id",
            size: module.len(),
        });
    }
    Ok(module)
}

fn registers(reader: &mut Reader<'_>) -> Result<BTreeMap<u8, Register>, DocumentError> {
    let count = reader.map()?;
    let mut registers = BTreeMap::new();
    if count == 0 || count > 32 {
        return Err(DocumentError::Size {
            field: "pcrs",
            size: usize::try_from(count).unwrap_or(usize::MAX),
        });
    }
    for _ in 0..count {
        let number = reader.number()?;
        let index = u8::try_from(number).ok().filter(|index| *index < 32);
        let index = index.ok_or(DocumentError::RegisterIndex(number))?;
        let value = reader.bytes()?;
        let value = value.try_into().map_err(|_| DocumentError::Size {
            field: "a register",
            size: value.len(),
        })?;
        if registers.insert(index, Register(value)).is_some() {
            return Err(DocumentError::DoubledKey(index.to_string()));
        }
    }
    Ok(registers)
}

fn identified(mut registers: BTreeMap<u8, Register>) -> Result<NitroRegisters, DocumentError> {
    Ok(NitroRegisters {
        pcr0: registers.remove(&0).ok_or(DocumentError::Missing("PCR0"))?,
        pcr1: registers.remove(&1).ok_or(DocumentError::Missing("PCR1"))?,
        pcr2: registers.remove(&2).ok_or(DocumentError::Missing("PCR2"))?,
        others: registers,
    })
}

fn authorities<'a>(reader: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, DocumentError> {
    let count = reader.array()?;
    if count == 0 || count > MAXIMUM_AUTHORITIES {
        return Err(DocumentError::Size {
            field: "cabundle",
            size: usize::try_from(count).unwrap_or(usize::MAX),
        });
    }
    (0..count)
        .map(|_| certificate("a certificate of cabundle", reader))
        .collect()
}

fn certificate<'a>(field: &'static str, reader: &mut Reader<'a>) -> Result<&'a [u8], DocumentError> {
    let certificate = reader.bytes()?;
    if certificate.is_empty() || certificate.len() > MAXIMUM_CERTIFICATE {
        return Err(DocumentError::Size {
            field,
            size: certificate.len(),
        });
    }
    Ok(certificate)
}

fn reported<'a>(field: &'static str, reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, DocumentError> {
    let bytes = reader.bytes_or_null()?;
    match bytes {
        Some(bytes) if bytes.len() > MAXIMUM_REPORTED => Err(DocumentError::Size {
            field,
            size: bytes.len(),
        }),
        other => Ok(other),
    }
}
