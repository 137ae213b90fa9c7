//! The durable journal: what this operator has done with each proposal, and why.
//!
//! One SQLite file in write-ahead mode. A transition and its cause are one transaction, so a crash leaves either the
//! old state or the new one with its reason.

mod record;
mod schema;
mod state;
mod write;

pub use self::{
    record::{KeyRecord, Record, Statement, Ticket, Transaction},
    state::{CloseCause, Ending, Event, IllegalTransition, Settlement, State, UnknownState, WaitCause},
};

use self::record::Columns;
use self::write::Key;
use orv_chain::primitives::{Address, I256};
use orv_chain::{BlockReference, ProjectId, ProposalId};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

/// SQLite's code for a file that another connection has locked.
const BUSY: u32 = 5;

/// How often a locked file is opened again.
const OPENINGS: u32 = 100;

/// Pause before it is opened again.
const BETWEEN_OPENINGS: Duration = Duration::from_millis(50);

/// The journal of one gateway.
#[derive(Debug, Clone)]
pub struct Journal {
    pool: SqlitePool,
    gateway: String,
}

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite failed.
    #[error("the journal cannot be used: {0}")]
    Database(#[from] sqlx::Error),
    /// The file was written by a newer program.
    #[error("the journal has schema {found}, this program knows {known}")]
    NewerSchema {
        /// Schema of the file.
        found: i64,
        /// Newest schema known.
        known: i64,
    },
    /// A value that this program never wrote.
    #[error("the journal's column {column} is damaged: {detail}")]
    Content {
        /// The column.
        column: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The proposal is not in the journal.
    #[error("proposal {0} is not in the journal")]
    Unknown(ProposalId),
    /// The event has no place in the proposal's state.
    #[error("proposal {proposal}: {source}")]
    Transition {
        /// The proposal.
        proposal: ProposalId,
        /// State and event.
        source: IllegalTransition,
    },
    /// A number beyond SQLite's 63 bits.
    #[error("{0} does not fit the journal")]
    TooLarge(u64),
}

/// What a transition brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Nothing more.
    None,
    /// The ticket that was opened.
    Ticket(Ticket),
    /// The statement that was checked.
    Statement(Statement),
    /// The transaction that was mined.
    Transaction(Transaction),
}

/// One recorded change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Why.
    pub cause: String,
    /// When, in seconds of Unix time.
    pub at: u64,
}

