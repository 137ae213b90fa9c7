//! AMD SEV-SNP: an attestation report of 1,184 bytes (attestation reference, a).

mod policy;

pub use policy::SnpPolicy;
