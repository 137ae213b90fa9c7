//! The shipped enclave images, unchanged, booted on emulated machines (`./dev test nitro`).
//!
//! Everything but the hypervisor is real: kernel, init, evidence through `/dev/nsm`, vsock, containers, and on the other
//! side daemon, contracts and storage. The emulator does not sign its documents, so the product's verifier refuses them,
//! which is a test; keys are admitted by this suite's own attester, after it has compared every register.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod alteration;
mod attestation;
mod endings;
mod figures;
#[path = "../../../enclave/appliance/tests/host/mod.rs"]
mod host;
mod hostile_miner;
mod judging;
mod stand_in;
mod support;
mod tables;
