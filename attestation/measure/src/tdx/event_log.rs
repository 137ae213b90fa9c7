//! The event log of a confidential guest (ACPI table CCEL): TCG2 crypto-agile records.
//!
//! A log proves nothing by itself. Replayed and equal to the registers of a quote, it proves its *digests*; what a
//! record says beside its digest is proven only where the digest is that of the data
//! ([`LoggedEvent::is_digest_of_its_data`]).

use crate::Register;
use crate::reader::{Reader, Truncated};
use serde::Serialize;

/// The longest log that is read, in bytes. Firmware reserves 64 KiB to 256 KiB.
pub const MAXIMUM_LOG: usize = 4 << 20;

const NO_ACTION: u32 = 3;
const SIGNATURE: [u8; 16] = *b"Spec ID Event03\0";
const SHA384: u16 = 0x000c;
/// More than any hash algorithm has, so that a record stays a record.
const MAXIMUM_ALGORITHMS: u32 = 8;

/// A log, record by record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog<'a> {
    events: Vec<LoggedEvent<'a>>,
}

/// A record that extended a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LoggedEvent<'a> {
    /// Number of the RTMR, 0 to 3. The log itself counts from 1, where 0 is MRTD.
    pub rtmr: u8,
    /// Kind of event, by the TCG's numbers, such as 0x80000003 for an application.
    pub kind: u32,
    /// The digest by which the register was extended.
    pub digest: Register,
    /// What the record says of it.
    #[serde(skip)]
    pub data: &'a [u8],
}

impl LoggedEvent<'_> {
    /// Whether the digest vouches for the data. Firmware measures other bytes than it logs for images and tables.
    pub fn is_digest_of_its_data(&self) -> bool {
        Register::digest([self.data]) == self.digest
    }
}

impl LoggedEvent<'_> {
    /// The kind in words, and what the record says where its digest vouches for a text.
    pub fn describe(&self) -> String {
        let kind = match self.kind {
            0x1 => "measured code",
            0x4 => "separator",
            0x5 => "action",
            0x6 => "tagged event",
            0xa => "platform configuration",
            0xd => "program loader",
            0x8000_0001 => "variable of the firmware's configuration",
            0x8000_0002 => "variable of the boot order",
            0x8000_0003 => "program, by its Authenticode digest",
            0x8000_0004 | 0x8000_0005 => "driver, by its Authenticode digest",
            0x8000_0006 => "partition table",
            0x8000_0007 => "action",
            0x8000_0008 | 0x8000_000a => "firmware volume",
            0x8000_0009 | 0x8000_000b => "hand-off tables",
            0x8000_00e0 => "authority of a signature",
            other => return format!("event of kind {other:#x}"),
        };
        match std::str::from_utf8(self.data) {
            Ok(text) if is_plain(text) && self.is_digest_of_its_data() => format!("{kind}: {text}"),
            _ => kind.to_owned(),
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| (' '..='~').contains(&letter))
}

/// Why bytes are not a log that can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventLogError {
    /// Longer than any firmware's.
    #[error("{0} bytes are more than {MAXIMUM_LOG}")]
    TooLong(usize),
    /// The log ends inside a record.
    #[error("the log ends early: {0}")]
    Truncated(#[from] Truncated),
    /// The first record is not the header that names the algorithms.
    #[error("the first record is not the header `Spec ID Event03`")]
    NoHeader,
    /// The algorithms of the header, or of a record, are not one SHA-384.
    #[error("the record at {at} has {algorithms} digests of which {found} are SHA-384, in place of one")]
    Algorithms {
        /// Where the record begins.
        at: u64,
        /// How many digests it has.
        algorithms: u32,
        /// How many of them can be replayed.
        found: usize,
    },
    /// A digest of an algorithm that the header does not name, so its length is unknown.
    #[error("the record at {at} has a digest of the algorithm {algorithm:#06x}, which the header does not name")]
    UnknownAlgorithm {
        /// Where the record begins.
        at: u64,
        /// Its number.
        algorithm: u16,
    },
    /// An index that is none of RTMR0 to RTMR3.
    #[error("the record at {at} extends register {index}, which is none of 1 (RTMR0) to 4 (RTMR3)")]
    Index {
        /// Where the record begins.
        at: u64,
        /// As the log counts.
        index: u32,
    },
    /// Something behind the last record that is not padding.
    #[error("behind the last record, at {0}, stands something else than padding")]
    Trailing(u64),
}

