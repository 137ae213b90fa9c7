//! What the daemon would do, without doing it: no ticket is opened, nothing is sent, nothing is written.

use super::{Daemon, Orders};
use crate::configuration::VerifierConfig;
use crate::decide::{self, Readiness};
use crate::error::VerifierError;
use crate::ground::Ground;
use crate::intake::new_proposal;
use crate::journal::{JournalPlace, Record, State, copy_file};
use crate::operator::Operator;
use crate::run;
use crate::settle;
use crate::status::{StatusRow, lapses_at};
use orv_chain::primitives::U256;
use orv_chain::{ChainError, Proposal, ProposalId};
use orv_evidence::UnixTime;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// What would be done with one proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intention {
    /// The proposal, in decimal.
    pub proposal: String,
    /// Its project, in decimal.
    pub project: String,
    /// Where the journal has it.
    pub state: State,
    /// What would be done, in words.
    pub would: String,
}

impl Daemon {
    /// Decides about every open proposal and says what would be done. The enclaves are not asked, and nothing is left
    /// behind: the data directory stays as it is or is not made, and an existing journal is not changed, whether or not a
    /// daemon works with it meanwhile.
    ///
    /// # Errors
    /// As [`Daemon::run`], and the endpoint's failures.
    pub async fn rehearse(orders: Orders) -> Result<Vec<Intention>, VerifierError> {
        let Orders {
            config,
            controls,
            observer,
            ..
        } = orders;
        let unusable = |source| VerifierError::DataDirectory {
            path: std::env::temp_dir(),
            source,
        };
        let stage = tempfile::tempdir().map_err(unusable)?;
        let config = on_stage(config, stage.path()).await?;
        let ground = Ground::to_rehearse(&config).await?;
        let operator = Operator::connect(&ground, config, controls, observer).await?;
        let config = operator.config();
        let mut intentions = Vec::new();
        for record in open_proposals(&operator).await? {
            if !config.projects.admits(record.project) {
                continue;
            }
            intentions.push(Intention {
                proposal: record.proposal.to_string(),
                project: record.project.to_string(),
                state: record.state,
                would: would(&operator, &record).await?,
            });
        }
        Ok(intentions)
    }
}

/// The same configuration with a folder of the rehearsal's own, in which a journal that is a file has a copy.
async fn on_stage(config: VerifierConfig, stage: &Path) -> Result<VerifierConfig, VerifierError> {
    let on_stage = VerifierConfig {
        data_directory: stage.to_owned(),
        ..config.clone()
    };
    if let (JournalPlace::File(from), JournalPlace::File(to)) = (config.journal_place(), on_stage.journal_place()) {
        let path = from.clone();
        let copied = tokio::task::spawn_blocking(move || copy_file(&from, &to)).await;
        let copied = copied.map_err(|_| VerifierError::TaskStopped)?;
        copied.map_err(|source| VerifierError::DataDirectory { path, source })?;
    }
    Ok(on_stage)
}

/// What the journal has as open, and what it does not have yet; by project and number.
async fn open_proposals(operator: &Operator) -> Result<Vec<Record>, VerifierError> {
    let mut open = operator.journal.workable().await?;
    let all = operator.journal.all().await?;
    let known: BTreeSet<_> = all.into_iter().map(|record| record.proposal).collect();
    let count = Proposal::count(&operator.chain, &operator.contracts).await?;
    let mut next = ProposalId(U256::ZERO);
    while next.0 < count {
        if !known.contains(&next) {
            match Proposal::read(&operator.chain, &operator.contracts, next).await {
                Ok(proposal) if proposal.status.is_terminal() => {}
                Ok(proposal) => open.push(Record::unseen(&new_proposal(&proposal))),
                // The ledger numbers them without gaps: whatever said that there are more was ahead of this answer.
                Err(ChainError::NoProposal(_)) => break,
                Err(error) => return Err(error.into()),
            }
        }
        next = ProposalId(next.0.saturating_add(U256::ONE));
    }
    open.sort_by_key(|record| (record.project, record.proposal));
    Ok(open)
}

async fn would(operator: &Operator, record: &Record) -> Result<String, VerifierError> {
    Ok(match record.state {
        state if state.may_start() => return begin(operator, record).await,
        State::TicketOpen => return attempt(operator, record).await,
        State::Running => "go on with its run, from the receipt if there is one".to_owned(),
        State::Judged if settle::waits_after_failure(record, operator.clock()) => {
            format!("wait, and bring its statement to the chain again: {}", record.cause)
        }
        State::Judged => "bring its statement to the chain".to_owned(),
        State::Settling => "find out what the chain has of its statement".to_owned(),
        State::Waiting(_) => "look for other operators' statements".to_owned(),
        State::Inconclusive | State::SetAside => "try again, if an attempt is left".to_owned(),
        State::Seen | State::Settled(_) | State::Closed(_) => "nothing".to_owned(),
    })
}

/// With an open ticket. Which key an enclave has now is only known as far as the journal knows it.
async fn attempt(operator: &Operator, record: &Record) -> Result<String, VerifierError> {
    let row = StatusRow {
        lapses_at: lapses_at(record, &operator.journal.present_keys().await?),
        ..StatusRow::from(record)
    };
    Ok(match (row.waits_for_lapse(), record.ticket) {
        (Some(waits), _) => format!("wait: {waits}"),
        (None, Some(ticket)) => format!(
            "have the enclave with key {} judge it under its open ticket",
            ticket.key
        ),
        (None, None) => "have the enclave judge it under its open ticket".to_owned(),
    })
}

async fn begin(operator: &Operator, record: &Record) -> Result<String, VerifierError> {
    let matter = match decide::matter(operator, record.proposal).await {
        Err(ChainError::NoProposal(_)) => return Ok("close it: the ledger has no such proposal".to_owned()),
        matter => matter?,
    };
    if run::may_resume(operator, record).await? {
        return Ok("go on with the statement that is kept of its ticket".to_owned());
    }
    Ok(match decide::look(operator, record, &matter).await? {
        Readiness::Ready => "open a ticket and have the enclave judge it".to_owned(),
        Readiness::Resume(id) => match record.ticket.filter(|left| left.id == id) {
            Some(left) if !run::has_runs_left(record) => {
                format!(
                    "wait: its ticket was lost, and lapses at {}",
                    UnixTime::from_seconds(left.closes_at)
                )
            }
            Some(_) | None => format!("go on with ticket {id}"),
        },
        Readiness::Wait(_, why) => format!("wait: {why}"),
        Readiness::Close(_, why) => format!("close it: {why}"),
    })
}
