//! Transitions: one event, its cause and what it brings with it, in one transaction.

use super::record::Columns;
use super::{Event, Journal, JournalError, State, Statement, Ticket, Transaction};
use orv_chain::ProposalId;
use orv_chain::primitives::B256;

/// What a transition brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Nothing more.
    None,
    /// The ticket that was opened.
    Ticket(Ticket),
    /// The statement that was checked, with its receipt.
    Statement {
        /// What it says.
        statement: Statement,
        /// The receipt file's bytes, under the row's ticket. Empty where they are in the journal already.
        receipt: Vec<u8>,
    },
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
    /// Applies an event and writes why, in one transaction. Answers the new state. The proposal is claimed by this
    /// daemon (see [`Journal::claim`]), which is compared under the row's lock.
    ///
    /// # Errors
    /// [`JournalError::Transition`] when the event has no place, [`JournalError::ClaimLost`] when the claim is not this
    /// daemon's; nothing is written then. After an error that [`JournalError::may_pass`] the change may have been
    /// written: read the row again.
    pub async fn transition(
        &self,
        proposal: ProposalId,
        event: Event,
        cause: &str,
        detail: Detail,
        at: u64,
    ) -> Result<State, JournalError> {
        let row = self.row(proposal);
        let mut transaction = self.database.begin().await?;
        let present = row.read_locked(&mut transaction).await?;
        let columns = Columns(&present);
        self.require_claim(proposal, &columns)?;
        let from: State = columns.parsed("state")?;
        let to = from
            .after(event)
            .map_err(|source| JournalError::Transition { proposal, source })?;
        row.write_change(&mut transaction, from, to, cause, at).await?;
        match event {
            Event::Start => row.count_run(&mut transaction).await?,
            Event::TakeBack => row.write_transaction(&mut transaction, None).await?,
            _ => {}
        }
        match detail {
            Detail::None => {}
            Detail::Ticket(ticket) => row.write_ticket(&mut transaction, &ticket).await?,
            Detail::Statement { statement, receipt } => {
                row.write_statement(&mut transaction, &statement).await?;
                if !receipt.is_empty() {
                    let ticket: B256 = columns.parsed("ticket")?;
                    row.write_receipt(&mut transaction, &ticket.to_string(), receipt, at)
                        .await?;
                }
            }
            Detail::Transaction(mined) => row.write_transaction(&mut transaction, Some(&mined)).await?,
        }
        transaction.commit().await?;
        Ok(to)
    }

    /// Counts a transaction for the proposal's statement that was paid for in vain. The proposal is claimed by this daemon.
    ///
    /// # Errors
    /// [`JournalError::ClaimLost`] when it is not, [`JournalError::Unknown`], or the database's refusal.
    pub async fn settlement_failed(&self, proposal: ProposalId, at: u64) -> Result<(), JournalError> {
        let row = self.row(proposal);
        let mut transaction = self.database.begin().await?;
        let present = row.read_locked(&mut transaction).await?;
        self.require_claim(proposal, &Columns(&present))?;
        row.count_failed_settlement(&mut transaction, at).await?;
        Ok(transaction.commit().await?)
    }

    /// Compares who has the claim, under the row's lock.
    fn require_claim(&self, proposal: ProposalId, columns: &Columns<'_>) -> Result<(), JournalError> {
        let (holder, daemon) = (columns.optional("claim_owner")?, self.daemon);
        if holder == Some(daemon) {
            return Ok(());
        }
        Err(JournalError::ClaimLost {
            proposal,
            daemon,
            holder,
        })
    }

    /// Every change of one proposal, oldest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn changes(&self, proposal: ProposalId) -> Result<Vec<Change>, JournalError> {
        let statement = "SELECT state_from, state_to, cause, changed_at FROM transitions WHERE gateway = $1 AND proposal = $2 ORDER BY number";
        let rows = self
            .row(proposal)
            .query(statement)
            .fetch_all(&self.database.pool)
            .await?;
        let read = |row| {
            let columns = Columns(row);
            Ok(Change {
                from: columns.parsed("state_from")?,
                to: columns.parsed("state_to")?,
                cause: columns.parsed("cause")?,
                at: columns.number("changed_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The receipt of a ticket's statement, whichever daemon had it made. Receipts of the journal's first schema are
    /// files only.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn receipt(&self, ticket: B256) -> Result<Option<Vec<u8>>, JournalError> {
        let query = sqlx::query("SELECT receipt FROM receipts WHERE gateway = $1 AND ticket = $2")
            .bind(&self.gateway)
            .bind(ticket.to_string());
        let row = query.fetch_optional(&self.database.pool).await?;
        row.map(|row| Columns(&row).bytes("receipt")).transpose()
    }

    /// Keeps the receipt of a statement whose proposal another daemon has taken over meanwhile, which can settle it: the
    /// enclave states once for each ticket. Needs no claim; what is kept of the ticket already stays.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn keep_receipt(
        &self,
        proposal: ProposalId,
        ticket: B256,
        receipt: Vec<u8>,
        at: u64,
    ) -> Result<(), JournalError> {
        let mut transaction = self.database.begin().await?;
        let row = self.row(proposal);
        row.write_receipt(&mut transaction, &ticket.to_string(), receipt, at)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Writes that no reorganisation will undo the proposal's present state: what the chain said of it is deep enough.
    /// A state that is not watched stays as it is.
    ///
    /// # Errors
    /// [`JournalError::Unknown`], or a damaged row.
    pub async fn confirm(&self, proposal: ProposalId) -> Result<(), JournalError> {
        let row = self.row(proposal);
        let mut transaction = self.database.begin().await?;
        let state: State = Columns(&row.read_locked(&mut transaction).await?).parsed("state")?;
        if state.is_watched() {
            let query = row.query("UPDATE proposals SET confirmed = 1 WHERE gateway = $1 AND proposal = $2");
            query.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
