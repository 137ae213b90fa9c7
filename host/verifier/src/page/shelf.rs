//! The journal's rows, read at most once a second however many ask.

use crate::error::VerifierError;
use crate::journal::{Change, Journal};
use crate::status::{StatusRow, status};
use orv_chain::ProposalId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long rows are good.
const FRESH: Duration = Duration::from_secs(1);

/// Rows that are shared by everybody who asks.
pub(super) struct Shelf {
    journal: Journal,
    kept: Mutex<Option<Kept>>,
}

/// What the last reading gave.
struct Kept {
    read: Instant,
    /// Nothing where the journal could not be read.
    rows: Option<Arc<Vec<StatusRow>>>,
}

impl Shelf {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            kept: Mutex::new(None),
        }
    }

    /// Every row; nothing while the journal cannot be read.
    pub(super) async fn rows(&self) -> Option<Arc<Vec<StatusRow>>> {
        let mut last = self.kept.lock().await;
        if let Some(kept) = &*last
            && kept.read.elapsed() < FRESH
        {
            return kept.rows.clone();
        }
        let rows = match status(&self.journal).await {
            Ok(rows) => Some(Arc::new(rows)),
            Err(error) => {
                tracing::warn!(%error, "the page cannot read the journal");
                None
            }
        };
        *last = Some(Kept {
            read: Instant::now(),
            rows: rows.clone(),
        });
        rows
    }

    /// One proposal's changes, oldest first.
    pub(super) async fn changes(&self, proposal: ProposalId) -> Result<Vec<Change>, VerifierError> {
        Ok(self.journal.changes(proposal).await?)
    }

    /// The receipt of a proposal's last statement, and a name for its file.
    pub(super) async fn receipt(&self, proposal: ProposalId) -> Option<(String, Vec<u8>)> {
        let record = self.journal.get(proposal).await.ok()?;
        record.statement.as_ref()?;
        let bytes = self.journal.receipt(record.ticket?.id).await.ok()??;
        Some((
            format!("project-{}-proposal-{}.orv", record.project, record.proposal),
            bytes,
        ))
    }
}
