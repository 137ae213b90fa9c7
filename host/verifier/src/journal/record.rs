//! One row of the journal, typed.

use super::JournalError;
use super::claim::DaemonId;
use super::note::NewProposal;
use super::state::State;
use orv_chain::primitives::{Address, B256, I256, U256};
use orv_chain::{BlockReference, ProjectId, ProposalId};
use sqlx::Row;
use sqlx::any::AnyRow;
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
    /// What else intake knows of the submission; nothing where an earlier program noted it.
    pub submission: Option<Submission>,
    /// Where it is.
    pub state: State,
    /// Whether what the chain says of the state is deep enough to stay.
    pub confirmed: bool,
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
    /// What was paid for in vain to bring it there.
    pub failed: FailedSettlements,
    /// When the state last changed, in seconds of Unix time.
    pub changed_at: u64,
    /// Which daemon works on it, or did so last without giving it back.
    pub claim: Option<ClaimHolder>,
}

/// What a submission says besides its project and score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission {
    /// What the miner staked, in whole tokens.
    pub stake: U256,
    /// When it was submitted, in seconds of block time.
    pub submitted_at: u64,
    /// Of the candidate's tar.
    pub code_hash: B256,
    /// Who staked.
    pub miner: Address,
}

/// A daemon's claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimHolder {
    /// Which daemon.
    pub by: DaemonId,
    /// When its lease ends, in seconds of Unix time by the database's clock.
    pub until: u64,
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
    /// The receipt's file on the machine that had it made; the bytes themselves are in the journal.
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

/// Transactions for the present ticket's statement that were mined, paid for, and brought nothing about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FailedSettlements {
    /// How many.
    pub times: u32,
    /// When the last one was seen, in seconds of Unix time; 0 where there is none.
    pub last_at: u64,
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

/// A reading of whole rows. Columns are named: a statement that another program's schema step gives more columns than
/// it was prepared with ends SQLite's connection.
macro_rules! select_proposals {
    ($rest:literal) => {
        concat!(
            "SELECT proposal, project, claimed_score, stake, submitted_at, code_hash, miner, state, confirmed, cause, \
             attempt, runs, ticket, ticket_key, closes_at, incumbent_code_hash, incumbent_score, verdict, reason, \
             score, lower, upper, bundle_root, receipt_path, transaction_hash, gas_used, failed_settlements, \
             failed_at, changed_at, claim_owner, claim_until FROM proposals WHERE gateway = $1 ",
            $rest
        )
    };
}
pub(super) use select_proposals;

#[cfg(test)]
impl Record {
    /// Proposal 4 of project 2, of which nothing else is known: what unit tests start from.
    pub(crate) fn bare(state: State) -> Self {
        let new = NewProposal {
            proposal: ProposalId::from(4),
            project: ProjectId::from(2),
            claimed_score: I256::ZERO,
            stake: U256::ZERO,
            submitted_at: 0,
            code_hash: B256::ZERO,
            miner: Address::ZERO,
        };
        Self {
            submission: None,
            state,
            ..Self::unseen(&new)
        }
    }
}

impl Record {
    /// A submission that the journal does not have yet, as it would be noted.
    pub(crate) fn unseen(new: &NewProposal) -> Self {
        Self {
            proposal: new.proposal,
            project: new.project,
            claimed_score: new.claimed_score,
            submission: Some(Submission {
                stake: new.stake,
                submitted_at: new.submitted_at,
                code_hash: new.code_hash,
                miner: new.miner,
            }),
            state: State::Seen,
            confirmed: false,
            cause: String::new(),
            runs: 0,
            ticket: None,
            statement: None,
            transaction: None,
            failed: FailedSettlements::default(),
            changed_at: 0,
            claim: None,
        }
    }

    /// Reads a row.
    pub(super) fn read(row: &AnyRow) -> Result<Self, JournalError> {
        let columns = Columns(row);
        Ok(Self {
            proposal: columns.parsed("proposal")?,
            project: columns.parsed("project")?,
            claimed_score: columns.parsed("claimed_score")?,
            submission: columns.submission()?,
            state: columns.parsed("state")?,
            confirmed: columns.number::<i64>("confirmed")? != 0,
            cause: columns.parsed("cause")?,
            runs: columns.number("runs")?,
            ticket: columns.ticket()?,
            statement: columns.statement()?,
            transaction: columns.transaction()?,
            failed: FailedSettlements {
                times: columns.number("failed_settlements")?,
                last_at: columns.number("failed_at")?,
            },
            changed_at: columns.number("changed_at")?,
            claim: columns.claim()?,
        })
    }
}

/// A row whose texts are not trusted: the database may have been edited.
pub(super) struct Columns<'a>(pub(super) &'a AnyRow);

impl Columns<'_> {
    /// A text that must parse.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, JournalError> {
        let text: String = self.0.try_get(column)?;
        text.parse().map_err(|error: T::Err| JournalError::Content {
            column,
            detail: error.to_string(),
        })
    }

    /// A text that must parse where there is one.
    pub(super) fn optional<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<Option<T>, JournalError> {
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

    /// A number that must fit where there is one.
    pub(super) fn optional_number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, JournalError> {
        match self.0.try_get::<Option<i64>, _>(column)? {
            Some(_) => self.number(column).map(Some),
            None => Ok(None),
        }
    }

    /// Bytes.
    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, JournalError> {
        Ok(self.0.try_get(column)?)
    }

    /// What else is known of the submission.
    pub(super) fn submission(&self) -> Result<Option<Submission>, JournalError> {
        let Some(code_hash) = self.optional("code_hash")? else {
            return Ok(None);
        };
        Ok(Some(Submission {
            stake: self.parsed("stake")?,
            submitted_at: self.number("submitted_at")?,
            code_hash,
            miner: self.parsed("miner")?,
        }))
    }

    fn claim(&self) -> Result<Option<ClaimHolder>, JournalError> {
        let Some(by) = self.optional("claim_owner")? else {
            return Ok(None);
        };
        let until: u64 = self.number("claim_until")?;
        Ok(Some(ClaimHolder {
            by,
            until: until.div_ceil(1000),
        }))
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
            reason: self.parsed("reason")?,
            score: self.parsed("score")?,
            lower: self.parsed("lower")?,
            upper: self.parsed("upper")?,
            bundle_root,
            receipt: self.parsed("receipt_path")?,
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
