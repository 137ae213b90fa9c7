//! The interfaces this crate speaks: our own contracts, and upstream's, whose deployed ABI ours keeps
//! (openresearch.md 1.2 to 1.5).

pub use orv_contracts::{
    admission::{AttesterQuorum, EnclaveRegistry, MeasurementPolicy},
    gateway::{SharedProjects, VerifierGateway},
    upstream::{ProjectRegistry, ProjectToken, ProposalLedger, VerifierRegistry},
};
