//! What the suites with a chain stand on: a network of contracts on either chain, operators with real enclaves, and the
//! example project with proposals to judge.

pub mod lies;
pub mod network;
pub mod operator;
pub mod scene;
#[path = "../../../host/verifier/tests/upstream/mod.rs"]
pub mod upstream;
