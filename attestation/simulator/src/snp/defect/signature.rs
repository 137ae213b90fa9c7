//! What can be wrong with the signature.

use orv_evidence::UnixTime;

use super::{Draft, Evidence};
use crate::x509::SimulatorError;

/// What is wrong with the signature, or was changed after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureDefect {
    /// A bit of `r` is flipped.
    R,
    /// A bit of `s` is flipped.
    S,
    /// A byte after the 48 of `r` is not zero.
    PaddingOfR,
    /// A byte after the 48 of `s` is not zero.
    PaddingOfS,
    /// The first byte after `s` is not zero.
    ReservedBegin,
    /// The last byte of the report is not zero.
    ReservedEnd,
    /// `r` and `s` are zero.
    Zero,
    /// `r` and `s` are the most significant byte first.
    BigEndian,
    /// A bit of the launch digest is flipped.
    Measurement,
    /// A bit of the report data is flipped.
    ReportData,
    /// Another chip with the same identifier and firmware signed.
    OtherKey,
    /// A byte is missing at the end.
    Short,
    /// A byte follows the end.
    Long,
}

impl SignatureDefect {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::R,
        Self::S,
        Self::PaddingOfR,
        Self::PaddingOfS,
        Self::ReservedBegin,
        Self::ReservedEnd,
        Self::Zero,
        Self::BigEndian,
        Self::Measurement,
        Self::ReportData,
        Self::OtherKey,
        Self::Short,
        Self::Long,
    ];

    pub(super) fn forge(self, now: UnixTime) -> Result<Evidence, SimulatorError> {
        let mut draft = Draft::usual(now)?;
        let mut evidence = draft.finish()?;
        let report = &mut evidence.report;
        match self {
            Self::R => flip(report, 0x2a0),
            Self::S => flip(report, 0x2a0 + 72),
            Self::PaddingOfR => flip(report, 0x2a0 + 48),
            Self::PaddingOfS => flip(report, 0x2a0 + 72 + 71),
            Self::ReservedBegin => flip(report, 0x2a0 + 144),
            Self::ReservedEnd => flip(report, 1183),
            Self::Zero | Self::BigEndian => {
                let mut signature = draft.chip.signature(&draft.report)?;
                self.rearrange(&mut signature.r);
                self.rearrange(&mut signature.s);
                *report = [draft.report.encode(), signature.encode()].concat();
            }
            Self::Measurement => flip(report, 0x90),
            Self::ReportData => flip(report, 0x50),
            Self::OtherKey => {
                draft.chip = draft.vendor.chip(draft.from())?;
                evidence.report = draft.finish()?.report;
            }
            Self::Short => drop(report.pop()),
            Self::Long => report.push(0),
        }
        Ok(evidence)
    }

    fn rearrange(self, number: &mut [u8; 72]) {
        let [significant @ .., _] = number.as_chunks_mut::<24>().0 else {
            return;
        };
        match self {
            Self::Zero => significant.as_flattened_mut().fill(0),
            _ => significant.as_flattened_mut().reverse(),
        }
    }
}

fn flip(bytes: &mut [u8], place: usize) {
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1;
    }
}
