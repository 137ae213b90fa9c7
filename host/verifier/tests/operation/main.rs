//! What an operator relies on: enclaves side by side, one daemon for each folder and each proposal, an orderly end,
//! settlements that stay, keys that are renewed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fake/mod.rs"]
mod fake;
#[path = "../network/mod.rs"]
mod network;

mod attempts;
mod daemons;
mod duties;
mod enclaves;
mod ending;
mod intake;
mod rehearsal;
mod renewal;
mod room;
mod stop_at;
mod taken_back;

use orv_verifier::journal::DaemonId;

/// A daemon that is none of those under test.
const OTHER_DAEMON: DaemonId = DaemonId::new([7; 16]);
