//! Which proposals there are.

use super::record::{Columns, select_proposals};
use super::{Journal, JournalError, Record, State};
use crate::decide::MOST_ATTEMPTS;
use orv_chain::ProposalId;
use sqlx::SqlSafeStr;
use std::collections::BTreeMap;

/// How much a round of the daemon looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Everything that is not final, and what is final and not yet deep enough to stay.
    Whole,
    /// The same without what is recorded, deep enough, and has no attempt left for an operator who makes so many of
    /// them: it never changes again.
    Changing {
        /// Attempts at one proposal.
        attempts: u8,
    },
}

impl Journal {
    /// One proposal.
    ///
    /// # Errors
    /// [`JournalError::Unknown`], or a damaged row.
    pub async fn get(&self, proposal: ProposalId) -> Result<Record, JournalError> {
        let statement = select_proposals!("AND proposal = $2");
        let query = self.row(proposal).query(statement);
        let row = query.fetch_optional(&self.database.pool).await?;
        Record::read(&row.ok_or(JournalError::Unknown(proposal))?)
    }

    /// Every proposal, by project and then by id. Reads the whole table: for reports, not for the daemon's rounds.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn all(&self) -> Result<Vec<Record>, JournalError> {
        self.records(select_proposals!("")).await
    }

    /// The proposals with something left to do, by project and then by id; those in a final state are not read.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn workable(&self) -> Result<Vec<Record>, JournalError> {
        self.records(select_proposals!("AND final = 0")).await
    }

    /// What a round of the daemon looks at, by project and then by id.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn in_view(&self, view: View) -> Result<Vec<Record>, JournalError> {
        let mut seen = match view {
            View::Whole => self.workable().await?,
            View::Changing { attempts } => self.changing(attempts).await?,
        };
        let young = select_proposals!("AND final = 1 AND confirmed = 0");
        seen.extend(self.records(young).await?);
        sort(&mut seen);
        Ok(seen)
    }

    async fn changing(&self, attempts: u8) -> Result<Vec<Record>, JournalError> {
        let statement = select_proposals!(
            "AND final = 0 AND NOT (confirmed = 1 AND state IN ('inconclusive', 'set-aside') \
             AND (attempt >= $2 OR $3 <= 1))"
        );
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(i64::try_from(MOST_ATTEMPTS).unwrap_or(i64::MAX))
            .bind(i64::from(attempts));
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(Record::read).collect()
    }

    /// Where every proposal is.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn states(&self) -> Result<BTreeMap<ProposalId, State>, JournalError> {
        let query = sqlx::query("SELECT proposal, state FROM proposals WHERE gateway = $1").bind(&self.gateway);
        let rows = query.fetch_all(&self.database.pool).await?;
        let state = |row| {
            let columns = Columns(row);
            Ok((columns.parsed("proposal")?, columns.parsed("state")?))
        };
        rows.iter().map(state).collect()
    }

    async fn records(&self, statement: impl SqlSafeStr) -> Result<Vec<Record>, JournalError> {
        let query = sqlx::query(statement).bind(&self.gateway);
        let rows = query.fetch_all(&self.database.pool).await?;
        let mut records = rows.iter().map(Record::read).collect::<Result<Vec<_>, _>>()?;
        sort(&mut records);
        Ok(records)
    }
}

/// Numbers are text in the table, so that it cannot sort them.
fn sort(records: &mut [Record]) {
    records.sort_by_key(|record| (record.project, record.proposal));
}
