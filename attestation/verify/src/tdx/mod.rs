//! Intel TDX: a DCAP quote, and Intel's collateral for its platform (attestation reference, a).
//!
//! A quote stands on four things: a chain from the pinned root to the platform's key, Intel's collateral for that
//! platform, a quoting enclave that the platform's key signs for, and the attestation key that this enclave vouches for.
//! The first two are the same for every quote of a platform and are believed once in a [`crate::Cache`]; the last two are
//! looked at every time.

mod acceptance;
mod attributes;
mod authenticate;
mod body;
mod cache;
mod certificate;
mod chain;
mod claims;
mod collateral;
mod enclave;
mod endorsement;
mod error;
mod further;
mod layout;
mod name;
mod pem;
mod platform;
mod policy;
mod published;
mod quote;
mod reader;
mod revocation;
mod selection;
mod signature;
mod status;
mod tcb;

pub use attributes::TdAttributes;
pub use body::{Td15, Td15Extended, TdReport};
pub use claims::{QuotingEnclave, TdxClaims, TdxPlatform, TdxTcb};
pub use collateral::{MAXIMUM_TDX_COLLATERAL, TdxCollateral, TdxCollateralError};
pub use error::{QuoteError, TdxError, TdxPart};
pub use policy::{AcceptedStatus, Exactly, PerformanceCounters, TdxPolicy, UnconditionalStatus, XFAM_KNOWN};
pub use quote::MAXIMUM_QUOTE;
pub use status::TcbStatus;

pub(crate) use authenticate::authenticate;
pub(crate) use cache::TdxCache;
pub(crate) use layout::fields;

/// The quote alone, cut out of `evidence`: what may be hashed, compared or stored. What follows it differs between
/// machines, need not be zero, and is under no signature.
///
/// # Errors
/// [`QuoteError`] when the evidence does not begin with a quote.
pub fn canonical_quote(evidence: &[u8]) -> Result<&[u8], QuoteError> {
    quote::Quote::parse(evidence).map(|quote| quote.canonical)
}
