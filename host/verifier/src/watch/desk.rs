//! The one connection to the enclave, and the key behind it.

use crate::admission::{self, Standing};
use crate::enclave::{EnclaveAddress, EnclaveError, ExitReports, Identity, Session, Work};
use crate::error::VerifierError;
use crate::fetch::StoredContents;
use crate::notice::Notice;
use crate::operator::Operator;
use orv_attester::collateral_pieces_in;
use orv_chain::primitives::Address;
use orv_chain::{BlockReference, ProposalId};
use orv_receipt::{DatedCollateral, Receipt};
use orv_wire::Stream;
use orv_wire::{Job, Progress};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// A connection that is there or will be made.
pub(super) struct Desk {
    address: EnclaveAddress,
    open: Option<(Session<Stream>, Identity)>,
    /// The key that was last told to be live.
    told: Option<Address>,
    /// What enclaves said before they ended, where they can be heard.
    reports: Option<Arc<ExitReports>>,
}

impl Desk {
    /// For the enclave at this address.
    pub(super) fn new(address: EnclaveAddress) -> Self {
        Self {
            address,
            open: None,
            told: None,
            reports: None,
        }
    }

    /// Hears why the enclave ends from now on.
    ///
    /// # Errors
    /// [`EnclaveError::ExitPort`]: the desk works, and reasons stay unknown.
    pub(super) fn hear(&mut self) -> Result<(), EnclaveError> {
        let address = &self.address;
        let reports = ExitReports::listen(address).map_err(|source| EnclaveError::ExitPort {
            address: address.to_string(),
            source,
        })?;
        self.reports = reports.map(Arc::new);
        Ok(())
    }

    /// A key that is admitted and live, behind a connection that works.
    ///
    /// # Errors
    /// The enclave cannot be reached, or its key cannot be used.
    pub(super) async fn identity(&mut self, operator: &Operator) -> Result<Identity, VerifierError> {
        let (session, identity) = match self.still_open(operator).await? {
            Some(open) => open,
            None => self.connect(operator).await?,
        };
        admission::ensure_live(operator, &identity).await?;
        if self.told.replace(identity.key) != Some(identity.key) {
            operator.observer.notice(&Notice::KeyLive(identity.key));
        }
        self.open = Some((session, identity.clone()));
        Ok(identity)
    }

    /// A new connection. What ended enclaves have said before is of no interest any more.
    async fn connect(&mut self, operator: &Operator) -> Result<(Session<Stream>, Identity), VerifierError> {
        match connect(operator, &self.address).await {
            Ok(open) => {
                if let Some(reports) = &self.reports {
                    reports.forget();
                }
                Ok(open)
            }
            Err(error) => Err(self.explained(error).await?),
        }
    }

    /// The connection, if it still answers.
    async fn still_open(&mut self, operator: &Operator) -> Result<Option<(Session<Stream>, Identity)>, VerifierError> {
        let Some((mut session, identity)) = self.open.take() else {
            return Ok(None);
        };
        let asked = spawn_blocking(move || session.keep_open().map(|()| session)).await;
        let error = match asked.map_err(|_| VerifierError::TaskStopped)? {
            Ok(session) => return Ok(Some((session, identity))),
            Err(error) => self.explained(error.into()).await?,
        };
        tracing::info!(%error, "connecting to the enclave again");
        if let VerifierError::Enclave(EnclaveError::Exit(_)) = error {
            operator.observer.notice(&Notice::failed(None, &error));
        }
        Ok(None)
    }

    /// Keeps an idle connection open. A broken one is made again when it is needed.
    pub(super) async fn keep_open(&mut self, operator: &Operator) -> Result<(), VerifierError> {
        self.open = self.still_open(operator).await?;
        Ok(())
    }

    /// What the enclave said before it ended, in place of the connection that broke with it.
    async fn explained(&self, error: VerifierError) -> Result<VerifierError, VerifierError> {
        let VerifierError::Enclave(broken) = &error else {
            return Ok(error);
        };
        let (Some(patience), Some(reports)) = (broken.may_be_its_end(), &self.reports) else {
            return Ok(error);
        };
        let reports = Arc::clone(reports);
        let reported = spawn_blocking(move || reports.next(patience)).await;
        Ok(match reported.map_err(|_| VerifierError::TaskStopped)? {
            Some(exit) => EnclaveError::Exit(exit.to_string()).into(),
            None => error,
        })
    }

