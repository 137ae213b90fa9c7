//! Duties: what is left to do on chain once a proposal is decided, such as giving back a credit or drawing a fee.

use super::record::Columns;
use super::{Journal, JournalError, signed};
use orv_chain::primitives::{Address, B256};
use orv_chain::{ProjectId, ProposalId};

/// Something to do on chain once its time has come (DESIGN 5.2, "no profit in slashing").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// `expireFor` of the gateway: the ledger's deadline passes undecided, and the credit goes back to the miner.
    Expire(ProposalId),
    /// `withdraw` of the gateway: what an operator has earned in a project.
    Withdraw {
        /// The project.
        project: ProjectId,
        /// Whose earnings.
        operator: Address,
    },
}

/// A duty, and since when it can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDuty {
    /// What.
    pub duty: Duty,
    /// From when on, in seconds of block time.
    pub due_at: u64,
}

impl Duty {
    /// For how long a duty rests at the longest, in seconds: whose transaction was paid for and failed. It is worth
    /// little, and may fail as often as it is tried.
    pub const LONGEST_REST: u64 = 86_400;

    /// Kind, subject and operator, as the table has them.
    fn columns(self) -> (&'static str, String, String) {
        match self {
            Self::Expire(proposal) => ("expire", proposal.to_string(), String::new()),
            Self::Withdraw { project, operator } => ("withdraw", project.to_string(), operator.to_string()),
        }
    }

    fn read(columns: &Columns<'_>) -> Result<Self, JournalError> {
        let kind: String = columns.parsed("kind")?;
        match kind.as_str() {
            "expire" => Ok(Self::Expire(columns.parsed("subject")?)),
            "withdraw" => Ok(Self::Withdraw {
                project: columns.parsed("subject")?,
                operator: columns.parsed("operator")?,
            }),
            _ => Err(JournalError::Content {
                column: "kind",
                detail: format!("{:?} is no duty", kind.chars().take(60).collect::<String>()),
            }),
        }
    }
}

impl Journal {
    /// Notes a duty at `now`, in seconds of Unix time. Of one that is noted already the later time counts: somebody may be
    /// about it, or it may rest after a failure. Its time changes even then, so that whoever took it before does not
    /// [discharge](Self::discharge) what came together since. A time that lies further ahead than any rest, twice
    /// [`Duty::LONGEST_REST`] since block time and `now` differ, came from an endpoint whose head was wrong: the new one
    /// counts. One that is done is to be done again.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn owe(&self, duty: Duty, due_at: u64, now: u64) -> Result<(), JournalError> {
        let (kind, subject, operator) = duty.columns();
        let beyond = now.saturating_add(2 * Duty::LONGEST_REST);
        let statement = "INSERT INTO duties (gateway, kind, subject, operator, due_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (gateway, kind, subject, operator) \
             DO UPDATE SET due_at = CASE WHEN duties.done = 0 AND duties.due_at >= excluded.due_at AND duties.due_at < $6 \
             THEN duties.due_at + 1 ELSE excluded.due_at END, done = 0, done_transaction = NULL";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(kind)
            .bind(subject)
            .bind(operator)
            .bind(signed(due_at)?)
            .bind(signed(beyond)?);
        query.execute(&self.database.pool).await?;
        Ok(())
    }

    /// The duties whose time has come and that are not done, oldest first.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn due(&self, now: u64) -> Result<Vec<DueDuty>, JournalError> {
        let statement = "SELECT kind, subject, operator, due_at FROM duties WHERE gateway = $1 AND done = 0 AND due_at <= $2 \
             ORDER BY due_at, kind, subject";
        let query = sqlx::query(statement).bind(&self.gateway).bind(signed(now)?);
        let rows = query.fetch_all(&self.database.pool).await?;
        let read = |row| {
            let columns = Columns(row);
            Ok(DueDuty {
                duty: Duty::read(&columns)?,
                due_at: columns.number("due_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Puts a due duty off until `until`, for whoever is about to do it: several daemons read the same one, one of them
    /// gets it. Should it fail, the others come before it meanwhile, and it comes again. Answers with the duty as it was
    /// taken; nothing when it was no more as it was read.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn take_duty(&self, due: DueDuty, until: u64) -> Result<Option<DueDuty>, JournalError> {
        let (kind, subject, operator) = due.duty.columns();
        let statement = "UPDATE duties SET due_at = $6 \
             WHERE gateway = $1 AND kind = $2 AND subject = $3 AND operator = $4 AND due_at = $5 AND done = 0";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(kind)
            .bind(subject)
            .bind(operator)
            .bind(signed(due.due_at)?)
            .bind(signed(until)?);
        let is_taken = query.execute(&self.database.pool).await?.rows_affected() == 1;
        Ok(is_taken.then_some(DueDuty { due_at: until, ..due }))
    }

    /// Writes that a duty is done: by which transaction, or by nobody's here because nothing was left to do. One that was
    /// noted again since it was taken stays: the transaction may have come too early for what it was noted for.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn discharge(&self, taken: DueDuty, transaction: Option<B256>) -> Result<(), JournalError> {
        let (kind, subject, operator) = taken.duty.columns();
        let statement = "UPDATE duties SET done = 1, done_transaction = $6 \
             WHERE gateway = $1 AND kind = $2 AND subject = $3 AND operator = $4 AND due_at = $5 AND done = 0";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(kind)
            .bind(subject)
            .bind(operator)
            .bind(signed(taken.due_at)?)
            .bind(transaction.map(|hash| hash.to_string()));
        query.execute(&self.database.pool).await?;
        Ok(())
    }
}
