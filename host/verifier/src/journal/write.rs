//! What is read and written under one row's key, always inside a transaction of the caller's.

use super::database::Kind;
use super::record::select_proposals;
use super::{Journal, JournalError, State, Statement, Ticket, Transaction, signed};
use orv_chain::ProposalId;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, SqlSafeStr, Transaction as SqlTransaction};

/// Most characters of a cause.
const MAX_CAUSE: usize = 1000;

/// The key of one row, and what is written under it.
pub(super) struct Row<'a> {
    pub(super) kind: Kind,
    gateway: &'a str,
    proposal: ProposalId,
}

impl Journal {
    pub(super) fn row(&self, proposal: ProposalId) -> Row<'_> {
        Row {
            kind: self.database.kind,
            gateway: &self.gateway,
            proposal,
        }
    }
}

impl<'a> Row<'a> {
    /// A statement whose `$1` and `$2` are the row's key.
    pub(super) fn query(&self, statement: impl SqlSafeStr) -> Query<'a, Any, AnyArguments> {
        sqlx::query(statement)
            .bind(self.gateway)
            .bind(self.proposal.to_string())
    }

    /// The row, which nobody else changes until the transaction ends.
    pub(super) async fn read_locked(&self, transaction: &mut SqlTransaction<'_, Any>) -> Result<AnyRow, JournalError> {
        let statement = select_proposals!("AND proposal = $2{lock}");
        let row = self.query(self.kind.words(statement));
        let row = row.fetch_optional(&mut **transaction).await?;
        row.ok_or(JournalError::Unknown(self.proposal))
    }

    /// Moves the row to a state and writes why. What the chain says of the new state is yet to be confirmed.
    pub(super) async fn write_change(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        from: State,
        to: State,
        cause: &str,
        at: u64,
    ) -> Result<(), JournalError> {
        // PostgreSQL has no text with a zero in it.
        let cause: String = cause.chars().filter(|sign| *sign != '\0').take(MAX_CAUSE).collect();
        let update = "UPDATE proposals SET state = $3, cause = $4, changed_at = $5, final = $6, confirmed = 0 \
             WHERE gateway = $1 AND proposal = $2";
        let query = self
            .query(update)
            .bind(to.to_string())
            .bind(cause.clone())
            .bind(signed(at)?)
            .bind(i64::from(to.is_final()));
        query.execute(&mut **transaction).await?;
        let insert = "INSERT INTO transitions (gateway, proposal, state_from, state_to, cause, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        let query = self
            .query(insert)
            .bind(from.to_string())
            .bind(to.to_string())
            .bind(cause)
            .bind(signed(at)?);
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    pub(super) async fn count_run(&self, transaction: &mut SqlTransaction<'_, Any>) -> Result<(), JournalError> {
        let query = self.query("UPDATE proposals SET runs = runs + 1 WHERE gateway = $1 AND proposal = $2");
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    pub(super) async fn count_failed_settlement(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        at: u64,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET failed_settlements = failed_settlements + 1, failed_at = $3 \
             WHERE gateway = $1 AND proposal = $2";
        self.query(update).bind(signed(at)?).execute(&mut **transaction).await?;
        Ok(())
    }

    pub(super) async fn write_ticket(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        ticket: &Ticket,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET runs = 0, failed_settlements = 0, failed_at = 0, attempt = $3, ticket = $4, \
             ticket_key = $5, closes_at = $6, incumbent_code_hash = $7, incumbent_score = $8 WHERE gateway = $1 AND proposal = $2";
        let query = self
            .query(update)
            .bind(i64::from(ticket.attempt))
            .bind(ticket.id.to_string())
            .bind(ticket.key.to_string())
            .bind(signed(ticket.closes_at)?)
            .bind(ticket.incumbent_code_hash.to_string())
            .bind(ticket.incumbent_score.to_string());
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    pub(super) async fn write_statement(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        statement: &Statement,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET verdict = $3, reason = $4, score = $5, lower = $6, upper = $7, \
             bundle_root = $8, receipt_path = $9, transaction_hash = NULL, gas_used = NULL \
             WHERE gateway = $1 AND proposal = $2";
        let query = self
            .query(update)
            .bind(i64::from(statement.verdict))
            .bind(statement.reason.clone())
            .bind(statement.score.to_string())
            .bind(statement.lower.to_string())
            .bind(statement.upper.to_string())
            .bind(statement.bundle_root.to_string())
            .bind(statement.receipt.to_string_lossy().into_owned());
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    pub(super) async fn write_transaction(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        mined: Option<&Transaction>,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET transaction_hash = $3, gas_used = $4 WHERE gateway = $1 AND proposal = $2";
        let gas = mined.map(|mined| signed(mined.gas_used)).transpose()?;
        let query = self
            .query(update)
            .bind(mined.map(|mined| mined.hash.to_string()))
            .bind(gas);
        query.execute(&mut **transaction).await?;
        Ok(())
    }

    /// Keeps a receipt. A ticket has one statement: what is kept of it already stays.
    pub(super) async fn write_receipt(
        &self,
        transaction: &mut SqlTransaction<'_, Any>,
        ticket: &str,
        receipt: Vec<u8>,
        at: u64,
    ) -> Result<(), JournalError> {
        let statement = "INSERT INTO receipts (gateway, proposal, ticket, receipt, kept_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (gateway, ticket) DO NOTHING";
        let query = self
            .query(statement)
            .bind(ticket.to_owned())
            .bind(receipt)
            .bind(signed(at)?);
        query.execute(&mut **transaction).await?;
        Ok(())
    }
}
