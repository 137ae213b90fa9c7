//! Emulated machines that boot the images as they are shipped, and what the suites do with them.
//!
//! QEMU's software emulation runs everywhere and proves function: measurement, binding, transport, containment inside a real
//! kernel. It proves nothing about isolation from its host, and its documents are not signed.

pub mod boot;
pub mod child;
pub mod document;
pub mod hostile;
pub mod images;
pub mod machine;
pub mod network;
pub mod observer;
pub mod opinions;
pub mod saboteur;
pub mod spoilt;
pub mod tools;
#[path = "../../../../host/verifier/tests/upstream/mod.rs"]
pub mod upstream;
