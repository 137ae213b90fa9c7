//! What the suites with a chain stand on: a node, a network of contracts on it, operators with real enclaves, and the
//! example project with proposals to judge.

pub mod lies;
pub mod network;
pub mod node;
pub mod operator;
pub mod scene;
