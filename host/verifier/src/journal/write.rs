//! What is written under one row's key, always inside a transaction of the caller's.

use super::{JournalError, State, Statement, Ticket, Transaction, signed};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, Transaction as SqlTransaction};

/// An update of the row whose key is bound last.
type Update<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The key of one row, and what is written under it.
pub(super) struct Key<'a> {
    pub(super) gateway: &'a str,
    pub(super) proposal: String,
}

impl Key<'_> {
    pub(super) async fn write_change(
        &self,
        transaction: &mut SqlTransaction<'_, Sqlite>,
        from: State,
        to: State,
        cause: &str,
        at: u64,
    ) -> Result<(), JournalError> {
        let cause: String = cause.chars().take(1000).collect();
        let update = "UPDATE proposals SET state = ?, cause = ?, changed_at = ? WHERE gateway = ? AND proposal = ?";
        let query = sqlx::query(update).bind(to.to_string()).bind(&cause).bind(signed(at)?);
        self.update(transaction, query).await?;
        let insert = "INSERT INTO transitions (gateway, proposal, state_from, state_to, cause, changed_at) \
             VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(insert)
            .bind(self.gateway)
            .bind(&self.proposal)
            .bind(from.to_string());
        query
            .bind(to.to_string())
            .bind(&cause)
            .bind(signed(at)?)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }

    pub(super) async fn count_run(&self, transaction: &mut SqlTransaction<'_, Sqlite>) -> Result<(), JournalError> {
        let query = sqlx::query("UPDATE proposals SET runs = runs + 1 WHERE gateway = ? AND proposal = ?");
        self.update(transaction, query).await
    }

    pub(super) async fn write_ticket(
        &self,
        transaction: &mut SqlTransaction<'_, Sqlite>,
        ticket: &Ticket,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET runs = 0, attempt = ?, ticket = ?, ticket_key = ?, closes_at = ?, \
             incumbent_code_hash = ?, incumbent_score = ? WHERE gateway = ? AND proposal = ?";
        let query = sqlx::query(update)
            .bind(i64::from(ticket.attempt))
            .bind(ticket.id.to_string())
            .bind(ticket.key.to_string())
            .bind(signed(ticket.closes_at)?)
            .bind(ticket.incumbent_code_hash.to_string())
            .bind(ticket.incumbent_score.to_string());
        self.update(transaction, query).await
    }

    pub(super) async fn write_statement(
        &self,
        transaction: &mut SqlTransaction<'_, Sqlite>,
        statement: &Statement,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET verdict = ?, reason = ?, score = ?, lower = ?, upper = ?, \
             bundle_root = ?, receipt_path = ?, transaction_hash = NULL, gas_used = NULL \
             WHERE gateway = ? AND proposal = ?";
        let query = sqlx::query(update)
            .bind(i64::from(statement.verdict))
            .bind(&statement.reason)
            .bind(statement.score.to_string())
            .bind(statement.lower.to_string())
            .bind(statement.upper.to_string())
            .bind(statement.bundle_root.to_string())
            .bind(statement.receipt.to_string_lossy().into_owned());
        self.update(transaction, query).await
    }

    pub(super) async fn write_transaction(
        &self,
        transaction: &mut SqlTransaction<'_, Sqlite>,
        mined: &Transaction,
    ) -> Result<(), JournalError> {
        let update = "UPDATE proposals SET transaction_hash = ?, gas_used = ? WHERE gateway = ? AND proposal = ?";
        let query = sqlx::query(update)
            .bind(mined.hash.to_string())
            .bind(signed(mined.gas_used)?);
        self.update(transaction, query).await
    }

    /// Binds the key behind what is bound already, and updates the row.
    async fn update<'q>(
        &'q self,
        transaction: &mut SqlTransaction<'_, Sqlite>,
        query: Update<'q>,
    ) -> Result<(), JournalError> {
        query
            .bind(self.gateway)
            .bind(&self.proposal)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}
