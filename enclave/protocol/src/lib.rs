//! The published rule of a verdict, from `protocol.json` to the decision: which files a candidate may change, what its
//! metric is, what score that is, and whether the score improves on the incumbent. Everything here is a pure function
//! of its arguments: no clock, no file, no randomness. The enclave drives [`judgement::Judgement`] with trials that it
//! runs, an auditor drives the same machine with the trials of a receipt, and both arrive at the same decision.
//!
//! ```
//! use orv_protocol::judgement::{Case, IncumbentSource, Judgement, Step, TrialOutcome};
//! use orv_protocol::judgement::Arm;
//! use orv_protocol::metric::Decimal;
//! use orv_protocol::score::{Bips, Direction, Scale, Score, SignRule};
//! use orv_protocol::{MetricChannel, PlatformTier, Verdict};
//!
//! let case = Case {
//!     direction: Direction::Maximize,
//!     sign_rule: SignRule::NegateIfMinimize,
//!     scale: Scale::UPSTREAM,
//!     margin: Bips(100),
//!     noise_floor: None,
//!     max_jump: None,
//!     baseline: Score::from(50_000_000),
//!     incumbent: Score::from(50_000_000),
//!     incumbent_source: IncumbentSource::Snapshot,
//!     channel: MetricChannel::Split,
//!     tier: PlatformTier::TrustedCounter,
//!     secret: [7; 32],
//! };
//! let mut judgement = Judgement::begin(case);
//! let decision = loop {
//!     match judgement.next() {
//!         Step::Decided(decision) => break decision,
//!         Step::Run(Arm::Candidate) => judgement.record(TrialOutcome::Metric("51.5".parse::<Decimal>()?))?,
//!         Step::Run(_) => judgement.record(TrialOutcome::Metric("50".parse::<Decimal>()?))?,
//!     }
//! };
//! assert_eq!(decision.verdict, Verdict::Approve);
//! assert_eq!(decision.score, Score::from(51_500_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The parts, in the order of a job: [`document`] and [`project`] read what the creator fixed, [`surface`] lays the
//! candidate's files into the project's tree, [`seed`] says what a trial is seeded with, [`metric`] reads the number
//! that it prints, [`score`] turns it into the integer that the chain keeps, [`schedule`] draws the order of the trials
//! and [`judgement`] decides.

pub mod advice;
pub mod document;
pub mod explain;
mod glob;
pub mod judgement;
pub mod metric;
pub mod project;
pub mod sampling;
pub mod schedule;
pub mod score;
pub mod seed;
mod strict_json;
pub mod surface;
mod verdict;
#[cfg(feature = "weakened")]
pub mod weakened;
#[cfg(not(feature = "weakened"))]
mod weakened;

pub use strict_json::JsonError;
pub use verdict::{MetricChannel, MetricKind, PlatformTier, UnknownNumber, Verdict};

/// Version of the rule that this crate publishes; a statement carries it, and an auditor replays by the same one.
pub const RULE_VERSION: u16 = 1;
