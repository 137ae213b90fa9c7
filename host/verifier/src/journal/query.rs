//! Which proposals there are.

use super::record::select_proposals;
use super::{Journal, JournalError, Record};
use orv_chain::ProposalId;
use sqlx::SqlSafeStr;

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

    /// The proposals whose state rests on what the chain said not long ago ([`State::is_watched`](super::State)), by
    /// project and then by id: each is compared with the chain again, and then confirmed, taken back or reopened.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn unconfirmed(&self) -> Result<Vec<Record>, JournalError> {
        let mut watched = self
            .records(select_proposals!("AND final = 1 AND confirmed = 0"))
            .await?;
        watched.extend(
            self.records(select_proposals!("AND final = 0 AND confirmed = 0"))
                .await?,
        );
        watched.retain(|record| record.state.is_watched());
        sort(&mut watched);
        Ok(watched)
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
