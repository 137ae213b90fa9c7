//! What intake tells the journal: submissions, and those that a reorganisation took back.

use super::claim::DaemonId;
use super::record::{Columns, Submission};
use super::write::Row;
use super::{CloseCause, Event, Journal, JournalError, State, signed};
use orv_chain::intake::Cursor;
use orv_chain::primitives::{Address, B256, I256, U256};
use orv_chain::{ProjectId, ProposalId};
use sqlx::{Any, Transaction};

/// A submission, as the chain has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewProposal {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its project.
    pub project: ProjectId,
    /// What the miner claims, in scaled units.
    pub claimed_score: I256,
    /// What the miner staked, in whole tokens.
    pub stake: U256,
    /// When it was submitted, in seconds of block time.
    pub submitted_at: u64,
    /// Of the candidate's tar.
    pub code_hash: B256,
    /// Who staked.
    pub miner: Address,
}

/// A submission whose block is in the chain no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// The proposal.
    pub proposal: ProposalId,
    /// Of its candidate's tar: another submission may have the number by now.
    pub code_hash: B256,
}

/// What noting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It was not known.
    New,
    /// It is known, and nothing changed.
    Known,
    /// It had been withdrawn and is submitted again: it starts anew.
    Again,
    /// Another submission had its number, which a reorganisation gave to this one: it starts anew.
    Replaced,
    /// It is closed as withdrawn.
    Withdrawn,
    /// The attempt at what the chain has no more is under way or carried out, or a daemon has claimed the proposal;
    /// nothing was written. End the attempt first (take back, lose the ticket), then note again what the chain has.
    InFlight(State),
}

impl Journal {
    /// Notes one proposal.
    ///
    /// # Errors
    /// The database's refusal, or a damaged row.
    pub async fn note(&self, new: &NewProposal, at: u64) -> Result<Noted, JournalError> {
        let mut transaction = self.database.begin().await?;
        let noted = self.note_in(&mut transaction, new, at).await?;
        transaction.commit().await?;
        Ok(noted)
    }

    /// Notes what one look at the chain brought, and how far it looked, in one transaction: withdrawals first. Answers
    /// what came of each in the same order; a withdrawn proposal that the journal does not have is [`Noted::Known`].
    ///
    /// # Errors
    /// The database's refusal, or a damaged row; nothing is written then.
    pub async fn note_batch(
        &self,
        added: &[NewProposal],
        withdrawn: &[Withdrawn],
        cursor: &Cursor,
        at: u64,
    ) -> Result<Vec<(ProposalId, Noted)>, JournalError> {
        let mut noted = Vec::new();
        let mut transaction = self.database.begin().await?;
        for gone in withdrawn {
            noted.push((gone.proposal, self.withdraw_in(&mut transaction, gone, at).await?));
        }
        for new in added {
            noted.push((new.proposal, self.note_in(&mut transaction, new, at).await?));
        }
        self.save_cursor_in(&mut transaction, cursor).await?;
        transaction.commit().await?;
        Ok(noted)
    }

    /// How far the chain has been searched; nothing before the first search.
    ///
    /// # Errors
    /// A damaged cursor.
    pub async fn cursor(&self) -> Result<Option<Cursor>, JournalError> {
        let query = sqlx::query("SELECT cursor FROM cursors WHERE gateway = $1").bind(&self.gateway);
        let Some(row) = query.fetch_optional(&self.database.pool).await? else {
            return Ok(None);
        };
        let text: String = Columns(&row).parsed("cursor")?;
        let cursor = serde_json::from_str(&text).map_err(|error| JournalError::Content {
            column: "cursor",
            detail: error.to_string(),
        })?;
        Ok(Some(cursor))
    }

    /// Keeps how far the chain has been searched, where a look brought nothing.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn save_cursor(&self, cursor: &Cursor) -> Result<(), JournalError> {
        let mut transaction = self.database.begin().await?;
        self.save_cursor_in(&mut transaction, cursor).await?;
        Ok(transaction.commit().await?)
    }

    async fn save_cursor_in(
        &self,
        transaction: &mut Transaction<'_, Any>,
        cursor: &Cursor,
    ) -> Result<(), JournalError> {
        let text = serde_json::to_string(cursor).map_err(|error| JournalError::Content {
            column: "cursor",
            detail: error.to_string(),
        })?;
        let statement = "INSERT INTO cursors (gateway, cursor) VALUES ($1, $2) \
             ON CONFLICT (gateway) DO UPDATE SET cursor = excluded.cursor";
        let query = sqlx::query(statement).bind(&self.gateway).bind(text);
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    async fn note_in(
        &self,
        transaction: &mut Transaction<'_, Any>,
        new: &NewProposal,
        at: u64,
    ) -> Result<Noted, JournalError> {
        let row = self.row(new.proposal);
        if row.insert(transaction, new, at).await? {
            return Ok(Noted::New);
        }
        let known = row.read_locked(transaction).await?;
        let columns = Columns(&known);
        let state: State = columns.parsed("state")?;
        let closed = State::Closed(CloseCause::Withdrawn);
        match columns.submission()? {
            // Noted by an earlier program, which kept less.
            None if is_same_claim(&columns, new)? => row.write_submission(transaction, new).await?,
            Some(submission) if is_same_claim(&columns, new)? && is_same(&submission, new) => {
                if submission.submitted_at != new.submitted_at {
                    row.write_submission(transaction, new).await?;
                }
            }
            _ if state.is_in_flight() => return Ok(Noted::InFlight(state)),
            _ => {
                let why = format!("a reorganisation gave the number to code {}", new.code_hash);
                if state != closed {
                    row.write_change(transaction, state, closed, &why, at).await?;
                }
                row.restart(transaction, new).await?;
                row.write_change(transaction, closed, State::Seen, "seen on chain", at)
                    .await?;
                return Ok(Noted::Replaced);
            }
        }
        if state != closed {
            return Ok(Noted::Known);
        }
        let seen = after(new.proposal, state, Event::Reopen)?;
        row.write_change(transaction, state, seen, "submitted again", at)
            .await?;
        Ok(Noted::Again)
    }

    async fn withdraw_in(
        &self,
        transaction: &mut Transaction<'_, Any>,
        gone: &Withdrawn,
        at: u64,
    ) -> Result<Noted, JournalError> {
        let row = self.row(gone.proposal);
        let known = match row.read_locked(transaction).await {
            Err(JournalError::Unknown(_)) => return Ok(Noted::Known),
            known => known?,
        };
        let columns = Columns(&known);
        let state: State = columns.parsed("state")?;
        let other = columns
            .submission()?
            .is_some_and(|submission| submission.code_hash != gone.code_hash);
        if other || matches!(state, State::Closed(_)) {
            return Ok(Noted::Known);
        }
        if state.is_in_flight() || row.is_worked_on(transaction, &columns).await? {
            return Ok(Noted::InFlight(state));
        }
        let closed = after(gone.proposal, state, Event::Close(CloseCause::Withdrawn))?;
        row.write_change(
            transaction,
            state,
            closed,
            "a reorganisation took the submission back",
            at,
        )
        .await?;
        Ok(Noted::Withdrawn)
    }
}

