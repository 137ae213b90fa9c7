//! AWS Nitro: a COSE_Sign1 message over CBOR (attestation reference, a).

mod acceptance;
mod authenticate;
mod cbor;
mod certificate;
mod chain;
mod cose;
mod payload;
mod revocation;

pub use cose::{MAXIMUM_DOCUMENT, MAXIMUM_PAYLOAD};

pub(crate) use authenticate::{authenticate, claimed_time};
