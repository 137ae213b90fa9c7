//! One row of the journal, typed.

use super::JournalError;
use super::state::State;
use orv_chain::primitives::{Address, B256, I256};
use orv_chain::{BlockReference, ProjectId, ProposalId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

/// What the journal knows of one proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its project.
    pub project: ProjectId,
    /// What the miner claims, in scaled units.
    pub claimed_score: I256,
    /// Where it is.
    pub state: State,
    /// Why it is there, for people.
    pub cause: String,
    /// How often the enclave was given the present ticket.
    pub runs: u32,
    /// The present or last ticket.
    pub ticket: Option<Ticket>,
    /// The last statement that passed the host's checks.
    pub statement: Option<Statement>,
    /// The transaction that brought it to the chain.
    pub transaction: Option<Transaction>,
    /// When the state last changed, in seconds of Unix time.
    pub changed_at: u64,
}

/// A ticket of the gateway, as `TicketOpened` announced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The ticket.
    pub id: B256,
    /// The key that may use it.
    pub key: Address,
    /// Which attempt at the proposal it is, 1 to 3.
    pub attempt: u8,
    /// When it lapses, in seconds of block time.
    pub closes_at: u64,
    /// The best to beat: its code hash, zero for the snapshot.
    pub incumbent_code_hash: B256,
    /// The best to beat: its score.
    pub incumbent_score: I256,
}

/// What a signed statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// 1 approve, 2 reject, 3 inconclusive.
    pub verdict: u8,
    /// The reason's code, such as `improved`.
    pub reason: String,
    /// The candidate's score.
    pub score: I256,
    /// Lower end of its interval.
    pub lower: I256,
    /// Upper end of its interval.
    pub upper: I256,
    /// 0G root of the bundle.
    pub bundle_root: B256,
    /// The receipt file.
    pub receipt: PathBuf,
}

/// A transaction that brought a statement to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// Its hash.
    pub hash: B256,
    /// Gas used.
    pub gas_used: u64,
}

/// The evidence that a key was admitted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub address: Address,
    /// The block whose hash made the challenge.
    pub challenge_block: BlockReference,
    /// The envelope, canonical.
    pub envelope: Vec<u8>,
}

impl Record {
    /// Reads a row.
    pub(super) fn read(row: &SqliteRow) -> Result<Self, JournalError> {
        let columns = Columns(row);
        Ok(Self {
            proposal: columns.parsed("proposal")?,
            project: columns.parsed("project")?,
            claimed_score: columns.parsed("claimed_score")?,
            state: columns.parsed("state")?,
            cause: columns.0.try_get("cause")?,
            runs: columns.number("runs")?,
            ticket: columns.ticket()?,
            statement: columns.statement()?,
            transaction: columns.transaction()?,
            changed_at: columns.number("changed_at")?,
        })
    }
}

/// A row whose texts are not trusted: the file may have been edited.
pub(super) struct Columns<'a>(pub(super) &'a SqliteRow);

impl Columns<'_> {
    /// A text that must parse.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, JournalError> {
        let text: String = self.0.try_get(column)?;
        text.parse().map_err(|error: T::Err| JournalError::Content {
            column,
            detail: error.to_string(),
        })
    }

    fn optional<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<Option<T>, JournalError> {
        match self.0.try_get::<Option<String>, _>(column)? {
            Some(_) => self.parsed(column).map(Some),
            None => Ok(None),
        }
    }

    /// A number that must fit.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, JournalError> {
        let number: i64 = self.0.try_get(column)?;
        T::try_from(number).map_err(|_| JournalError::Content {
            column,
            detail: format!("{number} is out of range"),
        })
    }

    fn ticket(&self) -> Result<Option<Ticket>, JournalError> {
        let Some(id) = self.optional("ticket")? else {
            return Ok(None);
        };
        Ok(Some(Ticket {
            id,
            key: self.parsed("ticket_key")?,
            attempt: self.number("attempt")?,
            closes_at: self.number("closes_at")?,
            incumbent_code_hash: self.parsed("incumbent_code_hash")?,
            incumbent_score: self.parsed("incumbent_score")?,
        }))
    }

    fn statement(&self) -> Result<Option<Statement>, JournalError> {
        let Some(bundle_root) = self.optional("bundle_root")? else {
            return Ok(None);
        };
        Ok(Some(Statement {
            verdict: self.number("verdict")?,
            reason: self.0.try_get("reason")?,
            score: self.parsed("score")?,
            lower: self.parsed("lower")?,
            upper: self.parsed("upper")?,
            bundle_root,
            receipt: PathBuf::from(self.0.try_get::<String, _>("receipt_path")?),
        }))
    }

    fn transaction(&self) -> Result<Option<Transaction>, JournalError> {
        let Some(hash) = self.optional("transaction_hash")? else {
            return Ok(None);
        };
        Ok(Some(Transaction {
            hash,
            gas_used: self.number("gas_used")?,
        }))
    }
}
