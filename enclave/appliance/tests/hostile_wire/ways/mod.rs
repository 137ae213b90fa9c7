//! The table of ways, by what a host lies about.

mod connections;
mod contents;
mod encoding;
mod frames;
mod hang_ups;
mod jobs;
mod messages;
pub mod random;
mod segments;
pub mod slowness;

use crate::way::Way;

/// Ways that end at once.
pub fn quick() -> impl Iterator<Item = &'static Way> {
    [
        frames::WAYS,
        encoding::WAYS,
        messages::WAYS,
        segments::WAYS,
        contents::WAYS,
        jobs::WAYS,
        hang_ups::WAYS,
        connections::WAYS,
    ]
    .into_iter()
    .flatten()
}

/// Ways that end when the enclave loses its patience.
pub fn slow() -> impl Iterator<Item = &'static Way> {
    slowness::WAYS.iter()
}
