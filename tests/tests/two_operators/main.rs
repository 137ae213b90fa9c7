//! Timed verdicts need the statements of two operators (DESIGN 5.2). Here they are two: production's daemons, each with
//! an account, a folder, a journal and an enclave of its own, on one chain that is asked afterwards what it has. The
//! enclaves follow a script, since what they measure is not what this is about.
//!
//! And what the operators earn is drawn: once, for whoever earned it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agreement;
mod chain;
#[path = "../../../host/verifier/tests/crooked/mod.rs"]
mod crooked;
mod disagreement;
#[path = "../../../host/verifier/tests/fake/mod.rs"]
mod fake;
mod hidden_log;
#[path = "../../../enclave/appliance/tests/host/mod.rs"]
mod host;
mod operator;
#[path = "../../../host/verifier/tests/journal/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../operator/process.rs"]
#[allow(dead_code)]
mod process;
mod stage;
mod turn;
#[path = "../../../host/verifier/tests/upstream/mod.rs"]
mod upstream;
mod withdrawal;
