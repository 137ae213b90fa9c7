//! From verified bundles to measured trials: the same code for enclave, creator, miner and auditor.
//!
//! What a miner measures must be what the verifier measures, so everything between "these are the right bytes" and
//! "this is what happened" stands here once: archives are opened ([`archive`]), image, judge and the tree of each arm
//! are laid out ([`Workshop`]), and a trial of an arm runs in fresh containers and becomes an observation. What an
//! observation is worth is decided elsewhere, by `orv-receipt`'s rule, from the record alone.
//!
//! [`measurement`] repeats one arm, for creators who need a baseline and miners who want to know before they stake.

pub mod archive;
mod caps;
mod container;
mod measure;
pub mod measurement;
mod processors;
mod workshop;

pub use caps::{Caps, CapsError};
pub use measure::TrialError;
pub use processors::Processors;
pub use workshop::{Fault, Inputs, PrepareError, Workshop};
