//! What a run of the daemon has done.

use crate::error::VerifierError;
use crate::journal::State;
use crate::operator::Operator;
use crate::status::StatusRow;
use orv_chain::ProposalId;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a call of [`Daemon::once`](super::Daemon::once) or [`Daemon::run`](super::Daemon::run) has done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The proposals whose state changed, as they are now.
    pub outcomes: Vec<StatusRow>,
    /// What failed in the last round and is tried again the next time.
    pub failures: Vec<Failure>,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The proposal, in decimal; nothing where the failure is about none.
    pub proposal: Option<String>,
    /// The error's stable code.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do.
    pub advice: &'static str,
}

/// Where every proposal is.
pub(super) type States = BTreeMap<ProposalId, State>;

pub(super) async fn states(operator: &Operator) -> Result<States, VerifierError> {
    let records = operator.journal.all().await?;
    Ok(records
        .into_iter()
        .map(|record| (record.proposal, record.state))
        .collect())
}

/// The proposals that are elsewhere than before.
pub(super) async fn summary(
    operator: &Operator,
    before: &States,
    failures: Vec<Failure>,
) -> Result<Summary, VerifierError> {
    let records = operator.journal.all().await?;
    let changed = records
        .iter()
        .filter(|record| before.get(&record.proposal) != Some(&record.state));
    Ok(Summary {
        outcomes: changed.map(StatusRow::from).collect(),
        failures,
    })
}
