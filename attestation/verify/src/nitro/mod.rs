//! AWS Nitro: a COSE_Sign1 message over CBOR (attestation reference, a).

mod acceptance;
mod authenticate;
mod cbor;
mod certificate;
mod chain;
mod claims;
mod cose;
mod payload;
mod revocation;

pub use claims::{NitroClaims, NitroRegisters, Reported};
pub use cose::{MAXIMUM_DOCUMENT, MAXIMUM_PAYLOAD};

pub(crate) use authenticate::{authenticate, claimed_time};
