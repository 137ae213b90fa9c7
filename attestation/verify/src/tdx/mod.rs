//! Intel TDX: a DCAP quote, and Intel's collateral for its platform (attestation reference, a).

mod collateral;
mod policy;

pub use collateral::TdxCollateral;
pub use policy::TdxPolicy;
