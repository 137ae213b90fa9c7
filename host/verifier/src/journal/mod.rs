//! The durable journal: what this operator has done with each proposal, and why.
//!
//! It is one SQLite file in write-ahead mode, or a PostgreSQL database that the daemons of several machines share; both
//! have the same tables and pass the same tests. A transition, its cause and what it brings with it are one
//! transaction, so that a crash leaves either the old state or the new one with its reason. Of several daemons one at a
//! time has the [claim](Claim) to a proposal, and only that one can change its state.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use orv_chain::{ProposalId, primitives::Address};
//! use orv_verifier::journal::{Claim, DaemonId, Detail, Event, Journal, JournalPlace};
//! use std::path::Path;
//!
//! let data = Path::new("/var/lib/orv");
//! let place = JournalPlace::File(data.join("journal.sqlite"));
//! let journal = Journal::open(&place, Address::ZERO, DaemonId::kept_in(data)?).await?;
//! let proposal = ProposalId::from(7);
//! if journal.claim(proposal, 60).await? == Claim::Taken {
//!     journal.transition(proposal, Event::Retry, "asked for", Detail::None, 1_700_000_000).await?;
//!     journal.release(proposal).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod backup;
mod claim;
mod database;
mod duty;
mod error;
mod keys;
mod note;
mod place;
mod query;
mod record;
mod schema;
mod snapshot;
mod state;
mod transition;
mod words;
mod write;

pub use self::{
    claim::{Claim, DaemonId, NotADaemon},
    duty::{DueDuty, Duty},
    error::JournalError,
    note::{NewProposal, Noted, Withdrawn},
    place::{DatabaseUrl, JournalPlace, NotPostgres},
    query::View,
    record::{ClaimHolder, FailedSettlements, KeyRecord, Record, Statement, Submission, Ticket, Transaction},
    state::{CloseCause, Ending, Event, IllegalTransition, Settlement, State, UnknownState, WaitCause},
    transition::{Change, Detail},
    words::StateWords,
};

pub(crate) use self::{schema::NEWEST_SCHEMA, snapshot::copy as copy_file};

use self::database::Database;
use orv_chain::primitives::Address;

/// The journal of one gateway, in the hands of one daemon.
#[derive(Debug, Clone)]
pub struct Journal {
    database: Database,
    gateway: String,
    daemon: DaemonId,
}

impl Journal {
    /// Opens or creates the database's tables and brings them up to date.
    ///
    /// # Errors
    /// The database's refusal, or [`JournalError::NewerSchema`].
    pub async fn open(place: &JournalPlace, gateway: Address, daemon: DaemonId) -> Result<Self, JournalError> {
        Ok(Self {
            database: Database::open(place).await?,
            gateway: gateway.to_string(),
            daemon,
        })
    }

    /// The daemon that works with it.
    pub fn daemon(&self) -> DaemonId {
        self.daemon
    }
}

fn signed(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::TooLarge(number))
}
