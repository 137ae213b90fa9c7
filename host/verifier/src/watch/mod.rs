//! The daemon: looks at the chain, works through the journal, sleeps, looks again.

mod desk;
mod pass;

use self::desk::Desk;
use crate::configuration::VerifierConfig;
use crate::error::VerifierError;
use crate::intake;
use crate::journal::{Journal, State};
use crate::notice::{Notice, Observer};
use crate::operator::Operator;
use crate::status::StatusRow;
use orv_chain::ProposalId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::sleep;

/// Most passes of [`Daemon::once`]; each but the last has changed something.
const PASSES: u32 = 100;

/// The operator's daemon.
#[derive(Debug, Clone, Copy)]
pub struct Daemon;

/// What a call of [`Daemon::once`] or [`Daemon::run`] has done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The proposals whose state changed, as they are now.
    pub outcomes: Vec<StatusRow>,
    /// What failed in the last pass and is tried again the next time.
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

/// One operator at work.
pub(crate) struct Worker {
    operator: Operator,
    desk: Desk,
    stop: Arc<AtomicBool>,
}

impl Daemon {
    /// Works until `stop` is ready, then ends the step at hand, cancels a running job and returns. Failures that pass
    /// by themselves are told to the observer and tried again.
    ///
    /// # Errors
    /// What no waiting mends: configuration, wallet, journal, data directory.
    pub async fn run(
        config: VerifierConfig,
        stop: impl Future<Output = ()>,
        observer: Arc<dyn Observer>,
    ) -> Result<Summary, VerifierError> {
        let pause = config.poll();
        let mut worker = Worker::connect(config, observer).await?;
        let (flag, wake) = (Arc::clone(&worker.stop), Notify::new());
        let before = worker.states().await?;
        let work = async {
            let mut failures = Vec::new();
            while !worker.is_stopping() {
                failures = worker.pass().await?;
                worker.desk.keep_open(&worker.operator).await?;
                tokio::select! {
                    () = sleep(pause) => {}
                    () = wake.notified() => {}
                }
            }
            worker.summary(&before, failures).await
        };
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = stop => {}
        }
        flag.store(true, Ordering::Relaxed);
        wake.notify_one();
        work.await
    }

    /// Works through everything that can be decided now, and returns what came of it.
    ///
    /// # Errors
    /// As [`Self::run`]; what failed for one proposal is in the summary.
    pub async fn once(config: VerifierConfig, observer: Arc<dyn Observer>) -> Result<Summary, VerifierError> {
        let mut worker = Worker::connect(config, observer).await?;
        let first = worker.states().await?;
        let mut before = first.clone();
        let mut failures = Vec::new();
        for _ in 0..PASSES {
            failures = worker.pass().await?;
            let after = worker.states().await?;
            if after == before {
                break;
            }
            before = after;
        }
        worker.summary(&first, failures).await
    }

    /// Everything in the journal, without asking enclave or chain.
    ///
    /// # Errors
    /// Configuration or journal.
    pub async fn status(config: &VerifierConfig) -> Result<Vec<StatusRow>, VerifierError> {
        let gateway = config
            .deployment()?
            .enclave
            .ok_or(VerifierError::NoGateway)?
            .verifier_gateway;
        crate::status::status(&Journal::open(&config.journal_path(), gateway).await?).await
    }
}

impl Worker {
    async fn connect(config: VerifierConfig, observer: Arc<dyn Observer>) -> Result<Self, VerifierError> {
        let operator = Operator::connect(config, observer).await?;
        let enclave = operator.config.enclaves().into_iter().next();
        let enclave = enclave.ok_or_else(|| VerifierError::Configuration("no enclave".to_owned()))?;
        let mut desk = Desk::new(enclave.address);
        if let Err(error) = desk.hear() {
            operator.observer.notice(&Notice::failed(None, &error.into()));
        }
        Ok(Self {
            operator,
            desk,
            stop: Arc::new(AtomicBool::new(false)),
        })
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn states(&self) -> Result<BTreeMap<ProposalId, State>, VerifierError> {
        let records = self.operator.journal.all().await?;
        Ok(records
            .into_iter()
            .map(|record| (record.proposal, record.state))
            .collect())
    }

    /// Looks at the chain once and takes every proposal as far as it goes.
    async fn pass(&mut self) -> Result<Vec<Failure>, VerifierError> {
        let mut failures = Vec::new();
        if let Err(error) = intake::catch_up(&self.operator).await {
            failures.push(self.tell(None, error)?);
        }
        for record in self.operator.journal.all().await? {
            if record.state.is_final() || !self.operator.config.projects.admits(record.project) {
                continue;
            }
            if let Err(error) = self.work_on(record.proposal).await {
                failures.push(self.tell(Some(record.proposal), error)?);
            }
        }
        Ok(failures)
    }

    /// Tells a failure that may pass; one that does not is handed back.
    fn tell(&self, proposal: Option<ProposalId>, error: VerifierError) -> Result<Failure, VerifierError> {
        if matches!(error, VerifierError::Journal(_) | VerifierError::TaskStopped) {
            return Err(error);
        }
        let (code, advice, message) = (error.code(), error.advice(), error.to_string());
        tracing::warn!(
            code,
            proposal = proposal.map(|id| id.to_string()),
            message,
            "step failed"
        );
        self.operator.observer.notice(&Notice::failed(proposal, &error));
        Ok(Failure {
            proposal: proposal.map(|id| id.to_string()),
            code,
            message,
            advice,
        })
    }

    async fn summary(
        &self,
        before: &BTreeMap<ProposalId, State>,
        failures: Vec<Failure>,
    ) -> Result<Summary, VerifierError> {
        let records = self.operator.journal.all().await?;
        let changed = records
            .iter()
            .filter(|record| before.get(&record.proposal) != Some(&record.state));
        Ok(Summary {
            outcomes: changed.map(StatusRow::from).collect(),
            failures,
        })
    }
}
