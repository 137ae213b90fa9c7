//! The processor that a guest sees.

use std::fmt;
use std::str::FromStr;

/// Family, model and stepping as CPUID leaf 1 gives them in EAX, which QEMU leaves in RDX at reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Processor(pub u32);

/// QEMU's names of processors. A version after the name (`-v4`) changes features, not the signature.
const NAMES: &[(&str, Processor)] = &[
    ("EPYC", Processor::new(23, 1, 2)),
    ("EPYC-IBPB", Processor::new(23, 1, 2)),
    ("EPYC-Rome", Processor::new(23, 49, 0)),
    ("EPYC-Milan", Processor::new(25, 1, 1)),
    ("EPYC-Genoa", Processor::new(25, 17, 0)),
    ("EPYC-Turin", Processor::new(26, 0, 0)),
];

impl Processor {
    /// From family, model and stepping (CPUID specification, Fn0000_0001 EAX).
    pub const fn new(family: u8, model: u8, stepping: u8) -> Self {
        let (base, extended) = match family.checked_sub(15) {
            Some(extended) => (15, extended),
            None => (family, 0),
        };
        Self(
            (extended as u32) << 20
                | (model as u32 >> 4) << 16
                | (base as u32) << 8
                | (model as u32 & 15) << 4
                | (stepping as u32 & 15),
        )
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#010x}", self.0)
    }
}

/// A text that names no processor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a processor of QEMU (EPYC, EPYC-Rome, EPYC-Milan, EPYC-Genoa, EPYC-Turin) nor 0x and a CPUID signature"
)]
pub struct UnknownProcessor(pub String);

/// QEMU's name with or without a version, or the signature itself, such as `0x00a20f11`.
impl FromStr for Processor {
    type Err = UnknownProcessor;

    fn from_str(text: &str) -> Result<Self, UnknownProcessor> {
        let unknown = || UnknownProcessor(text.to_owned());
        if let Some(digits) = text.strip_prefix("0x") {
            let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
            return number.map(Self).ok_or_else(unknown);
        }
        let name = match text.rsplit_once("-v") {
            Some((name, version)) if version.parse::<u8>().is_ok() => name,
            _ => text,
        };
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, processor)| *processor).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_signatures_are_read() {
        assert_eq!("EPYC-v4".parse(), Ok(Processor(0x0080_0f12)));
        assert_eq!("EPYC-Milan-v2".parse(), Ok(Processor(0x00a0_0f11)));
        assert_eq!("EPYC-Genoa".parse(), Ok(Processor(0x00a1_0f10)));
        assert_eq!("0x00a00f11".parse(), Ok(Processor(0x00a0_0f11)));
        for text in ["", "EPYC-v", "EPYC-vX", "Xeon", "0x", "0x1_0", "0x+1"] {
            assert_eq!(text.parse::<Processor>(), Err(UnknownProcessor(text.to_owned())));
        }
    }
}
