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
    Ok(operator.journal.states().await?)
}

/// The proposals that are elsewhere than before.
pub(super) async fn summary(
    operator: &Operator,
    before: &States,
    failures: Vec<Failure>,
) -> Result<Summary, VerifierError> {
    let mut changed = Vec::new();
    for (proposal, state) in states(operator).await? {
        if before.get(&proposal) != Some(&state) {
            changed.push(operator.journal.get(proposal).await?);
        }
    }
    changed.sort_by_key(|record| (record.project, record.proposal));
    Ok(Summary {
        outcomes: changed.iter().map(StatusRow::from).collect(),
        failures,
    })
}
