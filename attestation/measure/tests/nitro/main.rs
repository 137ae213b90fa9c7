//! Nitro's registers, from an image file and from its parts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../oracle/mod.rs"]
mod oracle;

mod eif;
mod hostile;
mod published;
mod with_eif_build;
