//! One pass over the journal: each proposal goes as far as it can go now.

use super::Worker;
use crate::admission;
use crate::decide::{self, Limits, Matter, Readiness};
use crate::enclave::{EnclaveError, Identity};
use crate::error::VerifierError;
use crate::fetch;
use crate::journal::{CloseCause, Detail, Event, Record, State, Statement, Ticket, WaitCause};
use crate::settle;
use crate::ticket::{self, TicketState};
use orv_chain::ProposalId;
use orv_receipt::Receipt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often the enclave is given one ticket.
const RUNS_OF_A_TICKET: u32 = 2;

/// Most steps of one proposal in one pass: a whole attempt takes five.
const STEPS: u32 = 12;

/// Whether a proposal can go further in this pass.
#[derive(PartialEq, Eq)]
enum Step {
    Further,
    Rest,
}

impl Worker {
    /// Takes one proposal as far as it goes.
    pub(super) async fn work_on(&mut self, proposal: ProposalId) -> Result<(), VerifierError> {
        for _ in 0..STEPS {
            if self.is_stopping() {
                return Ok(());
            }
            let record = self.operator.journal.get(proposal).await?;
            let step = match record.state {
                State::Settled(_) | State::Closed(_) => Step::Rest,
                State::Waiting(WaitCause::HeldForQuorum) => {
                    settle::reconcile(&self.operator, &record).await?;
                    self.review(&record).await?;
                    Step::Rest
                }
                State::Seen | State::Waiting(_) => self.start(&record).await?,
                State::TicketOpen => self.run(&record).await?,
                State::Running => self.take_up(&record).await?,
                State::Judged => self.settle(&record).await?,
                State::Settling => {
                    settle::reconcile(&self.operator, &record).await?;
                    self.review(&record).await?;
                    Step::Further
                }
                State::Inconclusive | State::SetAside => self.retry(&record).await?,
            };
            if step == Step::Rest {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Decides whether an attempt may begin, and opens its ticket.
    async fn start(&mut self, record: &Record) -> Result<Step, VerifierError> {
        if self.attempts(record).await? >= usize::from(self.operator.config.attempts) {
            return self.give_up(record).await;
        }
        let matter = decide::matter(&self.operator, record.proposal).await?;
        let facts = decide::facts(&self.operator, &matter).await?;
        let config = &self.operator.config;
        let limits = Limits {
            run_seconds: config.run_seconds,
            least_balance: config.least_balance,
        };
        match decide::readiness(&facts, &limits) {
            Readiness::Ready => self.open(record, &matter).await,
            // Given up before: another run with it would count as another attempt.
            Readiness::Resume(id) if record.ticket.is_some_and(|lost| lost.id == id) => Ok(Step::Rest),
            Readiness::Resume(id) => {
                let ticket = ticket::recover(&self.operator, record.proposal, id).await?;
                let detail = Detail::Ticket(ticket);
                self.operator
                    .change(record.proposal, Event::OpenTicket, "found open on chain", detail)
                    .await?;
                Ok(Step::Further)
            }
            Readiness::Wait(cause, why) => self.wait(record, cause, &why).await,
            Readiness::Close(cause, why) => {
                self.change(record, Event::Close(cause), &why).await?;
                Ok(Step::Rest)
            }
        }
    }

    /// No attempt of this operator's is left; a lost ticket that is still open on chain is left to lapse.
    async fn give_up(&self, record: &Record) -> Result<Step, VerifierError> {
        if let Some(ticket) = &record.ticket
            && matches!(
                ticket::state(&self.operator, ticket).await?,
                TicketState::Open | TicketState::Unknown
            )
        {
            return Ok(Step::Rest);
        }
        let why = "this operator's attempts are used up";
        self.change(record, Event::Close(CloseCause::AttemptsExhausted), why)
            .await?;
        Ok(Step::Rest)
    }

    async fn open(&mut self, record: &Record, matter: &Matter) -> Result<Step, VerifierError> {
        fetch::ahead(&self.operator.storage, matter).await?;
        let identity = match self.lasting_identity().await {
            Err(error @ (VerifierError::KeyDead { .. } | VerifierError::EvidenceChanged { .. })) => {
                self.wait(record, WaitCause::KeyNotLive, &error.to_string()).await?;
                return Err(error);
            }
            other => other?,
        };
        let ticket = ticket::open(&self.operator, record.proposal, identity.key).await?;
        let cause = format!("attempt {} with key {}", ticket.attempt, ticket.key);
        self.operator
            .change(record.proposal, Event::OpenTicket, &cause, Detail::Ticket(ticket))
            .await?;
        Ok(Step::Further)
    }

    /// A live key that outlives a run which begins now.
    async fn lasting_identity(&mut self) -> Result<Identity, VerifierError> {
        let identity = self.desk.identity(&self.operator).await?;
        admission::ensure_outlives_run(&self.operator, identity.key).await?;
        Ok(identity)
    }

    /// Writes that a proposal waits, unless the journal says exactly that already.
    async fn wait(&self, record: &Record, cause: WaitCause, why: &str) -> Result<Step, VerifierError> {
        if record.state != State::Waiting(cause) {
            self.change(record, Event::Wait(cause), why).await?;
        }
        Ok(Step::Rest)
    }

    /// Has the enclave judge, and keeps the receipt.
    async fn run(&mut self, record: &Record) -> Result<Step, VerifierError> {
        let incomplete = VerifierError::Incomplete {
            proposal: record.proposal,
            what: "ticket",
        };
        let ticket = record.ticket.ok_or(incomplete)?;
        let matter = decide::matter(&self.operator, record.proposal).await?;
        if matter.proposal.status.is_terminal() {
            self.change(
                record,
                Event::Close(CloseCause::DecidedElsewhere),
                "the ledger has it decided",
            )
            .await?;
            return Ok(Step::Rest);
        }
        match ticket::state(&self.operator, &ticket).await? {
            TicketState::Open => {}
            TicketState::Unknown => return Ok(Step::Rest),
            state => return self.lose(record, &format!("the ticket is {state:?}")).await,
        }
        if record.runs >= RUNS_OF_A_TICKET {
            return self.lose(record, "the enclave failed with this ticket before").await;
        }
        let identity = self.desk.identity(&self.operator).await?;
        if identity.key != ticket.key {
            return self.lose(record, "the ticket belongs to a key that is gone").await;
        }
        self.judge(record, &ticket, &matter).await
    }

    /// Goes on after a restart: from the receipt, if it was written, since the enclave states once for each ticket.
    async fn take_up(&self, record: &Record) -> Result<Step, VerifierError> {
        let directory = self.operator.config.receipts();
        let (event, detail) = match settle::kept_statement(&directory, record).await? {
            Some(statement) => (Event::Judge, Detail::Statement(statement)),
            None => (Event::Interrupt, Detail::None),
        };
        self.operator
            .change(record.proposal, event, "found running after a restart", detail)
            .await?;
        Ok(Step::Further)
    }

    /// Writes the receipt, again and again while its ticket lasts: the enclave gives no second one.
    async fn keep(&self, record: &Record, ticket: &Ticket, receipt: Receipt) -> Result<Statement, VerifierError> {
        let path = settle::receipt_path(&self.operator.config.receipts(), record, ticket);
        let receipt = Arc::new(receipt);
        loop {
            let error = match settle::keep_receipt(path.clone(), Arc::clone(&receipt)).await {
                Err(error @ VerifierError::ReceiptFile { .. }) => error,
                kept => return kept,
            };
            let state = ticket::state(&self.operator, ticket).await;
            if self.is_stopping() || matches!(state, Ok(TicketState::Lapsed)) {
                return Err(error);
            }
            self.tell(Some(record.proposal), error)?;
            sleep(self.operator.config.poll()).await;
        }
    }

    async fn judge(&mut self, record: &Record, ticket: &Ticket, matter: &Matter) -> Result<Step, VerifierError> {
        let job = fetch::job(&self.operator, matter, ticket);
        let now = self.operator.chain.head().await?.timestamp;
        let time = Duration::from_secs(ticket.closes_at.saturating_sub(now));
        self.change(record, Event::Start, "the enclave has the job").await?;
        let stop = Arc::clone(&self.stop);
        match self.desk.judge(&self.operator, record.proposal, job, time, stop).await {
            Ok(receipt) => {
                let statement = self.keep(record, ticket, receipt).await?;
                let cause = format!(
                    "{} in [{}, {}]: {}",
                    statement.score, statement.lower, statement.upper, statement.reason
                );
                self.operator
                    .change(record.proposal, Event::Judge, &cause, Detail::Statement(statement))
                    .await?;
                Ok(Step::Further)
            }
            Err(error) => {
                let event = match &error {
                    VerifierError::Enclave(failure) if failure.loses_ticket() => Event::LoseTicket,
                    _ => Event::Interrupt,
                };
                self.change(record, event, &format!("{}: {error}", error.code()))
                    .await?;
                match error {
                    VerifierError::Enclave(EnclaveError::Stopped) => Ok(Step::Rest),
                    error => Err(error),
                }
            }
        }
    }

    async fn lose(&self, record: &Record, why: &str) -> Result<Step, VerifierError> {
        self.change(record, Event::LoseTicket, why).await?;
        Ok(Step::Rest)
    }

    /// Brings the statement to the chain.
    async fn settle(&mut self, record: &Record) -> Result<Step, VerifierError> {
        let incomplete = VerifierError::Incomplete {
            proposal: record.proposal,
            what: "ticket",
        };
        let ticket = record.ticket.ok_or(incomplete)?;
        match ticket::state(&self.operator, &ticket).await? {
            TicketState::Lapsed => return self.lose(record, "the ticket's time ran out").await,
            TicketState::Unknown => return Ok(Step::Rest),
            TicketState::Open => settle::settle(&self.operator, record).await?,
            TicketState::Inconclusive | TicketState::Held | TicketState::Settled => {
                // Sent by an earlier life of this program, or by anyone who had the statement.
                self.change(record, Event::Settle, "the chain has the statement")
                    .await?;
                return Ok(Step::Further);
            }
        }
        self.review(record).await?;
        Ok(Step::Rest)
    }

    /// Adds the line for upstream's tools, once an attempt has ended.
    async fn review(&self, record: &Record) -> Result<(), VerifierError> {
        let ended = self.operator.journal.get(record.proposal).await?;
        let matter = decide::matter(&self.operator, record.proposal).await?;
        let directory = &self.operator.config.data_directory;
        settle::append_review(
            directory,
            &ended,
            &matter.proposal.code_hash.to_string(),
            self.operator.clock(),
        )
    }

    /// Another attempt, if this operator allows itself one.
    async fn retry(&self, record: &Record) -> Result<Step, VerifierError> {
        if self.attempts(record).await? >= usize::from(self.operator.config.attempts) {
            return Ok(Step::Rest);
        }
        self.change(record, Event::Retry, "another attempt is allowed").await?;
        Ok(Step::Further)
    }

    /// Tickets that this operator opened for the proposal.
    async fn attempts(&self, record: &Record) -> Result<usize, VerifierError> {
        let changes = self.operator.journal.changes(record.proposal).await?;
        Ok(changes
            .iter()
            .filter(|change| change.to == State::TicketOpen && change.from != State::Running)
            .count())
    }

    async fn change(&self, record: &Record, event: Event, cause: &str) -> Result<(), VerifierError> {
        self.operator
            .change(record.proposal, event, cause, Detail::None)
            .await?;
        Ok(())
    }
}
