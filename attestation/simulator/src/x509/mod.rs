//! X.509 as a test PKI needs it: every field of a certificate and of a revocation list can be anything (RFC 5280).
//!
//! [`ToBeSigned`] is what an issuer signs. Change any field, the declared algorithm included, then let an
//! [`Authority`] sign it: whether the result makes sense is the caller's affair.

mod algorithm;
mod authority;
pub(crate) mod calendar;
pub(crate) mod der;
mod extension;
mod key;
mod name;
mod pem;
mod revocation;
mod to_be_signed;

pub use algorithm::{SignatureAlgorithm, TrailerField};
pub use authority::{Authority, SimulatorError};
pub use extension::{Criticality, Extension};
pub use key::{KeyKind, KeyPair};
pub use name::{Attribute, Name};
pub use pem::pem;
pub use revocation::{RevocationList, Revoked};
pub use to_be_signed::{ToBeSigned, serial_number};
