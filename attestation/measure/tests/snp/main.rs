//! SNP launch digests: published ones, other programs' ones, and firmware that means harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../oracle/mod.rs"]
mod oracle;
mod ovmf;

mod hostile;
mod published;
mod with_other_programs;
