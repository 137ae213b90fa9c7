//! The operator's daemon: sees proposals, opens tickets, has the enclave judge, and brings its statements to the chain
//! (DESIGN 4). It is trusted by nobody and trusts nobody: the enclave checks every byte it serves, it checks every
//! statement the enclave signs, and the gateway checks both again.
//!
//! The way of a proposal is a folder each: `intake` finds it, `decide` says whether an attempt may begin,
//! `ticket` makes the attempt public, `fetch` finds the bytes, [`enclave`] has it judged, `settle` brings it to the
//! chain; `admission` cares for the enclave's key, `watch` goes round. Every step is written to the [`journal`] with
//! its reason before the next begins, so that a crash at any point is mended by reading the chain.
//!
//! ```no_run
//! # async fn example() -> Result<(), orv_verifier::VerifierError> {
//! use orv_verifier::{Daemon, Silent, VerifierConfig};
//! use std::{path::Path, sync::Arc};
//!
//! let config = VerifierConfig::load(Path::new("/etc/orv/verifier.toml"))?;
//! let summary = Daemon::once(config, Arc::new(Silent)).await?;
//! for row in &summary.outcomes {
//!     println!("proposal {}: {} ({})", row.proposal, row.state, row.cause);
//! }
//! # Ok(())
//! # }
//! ```

mod admission;
pub mod board;
mod configuration;
pub mod decide;
pub mod doctor;
mod duty;
pub mod enclave;
mod error;
mod fetch;
mod folder;
mod ground;
mod intake;
pub mod journal;
mod notice;
mod operator;
pub mod page;
mod run;
pub mod settings;
mod settle;
mod status;
mod ticket;
mod watch;

pub use self::{
    board::Board,
    configuration::{
        AdmissionSource, DatabaseUrl, DutySettings, EnclaveSettings, LimitSettings, LocalAttesters, PauseSettings,
        ProjectFilter, RemoteAttesters, RpcAddresses, Trust, VerifierConfig, WalletSource,
    },
    error::VerifierError,
    fetch::StoredContents,
    intake::{Candidate, Urgency, in_order},
    notice::{EnclaveSeen, EndpointSeen, Notice, Observer, Silent, Surroundings},
    settle::{Reaction, reaction},
    status::{StatusRow, status},
    watch::{Controls, Daemon, Failure, Intention, Orders, Phase, Summary},
};