impl Journal {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// # Errors
    /// SQLite's refusal, or a file of a newer program.
    pub async fn open(path: &Path, gateway: Address) -> Result<Self, JournalError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        // One writer: transitions are few, and two connections would only wait for each other.
        let connect = || {
            SqlitePoolOptions::new()
                .max_connections(1)
                .connect_with(options.clone())
        };
        let mut connected = connect().await;
        // The switch to write-ahead mode waits for nobody, and a new file may be opened by another program just now.
        for _ in 0..OPENINGS {
            if !connected.as_ref().is_err_and(is_busy) {
                break;
            }
            sleep(BETWEEN_OPENINGS).await;
            connected = connect().await;
        }
        let pool = connected?;
        schema::migrate(&pool).await?;
        Ok(Self {
            pool,
            gateway: gateway.to_string(),
        })
    }

    /// Notes a proposal; one that is known already stays as it is.
    ///
    /// # Errors
    /// SQLite's refusal.
    pub async fn note(
        &self,
        proposal: ProposalId,
        project: ProjectId,
        claimed_score: I256,
        at: u64,
    ) -> Result<(), JournalError> {
        let statement = "INSERT OR IGNORE INTO proposals \
             (gateway, proposal, project, claimed_score, state, cause, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(proposal.to_string())
            .bind(project.to_string())
            .bind(claimed_score.to_string())
            .bind(State::Seen.to_string())
            .bind("seen on chain")
            .bind(signed(at)?);
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// One proposal.
    ///
    /// # Errors
    /// [`JournalError::Unknown`], or a damaged row.
    pub async fn get(&self, proposal: ProposalId) -> Result<Record, JournalError> {
        let query = sqlx::query("SELECT * FROM proposals WHERE gateway = ? AND proposal = ?")
            .bind(&self.gateway)
            .bind(proposal.to_string());
        let row = query
            .fetch_optional(&self.pool)
            .await?
            .ok_or(JournalError::Unknown(proposal))?;
        Record::read(&row)
    }

    /// Every proposal, by project and then by id: the order in which they are worked on.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn all(&self) -> Result<Vec<Record>, JournalError> {
        let query = sqlx::query("SELECT * FROM proposals WHERE gateway = ?").bind(&self.gateway);
        let rows = query.fetch_all(&self.pool).await?;
        let mut records = rows.iter().map(Record::read).collect::<Result<Vec<_>, _>>()?;
        records.sort_by_key(|record| (record.project, record.proposal));
        Ok(records)
    }

    /// Applies an event and writes why, in one transaction. Answers the new state.
    ///
    /// # Errors
    /// [`JournalError::Transition`] when the event has no place; nothing is written then.
    pub async fn transition(
        &self,
        proposal: ProposalId,
        event: Event,
        cause: &str,
        detail: Detail,
        at: u64,
    ) -> Result<State, JournalError> {
        let mut transaction = self.pool.begin().await?;
        let query = sqlx::query("SELECT state FROM proposals WHERE gateway = ? AND proposal = ?")
            .bind(&self.gateway)
            .bind(proposal.to_string());
        let row = query
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(JournalError::Unknown(proposal))?;
        let from: State = Columns(&row).parsed("state")?;
        let to = from
            .after(event)
            .map_err(|source| JournalError::Transition { proposal, source })?;
        let key = Key {
            gateway: &self.gateway,
            proposal: proposal.to_string(),
        };
        key.write_change(&mut transaction, from, to, cause, at).await?;
        if event == Event::Start {
            key.count_run(&mut transaction).await?;
        }
        match detail {
            Detail::None => {}
            Detail::Ticket(ticket) => key.write_ticket(&mut transaction, &ticket).await?,
            Detail::Statement(statement) => key.write_statement(&mut transaction, &statement).await?,
            Detail::Transaction(mined) => key.write_transaction(&mut transaction, &mined).await?,
        }
        transaction.commit().await?;
        Ok(to)
    }

    /// Every change of one proposal, oldest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn changes(&self, proposal: ProposalId) -> Result<Vec<Change>, JournalError> {
        let query = sqlx::query("SELECT * FROM transitions WHERE gateway = ? AND proposal = ? ORDER BY number")
            .bind(&self.gateway)
            .bind(proposal.to_string());
        let rows = query.fetch_all(&self.pool).await?;
        let read = |row| {
            let columns = Columns(row);
            Ok(Change {
                from: columns.parsed("state_from")?,
                to: columns.parsed("state_to")?,
                cause: row.try_get("cause")?,
                at: columns.number("changed_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The first block that has not been searched; nothing before the first search.
    ///
    /// # Errors
    /// SQLite's refusal.
    pub async fn cursor(&self) -> Result<Option<u64>, JournalError> {
        let query = sqlx::query("SELECT next_block FROM cursors WHERE gateway = ?").bind(&self.gateway);
        let row = query.fetch_optional(&self.pool).await?;
        row.map(|row| Columns(&row).number("next_block")).transpose()
    }

    /// Moves the cursor.
    ///
    /// # Errors
    /// SQLite's refusal.
    pub async fn move_cursor(&self, next_block: u64) -> Result<(), JournalError> {
        let query = sqlx::query("INSERT OR REPLACE INTO cursors (gateway, next_block) VALUES (?, ?)")
            .bind(&self.gateway)
            .bind(signed(next_block)?);
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the evidence that a key is admitted with. It is written before the admission is sent.
    ///
    /// # Errors
    /// SQLite's refusal.
    pub async fn keep_key(&self, key: &KeyRecord, at: u64) -> Result<(), JournalError> {
        let statement = "INSERT OR REPLACE INTO keys \
             (gateway, address, challenge_block, challenge_hash, envelope, noted_at) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(key.address.to_string())
            .bind(signed(key.challenge_block.number)?)
            .bind(key.challenge_block.hash.to_string())
            .bind(&key.envelope)
            .bind(signed(at)?);
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// The evidence of every key, newest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, JournalError> {
        let query =
            sqlx::query("SELECT * FROM keys WHERE gateway = ? ORDER BY noted_at DESC, rowid DESC").bind(&self.gateway);
        let rows = query.fetch_all(&self.pool).await?;
        let read = |row| {
            let columns = Columns(row);
            let (number, hash) = (columns.number("challenge_block")?, columns.parsed("challenge_hash")?);
            Ok(KeyRecord {
                address: columns.parsed("address")?,
                challenge_block: BlockReference { number, hash },
                envelope: row.try_get("envelope")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    // The low byte is the primary code; the others say which lock it was.
    code.is_some_and(|code| code % 256 == BUSY)
}

fn signed(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::TooLarge(number))
}