impl<'a> EventLog<'a> {
    /// Reads a log, with the padding that firmware leaves behind it (bytes of 0xff or 0).
    ///
    /// # Errors
    /// [`EventLogError`] when a record cannot be read, or could be replayed in two ways.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EventLogError> {
        if bytes.len() > MAXIMUM_LOG {
            return Err(EventLogError::TooLong(bytes.len()));
        }
        let mut reader = Reader::new(bytes);
        let algorithms = header(&mut reader)?;
        let mut events = Vec::new();
        while reader.remaining() > 0 {
            if is_padding(reader.rest()) {
                return Ok(Self { events });
            }
            events.extend(record(&mut reader, &algorithms)?);
        }
        Ok(Self { events })
    }

    /// The records that extended a register, in order.
    pub fn events(&self) -> &[LoggedEvent<'a>] {
        &self.events
    }

    /// RTMR0 to RTMR3 after all records.
    pub fn replay(&self) -> [Register; 4] {
        let mut registers = [Register::ZERO; 4];
        for event in &self.events {
            if let Some(register) = registers.get_mut(usize::from(event.rtmr)) {
                *register = register.extended_by(&event.digest.0);
            }
        }
        registers
    }
}

/// Algorithms and the lengths of their digests.
type Algorithms = Vec<(u16, u16)>;

/// The first record has an older form: one SHA-1 that is not used.
fn header(reader: &mut Reader<'_>) -> Result<Algorithms, EventLogError> {
    let (_index, kind) = (reader.u32_le()?, reader.u32_le()?);
    let _unused = reader.take(20)?;
    let length = reader.u32_le()?;
    let mut data = Reader::new(reader.take(length.into())?);
    if kind != NO_ACTION || data.array()? != SIGNATURE {
        return Err(EventLogError::NoHeader);
    }
    // Platform class, version, errata, size of a machine word.
    let _platform = data.take(8)?;
    let count = data.u32_le()?;
    let mut algorithms = Vec::new();
    if count <= MAXIMUM_ALGORITHMS {
        for _ in 0..count {
            algorithms.push((data.u16_le()?, data.u16_le()?));
        }
    }
    let found = algorithms
        .iter()
        .filter(|algorithm| **algorithm == (SHA384, 48))
        .count();
    if found != 1 {
        return Err(EventLogError::Algorithms {
            at: 0,
            algorithms: count,
            found,
        });
    }
    Ok(algorithms)
}

/// A record; `None` for one that only informs.
fn record<'a>(reader: &mut Reader<'a>, algorithms: &Algorithms) -> Result<Option<LoggedEvent<'a>>, EventLogError> {
    let at = reader.offset();
    let (index, kind, count) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
    let mut digests = Vec::new();
    if count <= MAXIMUM_ALGORITHMS {
        for _ in 0..count {
            let algorithm = reader.u16_le()?;
            let known = algorithms.iter().find(|(known, _)| *known == algorithm);
            let (_, length) = known.ok_or(EventLogError::UnknownAlgorithm { at, algorithm })?;
            let digest = reader.take((*length).into())?;
            if algorithm == SHA384 {
                digests.push(digest);
            }
        }
    }
    let [digest] = digests[..] else {
        let found = digests.len();
        return Err(EventLogError::Algorithms {
            at,
            algorithms: count,
            found,
        });
    };
    let digest = Register(Reader::new(digest).array()?);
    let length = reader.u32_le()?;
    let data = reader.take(length.into())?;
    if kind == NO_ACTION {
        return Ok(None);
    }
    let rtmr = match index {
        1 => 0,
        2 => 1,
        3 => 2,
        4 => 3,
        index => return Err(EventLogError::Index { at, index }),
    };
    Ok(Some(LoggedEvent {
        rtmr,
        kind,
        digest,
        data,
    }))
}

/// Erased or zeroed memory. No record begins so: 0xffffffff and 0 are no registers.
fn is_padding(rest: &[u8]) -> bool {
    let all = |byte: u8| rest.iter().all(|other| *other == byte);
    all(0xff) || all(0)
}
