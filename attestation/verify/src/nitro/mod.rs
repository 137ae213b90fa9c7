//! AWS Nitro: a COSE_Sign1 message over CBOR (attestation reference, a).

mod acceptance;
mod authenticate;
mod cache;
mod cbor;
mod certificate;
mod chain;
mod claims;
mod cose;
mod fields;
mod payload;
mod revocation;

pub use claims::{NitroClaims, NitroRegisters, Reported};
pub use cose::{MAXIMUM_DOCUMENT, MAXIMUM_PAYLOAD};

pub(crate) use authenticate::{authenticate, claimed_time};
pub(crate) use cache::NitroCache;
pub(crate) use fields::fields;
