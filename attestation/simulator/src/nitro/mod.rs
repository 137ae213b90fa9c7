//! AWS Nitro Enclaves: documents in COSE_Sign1 under a P-384 chain.

mod certificate;
mod defect;
mod document;
mod registers;
mod root;
mod simulated;

pub use certificate::{Certificate, Role};
pub use defect::{NitroDefect, NitroEvidence};
pub use document::{NitroDocument, PROTECTED_HEADER, envelope_of_signature, sign};
pub use registers::{Register, instance_register, measured_register};
pub use root::{published_root, root_der};
pub use simulated::{LEAF_LIFETIME, Measured, NITRO_MODULE, SimulatedNitro};
