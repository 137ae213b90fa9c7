//! TDX registers: a published log and quote, independent computations, and files that mean harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../oracle/mod.rs"]
mod oracle;
mod program;
mod tdvf;

mod boot;
mod event_log;
mod firmware;
mod in_python;