    /// Has a job done. Call [`Self::identity`] before.
    ///
    /// # Errors
    /// Every [`EnclaveError`]; the connection is closed after any.
    pub(super) async fn judge(
        &mut self,
        operator: &Operator,
        proposal: ProposalId,
        job: Job,
        time: Duration,
        stop: Arc<AtomicBool>,
    ) -> Result<Receipt, VerifierError> {
        let Some((mut session, identity)) = self.open.take() else {
            return Err(EnclaveError::OutOfOrder {
                expected: "an open connection",
                got: "none".to_owned(),
            }
            .into());
        };
        let binding = operator.binding();
        let mut contents = StoredContents::new(operator.storage.clone(), Handle::current());
        let observer = Arc::clone(&operator.observer);
        let mut progress = move |Progress { stage, done, total }: &Progress| {
            observer.notice(&Notice::Progress {
                proposal,
                stage: *stage,
                done: *done,
                total: *total,
            });
        };
        let done = spawn_blocking(move || {
            let work = Work {
                job: &job,
                identity: &identity,
                binding: &binding,
                contents: &mut contents,
                progress: &mut progress,
                stop: &stop,
                time,
            };
            session.judge(work).map(|receipt| (receipt, session, identity))
        });
        match done.await.map_err(|_| VerifierError::TaskStopped)? {
            Ok((receipt, session, identity)) => {
                self.open = Some((session, identity));
                Ok(with_collateral(operator, proposal, receipt))
            }
            Err(error) => Err(self.explained(error.into()).await?),
        }
    }
}

/// The receipt with what the vendor publishes now. A verdict is not lost for want of it: the operator is told.
fn with_collateral(operator: &Operator, proposal: ProposalId, receipt: Receipt) -> Receipt {
    let Some(folder) = &operator.config.collateral else {
        return receipt;
    };
    let pieces = collateral_pieces_in(folder).map_err(|error| error.to_string());
    let dated = pieces.and_then(|pieces| DatedCollateral::of(pieces).map_err(|error| error.to_string()));
    match dated {
        Ok(collateral) => Receipt { collateral, ..receipt },
        Err(cause) => {
            let error = VerifierError::Collateral(cause);
            operator.observer.notice(&Notice::failed(Some(proposal), &error));
            receipt
        }
    }
}

/// Connects and finds out whether this is a key that was admitted before: its evidence must then be the admitted one,
/// so the old challenge is asked again. A new key gets a fresh challenge.
async fn connect(operator: &Operator, address: &EnclaveAddress) -> Result<(Session<Stream>, Identity), VerifierError> {
    let address = address.clone();
    let stream = spawn_blocking(move || {
        let unreachable = |source| EnclaveError::Unreachable {
            address: address.to_string(),
            source,
        };
        address.connect().map_err(unreachable)
    });
    let mut session = Session::new(stream.await.map_err(|_| VerifierError::TaskStopped)??);
    let mut known = None;
    for record in operator.journal.keys().await?.into_iter().take(1) {
        let (back, identity) = introduce(operator, session, record.challenge_block).await?;
        session = back;
        known = (identity.key == record.address).then_some((identity, record));
    }
    if let Some((given, record)) = known
        && admission::standing(operator, given.key).await? != Standing::Unknown
    {
        if given.envelope != record.envelope {
            tracing::warn!(key = %given.key, "the enclave gives other evidence for the challenge of its admission");
        }
        return Ok((session, given));
    }
    let head = operator.chain.head().await?.reference;
    introduce(operator, session, head).await
}

async fn introduce(
    operator: &Operator,
    mut session: Session<Stream>,
    block: BlockReference,
) -> Result<(Session<Stream>, Identity), VerifierError> {
    let binding = operator.binding();
    let done = spawn_blocking(move || session.introduce(&binding, block).map(|identity| (session, identity)));
    Ok(done.await.map_err(|_| VerifierError::TaskStopped)??)
}
