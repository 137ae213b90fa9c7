//! Several endpoints, and one owner of a key, before nodes that misbehave.
// The lints know test functions, not the set-up functions beside them.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod endpoints;
mod sending;
mod support;
