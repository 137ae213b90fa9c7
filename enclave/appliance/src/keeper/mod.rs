//! The keeper: the one process that knows the key (DESIGN 5.3).
//!
//! It is started before everything else and before any thread, in a process of its own: another uid, not dumpable, no
//! new privileges, no files but one socket and the console. It answers three typed requests and never runs, parses or
//! hashes anything that a stranger wrote, but for a statement of fixed shape.

mod client;
mod process;
mod request;
mod vault;

pub(crate) use client::{Keeper, KeeperError};
pub(crate) use process::main;
pub(crate) use request::{Binding, Refusal};
