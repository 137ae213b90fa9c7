//! What the daemon would do, without doing it: no ticket is opened, nothing is sent. What intake sees is noted.

use super::round::LONGEST_LOOK;
use super::{Daemon, Orders};
use crate::decide::{self, Readiness};
use crate::error::VerifierError;
use crate::ground::Ground;
use crate::intake::{Intake, Reached};
use crate::journal::{Record, State};
use crate::operator::Operator;
use orv_chain::ChainError;
use serde::Serialize;
use tokio::time::Instant;

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
    /// Decides about every open proposal and says what would be done. The enclaves are not asked.
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
        let ground = Ground::take(&config).await?;
        let operator = Operator::connect(&ground, config, controls, observer).await?;
        let mut intake = Intake::start(&operator).await?;
        while intake.look(&operator, Instant::now() + LONGEST_LOOK).await? == Reached::Behind {}
        let config = operator.config();
        let mut intentions = Vec::new();
        for record in operator.journal.workable().await? {
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

async fn would(operator: &Operator, record: &Record) -> Result<String, VerifierError> {
    Ok(match record.state {
        state if state.may_start() => return begin(operator, record).await,
        State::TicketOpen => "have the enclave judge it under its open ticket".to_owned(),
        State::Running => "go on with its run, from the receipt if there is one".to_owned(),
        State::Judged => "bring its statement to the chain".to_owned(),
        State::Settling => "find out what the chain has of its statement".to_owned(),
        State::Waiting(_) => "look for other operators' statements".to_owned(),
        State::Inconclusive | State::SetAside => "try again, if an attempt is left".to_owned(),
        State::Seen | State::Settled(_) | State::Closed(_) => "nothing".to_owned(),
    })
}

async fn begin(operator: &Operator, record: &Record) -> Result<String, VerifierError> {
    let matter = match decide::matter(operator, record.proposal).await {
        Err(ChainError::NoProposal(_)) => return Ok("close it: the ledger has no such proposal".to_owned()),
        matter => matter?,
    };
    Ok(match decide::look(operator, record, &matter).await? {
        Readiness::Ready => "open a ticket and have the enclave judge it".to_owned(),
        Readiness::Resume(ticket) => format!("go on with ticket {ticket}"),
        Readiness::Wait(_, why) => format!("wait: {why}"),
        Readiness::Close(_, why) => format!("close it: {why}"),
    })
}
