//! From verified bundles to measured trials: the same code for enclave, creator, miner and auditor.
//!
//! What a miner measures must be what the verifier measures, so everything between "these are the right bytes" and
//! "this is what happened" stands here once: archives are opened ([`archive`]), image, judge and the tree of each arm
//! are laid out ([`Workshop`]), and a trial of an arm runs in fresh containers and becomes an observation. What an
//! observation is worth is decided elsewhere, by `orv-receipt`'s rule, from the record alone.
//!
//! [`judging`] runs what the rule asks for and makes the record of it. [`measurement`] repeats one arm, for creators who need a baseline and miners who want to know before they stake; [`rehearsal`] shows
//! all that was seen of them, and runs the job of a receipt again, for [`agreement`] to compare.
//!
//! ```no_run
//! use orv_content::{archive::Quota, materialize::read_directory};
//! use orv_protocol::judgement::Arm;
//! use orv_receipt::rule::Documents;
//! use orv_runner::Runner;
//! use orv_trial::measurement::{Bench, measure};
//! use orv_trial::{Caps, Inputs};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let read = |folder: &str| read_directory(Path::new(folder), &Quota::project());
//! let (snapshot, benchmark) = (read("repository")?, read("benchmark")?);
//! let documents = Documents::parse(&std::fs::read("protocol.json")?, benchmark.file("openresearch.json").map(|b| &b[..]))?;
//! let inputs = Inputs {
//!     documents: &documents,
//!     snapshot: &snapshot,
//!     benchmark: &benchmark,
//!     image: None,
//!     incumbent: None,
//!     candidate: None,
//! };
//! let runner = Runner::new("/run/orv/scratch".into());
//! let bench = Bench { runner: &runner, caps: Caps::ENCLAVE, directory: Path::new("/run/orv/measurement") };
//! let measured = measure(&inputs, Arm::Snapshot, &[[1; 32], [2; 32]], &bench)?;
//! println!("metric {}, score {}", measured.metric, measured.score);
//! # Ok(())
//! # }
//! ```

pub mod agreement;
pub mod archive;
mod caps;
mod conditions;
mod container;
pub mod judging;
mod measure;
pub mod measurement;
mod processors;
mod protections;
pub mod rehearsal;
mod workshop;

pub use caps::{Caps, CapsError, JOB_TIME};
pub use measure::TrialError;
pub use processors::Processors;
pub use protections::missing_protections;
pub use workshop::{Fault, Inputs, Pace, PrepareError, Workshop};
