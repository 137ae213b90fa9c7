//! The journal outlives the program, and is the same on SQLite and on PostgreSQL.
//!
//! Every behaviour that is not about one of the two is tested on both, by one text.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod postgres;
#[macro_use]
mod stage;
mod backup;
mod claims;
mod crash;
mod duties;
mod life;
mod model;
mod notes;
mod sample;
mod schema;
