//! Evidence laid open: which bytes say what, and whose word they are.

use std::ops::Range;

use orv_evidence::Platform;
use serde::Serialize;

use crate::{VerifyError, nitro, snp, tdx};

/// One field of raw evidence, where it stands. Reading it proves nothing: [`crate::verify`] does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The field's name, as in [`crate::Claims`] in JSON where it is there.
    pub name: &'static str,
    /// Its bytes in the evidence.
    pub bytes: Range<usize>,
    /// What they say, for a person.
    pub value: String,
    /// Whose word it is.
    pub authority: Authority,
}

/// Whose word a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Measured or set by the vendor's hardware, under its signature.
    Hardware,
    /// Chosen by the host at launch, under the hardware's signature.
    Host,
    /// Chosen by the program inside, under the hardware's signature.
    Guest,
    /// A signature or certificate: it vouches for the others.
    Endorsement,
    /// Under no signature at all.
    Nobody,
}

/// Lays raw evidence open, field by field in the order of the bytes.
///
/// # Errors
/// [`VerifyError`] when the evidence is not well-formed: then no byte has a meaning to tell.
pub fn fields(evidence: &[u8], platform: Platform) -> Result<Vec<Field>, VerifyError> {
    match platform {
        Platform::Nitro | Platform::SimNitro => Ok(nitro::fields(evidence)?),
        Platform::Snp | Platform::SimSnp => Ok(snp::fields(evidence)?),
        Platform::Tdx | Platform::SimTdx => Ok(tdx::fields(evidence)?),
    }
}