fn after(proposal: ProposalId, state: State, event: Event) -> Result<State, JournalError> {
    state
        .after(event)
        .map_err(|source| JournalError::Transition { proposal, source })
}

fn is_same_claim(columns: &Columns<'_>, new: &NewProposal) -> Result<bool, JournalError> {
    let (project, claimed): (ProjectId, I256) = (columns.parsed("project")?, columns.parsed("claimed_score")?);
    Ok(project == new.project && claimed == new.claimed_score)
}

/// The time is not compared: the same transaction may stand in another block after a reorganisation.
fn is_same(known: &Submission, new: &NewProposal) -> bool {
    known.code_hash == new.code_hash && known.miner == new.miner && known.stake == new.stake
}

impl Row<'_> {
    /// Whether a daemon has the row claimed, by the database's clock.
    async fn is_worked_on(
        &self,
        transaction: &mut Transaction<'_, Any>,
        columns: &Columns<'_>,
    ) -> Result<bool, JournalError> {
        if columns.optional::<DaemonId>("claim_owner")?.is_none() {
            return Ok(false);
        }
        let until: i64 = columns.optional_number("claim_until")?.unwrap_or_default();
        let clock = sqlx::query(self.kind.words("SELECT {now} AS now"));
        let now = clock.fetch_one(&mut **transaction).await?;
        Ok(until > Columns(&now).number::<i64>("now")?)
    }

    /// Whether the row was not there.
    async fn insert(
        &self,
        transaction: &mut Transaction<'_, Any>,
        new: &NewProposal,
        at: u64,
    ) -> Result<bool, JournalError> {
        let statement = "INSERT INTO proposals (gateway, proposal, project, claimed_score, stake, submitted_at, \
             code_hash, miner, state, cause, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (gateway, proposal) DO NOTHING";
        let query = self
            .query(statement)
            .bind(new.project.to_string())
            .bind(new.claimed_score.to_string())
            .bind(new.stake.to_string())
            .bind(signed(new.submitted_at)?)
            .bind(new.code_hash.to_string())
            .bind(new.miner.to_string())
            .bind(State::Seen.to_string())
            .bind("seen on chain")
            .bind(signed(at)?);
        Ok(query.execute(&mut **transaction).await?.rows_affected() == 1)
    }

    async fn write_submission(
        &self,
        transaction: &mut Transaction<'_, Any>,
        new: &NewProposal,
    ) -> Result<(), JournalError> {
        let statement = "UPDATE proposals SET stake = $3, submitted_at = $4, code_hash = $5, miner = $6 \
             WHERE gateway = $1 AND proposal = $2";
        let query = self
            .query(statement)
            .bind(new.stake.to_string())
            .bind(signed(new.submitted_at)?)
            .bind(new.code_hash.to_string())
            .bind(new.miner.to_string());
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    /// Forgets what was done about another submission of this number; its history stays.
    async fn restart(&self, transaction: &mut Transaction<'_, Any>, new: &NewProposal) -> Result<(), JournalError> {
        self.write_submission(transaction, new).await?;
        let statement = "UPDATE proposals SET project = $3, claimed_score = $4, attempt = 0, runs = 0, ticket = NULL, \
             ticket_key = NULL, closes_at = NULL, incumbent_code_hash = NULL, incumbent_score = NULL, verdict = NULL, \
             reason = NULL, score = NULL, lower = NULL, upper = NULL, bundle_root = NULL, receipt_path = NULL, \
             transaction_hash = NULL, gas_used = NULL, failed_settlements = 0, failed_at = 0 \
             WHERE gateway = $1 AND proposal = $2";
        let query = self
            .query(statement)
            .bind(new.project.to_string())
            .bind(new.claimed_score.to_string());
        query.execute(&mut **transaction).await?;
        Ok(())
    }
}
