//! The one connection to the enclave, and the key behind it.

use crate::admission::{self, Standing};
use crate::enclave::{EnclaveError, Identity, Session, Work};
use crate::error::VerifierError;
use crate::fetch::StoredContents;
use crate::notice::Notice;
use crate::operator::Operator;
use orv_chain::primitives::Address;
use orv_chain::{BlockReference, ProposalId};
use orv_receipt::Receipt;
use orv_wire::Stream;
use orv_wire::{Job, Progress};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// A connection that is there or will be made.
#[derive(Default)]
pub(super) struct Desk {
    open: Option<(Session<Stream>, Identity)>,
    /// The key that was last told to be live.
    told: Option<Address>,
}

impl Desk {
    /// A key that is admitted and live, behind a connection that works.
    ///
    /// # Errors
    /// The enclave cannot be reached, or its key cannot be used.
    pub(super) async fn identity(&mut self, operator: &Operator) -> Result<Identity, VerifierError> {
        let (session, identity) = match self.still_open().await? {
            Some(open) => open,
            None => connect(operator).await?,
        };
        admission::ensure_live(operator, &identity).await?;
        if self.told.replace(identity.key) != Some(identity.key) {
            operator.observer.notice(&Notice::KeyLive(identity.key));
        }
        self.open = Some((session, identity.clone()));
        Ok(identity)
    }

    /// The connection, if it still answers.
    async fn still_open(&mut self) -> Result<Option<(Session<Stream>, Identity)>, VerifierError> {
        let Some((mut session, identity)) = self.open.take() else {
            return Ok(None);
        };
        let asked = spawn_blocking(move || session.keep_open().map(|()| session)).await;
        match asked.map_err(|_| VerifierError::TaskStopped)? {
            Ok(session) => Ok(Some((session, identity))),
            Err(error) => {
                tracing::info!(%error, "connecting to the enclave again");
                Ok(None)
            }
        }
    }

    /// Keeps an idle connection open. A broken one is made again when it is needed.
    pub(super) async fn keep_open(&mut self) -> Result<(), VerifierError> {
        self.open = self.still_open().await?;
        Ok(())
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
        let (receipt, session, identity) = done.await.map_err(|_| VerifierError::TaskStopped)??;
        self.open = Some((session, identity));
        Ok(receipt)
    }
}

/// Connects and finds out whether this is a key that was admitted before: its evidence must then be the admitted one,
/// so the old challenge is asked again. A new key gets a fresh challenge.
async fn connect(operator: &Operator) -> Result<(Session<Stream>, Identity), VerifierError> {
    let address = operator.config.enclave.clone();
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
