//! The connection to one enclave, and the key behind it.

use super::boot;
use crate::admission::{self, KeyLife, Standing};
use crate::configuration::EnclaveSettings;
use crate::enclave::{EnclaveAddress, EnclaveError, ExitPorts, ExitReports, Identity, Session, Work};
use crate::error::VerifierError;
use crate::fetch::StoredContents;
use crate::journal::{Record, State};
use crate::notice::{EnclaveSeen, Notice};
use crate::operator::Operator;
use orv_attester::collateral_pieces_in;
use orv_chain::primitives::{Address, B256};
use orv_chain::{BlockReference, ChainError, ProposalId};
use orv_content::merkle;
use orv_receipt::{DatedCollateral, Receipt};
use orv_wire::Stream;
use orv_wire::{Job, Progress};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Blocks below the head of the oldest challenge that evidence is given for again: the registry takes 256, and signatures
/// and the admission's own block take some of them.
const OLDEST_CHALLENGE: u64 = 200;

/// The same in seconds of block time: the certificates of evidence live some hours.
const OLDEST_CHALLENGE_SECONDS: u64 = 600;

/// What is known of an enclave, for whoever chooses one.
pub(crate) type Seen = Arc<Mutex<EnclaveSeen>>;

/// What is done for an idle enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Its connection is kept open.
    KeepOpen,
    /// Its key is live before a proposal needs it: it introduces itself, is admitted, and is renewed before it ends.
    KeepLive,
}

/// A connection that is there or will be made.
pub(crate) struct Desk {
    settings: EnclaveSettings,
    open: Option<(Session<Stream>, Identity)>,
    /// The key that was last told to be live.
    told: Option<Address>,
    /// The key that was last told to be ending.
    warned: Option<Address>,
    /// The key that was last told to be revoked, or to be too short.
    alarmed: Option<Address>,
    /// The key that its enclave has refused to sign with any more.
    used_up: Option<Address>,
    /// Seconds that the whole admission of the present key lasts.
    whole_life: Option<u64>,
    /// What enclaves said before they ended, where they can be heard.
    reports: Option<Arc<ExitReports>>,
    seen: Seen,
}

impl Desk {
    /// For one enclave.
    pub(crate) fn new(settings: EnclaveSettings) -> Self {
        let seen = EnclaveSeen {
            address: settings.address.to_string(),
            key: None,
            expires_at: None,
            verdicts_left: None,
            revoked: false,
            judging: None,
        };
        Self {
            settings,
            open: None,
            told: None,
            warned: None,
            alarmed: None,
            used_up: None,
            whole_life: None,
            reports: None,
            seen: Arc::new(Mutex::new(seen)),
        }
    }

    /// What is known of the enclave, kept up to date.
    pub(crate) fn seen(&self) -> Seen {
        Arc::clone(&self.seen)
    }

    fn see(&self, change: impl FnOnce(&mut EnclaveSeen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whose key it is now; nobody's, once the connection is lost. What was known of another one says nothing of it.
    fn see_key(&self, key: Option<Address>) {
        self.see(|seen| {
            if key.is_none() || seen.key != key {
                seen.key = key;
                seen.expires_at = None;
                seen.verdicts_left = None;
                seen.revoked = false;
            }
        });
    }

    /// Hears why the enclave ends from now on.
    ///
    /// # Errors
    /// [`EnclaveError::ExitPort`]: the desk works, and reasons stay unknown.
    pub(crate) fn hear(&mut self, ports: &ExitPorts) -> Result<(), EnclaveError> {
        let address = &self.settings.address;
        let reports = ports.listen(address).map_err(|source| EnclaveError::ExitPort {
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
    pub(crate) async fn identity(&mut self, operator: &Operator) -> Result<Identity, VerifierError> {
        match self.introduced(operator).await {
            // What was sent earlier was mined meanwhile: with the evidence of that time it is the same key.
            Err(VerifierError::EvidenceChanged { .. }) => self.introduced(operator).await,
            other => other,
        }
    }

    /// A key that was not admitted introduces itself anew the next time: a challenge counts for 256 blocks only.
    async fn introduced(&mut self, operator: &Operator) -> Result<Identity, VerifierError> {
        let (session, identity) = match self.still_open(operator).await? {
            Some(open) => open,
            None => self.connect(operator).await?,
        };
        self.see_key(Some(identity.key));
        let live = admission::ensure_live(operator, &self.settings.address, &identity).await;
        // Whether the enclave of a key that counts no more is booted anew shows in its connection.
        if matches!(
            live,
            Ok(()) | Err(VerifierError::KeyDead { .. } | VerifierError::KeyRevoked(_))
        ) {
            self.open = Some((session, identity.clone()));
        }
        if let Err(VerifierError::KeyRevoked(key)) = live {
            self.alarmed = Some(key);
            self.see(|seen| seen.revoked = true);
        }
        live?;
        if self.told.replace(identity.key) != Some(identity.key) {
            operator.observer.notice(&Notice::KeyLive(identity.key));
        }
        Ok(identity)
    }

    /// A live key that outlives a run which begins now. One that does not is renewed by a new boot, where the operator
    /// has configured how to do that; nothing while a ticket is open that only the present key can use.
    ///
    /// # Errors
    /// As [`Self::identity`]; [`VerifierError::KeyDead`] for a key that ends too soon. A key that was revoked is never
    /// renewed: whoever runs the enclave finds out why before.
    pub(crate) async fn lasting_identity(&mut self, operator: &Operator) -> Result<Option<Identity>, VerifierError> {
        let found = match self.identity(operator).await {
            Ok(identity) => match self.usable(operator, identity).await {
                Err(VerifierError::KeyDead { key, .. })
                    if self.may_renew() && has_open_ticket(operator, key).await? =>
                {
                    return Ok(None);
                }
                usable => usable,
            },
            // Dead it is: whether another one would live long enough is asked before it is paid for.
            Err(VerifierError::KeyDead { key, reason }) => match self.life(operator, key).await? {
                KeyLife::TooShort(whole) => return Err(too_short(operator, key, whole)),
                _ => Err(VerifierError::KeyDead { key, reason }),
            },
            Err(error) => Err(error),
        };
        match found {
            Err(error) if error.wants_new_key() && self.may_renew() => self.renew(operator, &error).await.map(Some),
            other => other.map(Some),
        }
    }

    /// The identity, if its key outlives a run that begins now.
    async fn usable(&mut self, operator: &Operator, identity: Identity) -> Result<Identity, VerifierError> {
        let key = identity.key;
        match self.life(operator, key).await? {
            KeyLife::Lasting => Ok(identity),
            KeyLife::Ending(reason) => {
                self.warn(operator, key, &reason);
                Ok(identity)
            }
            KeyLife::Ended(reason) => Err(VerifierError::KeyDead { key, reason }),
            KeyLife::TooShort(whole) => {
                self.alarmed = Some(key);
                Err(too_short(operator, key, whole))
            }
            KeyLife::Revoked => Err(VerifierError::KeyRevoked(key)),
        }
    }

    /// Whether the operator has configured how the enclave is booted anew.
    fn may_renew(&self) -> bool {
        !self.settings.restart.is_empty()
    }

    /// Boots the enclave anew and has its new key admitted.
    async fn renew(&mut self, operator: &Operator, ended: &VerifierError) -> Result<Identity, VerifierError> {
        tracing::info!(address = %self.settings.address, reason = %ended, "booting the enclave anew for a new key");
        self.open = None;
        self.see_key(None);
        boot::restart(&self.settings).await?;
        let identity = self.identity(operator).await?;
        self.usable(operator, identity).await
    }

    async fn life(&mut self, operator: &Operator, key: Address) -> Result<KeyLife, VerifierError> {
        let admitted = operator.keys.key(key).await?;
        let now = operator.chain.head().await?.timestamp;
        self.whole_life = admitted.as_ref().map(admission::whole_life);
        self.see(|seen| {
            seen.expires_at = admitted.as_ref().map(|admitted| admitted.expires_at);
            seen.verdicts_left = admitted.as_ref().map(|admitted| admitted.verdicts_left);
            seen.revoked = admitted.as_ref().is_some_and(|admitted| admitted.revoked);
        });
        if self.used_up == Some(key) {
            return Ok(KeyLife::Ended("its enclave signs no more with it".to_owned()));
        }
        Ok(admission::life(admitted.as_ref(), now, operator.config().run_seconds))
    }

    /// Says once for each key that it ends soon.
    fn warn(&mut self, operator: &Operator, key: Address, reason: &str) {
        if !self.may_renew() && self.warned.replace(key) != Some(key) {
            let error = VerifierError::KeyEnding {
                key,
                reason: reason.to_owned(),
            };
            operator.observer.notice(&Notice::failed(None, &error));
        }
    }

    /// A new connection. What ended enclaves have said before is of no interest any more.
    async fn connect(&mut self, operator: &Operator) -> Result<(Session<Stream>, Identity), VerifierError> {
        match connect(operator, &self.settings.address).await {
            Ok(open) => {
                if let Some(reports) = &self.reports {
                    reports.forget();
                }
                Ok(open)
            }
            Err(error) => Err(self.lost(error).await?),
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
            Err(error) => self.lost(error.into()).await?,
        };
        tracing::info!(%error, "connecting to the enclave again");
        if let VerifierError::Enclave(EnclaveError::Exit(_)) = error {
            operator.observer.notice(&Notice::failed(None, &error));
        }
        Ok(None)
    }

    /// Looks after an idle enclave.
    ///
    /// # Errors
    /// As [`Self::lasting_identity`].
    pub(crate) async fn tend(&mut self, operator: &Operator, care: Care) -> Result<(), VerifierError> {
        let life = self.keep_open(operator).await?;
        let wants_key = match life {
            Some(KeyLife::Lasting | KeyLife::Ending(_) | KeyLife::TooShort(_) | KeyLife::Revoked) => false,
            // A reorganisation may have taken the admission back: the same key is admitted again.
            Some(KeyLife::Ended(_)) if self.whole_life.is_none() => true,
            Some(KeyLife::Ended(_)) => self.may_renew() && self.is_worth_renewing(operator),
            None => true,
        };
        // Admission costs gas, and the last coins are for what has been begun.
        if !wants_key || care == Care::KeepOpen || operator.balance().await? < operator.config().least_balance {
            return Ok(());
        }
        self.lasting_identity(operator).await?;
        Ok(())
    }

    /// Whether another key is worth its price though no proposal waits for it: one that hardly outlives a run would be
    /// paid for again and again.
    fn is_worth_renewing(&self, operator: &Operator) -> bool {
        let run_seconds = operator.config().run_seconds;
        self.whole_life
            .is_none_or(|whole| whole >= run_seconds.saturating_mul(2))
    }

    /// Keeps an idle connection open. Nothing where there is none, or a broken one.
    async fn keep_open(&mut self, operator: &Operator) -> Result<Option<KeyLife>, VerifierError> {
        self.open = self.still_open(operator).await?;
        let Some(key) = self.open.as_ref().map(|(_, identity)| identity.key) else {
            return Ok(None);
        };
        let life = self.standing(operator, key).await?;
        match &life {
            KeyLife::Lasting => {}
            KeyLife::Ending(reason) | KeyLife::Ended(reason) => self.warn(operator, key, reason),
            KeyLife::TooShort(whole) => self.alarm(operator, key, &too_short(operator, key, *whole)),
            KeyLife::Revoked => self.alarm(operator, key, &VerifierError::KeyRevoked(key)),
        }
        Ok(Some(life))
    }

    /// How long the key of an open connection will do. What makes it count ends with its measurement's listing and its
    /// attesters' epoch, too.
    async fn standing(&mut self, operator: &Operator, key: Address) -> Result<KeyLife, VerifierError> {
        let life = self.life(operator, key).await?;
        if let (KeyLife::Lasting | KeyLife::Ending(_), Standing::Dead(reason)) =
            (&life, admission::standing(operator, key).await?)
        {
            self.see(|seen| seen.expires_at = None);
            return Ok(KeyLife::Ended(reason));
        }
        Ok(life)
    }

    /// Says once for each key what no other key mends.
    fn alarm(&mut self, operator: &Operator, key: Address, error: &VerifierError) {
        if self.alarmed.replace(key) != Some(key) {
            operator.observer.notice(&Notice::failed(None, error));
        }
    }

    /// There is no connection any more, and so nobody's key. Answers what the enclave said before it ended, in place of the
    /// connection that broke with it.
    async fn lost(&self, error: VerifierError) -> Result<VerifierError, VerifierError> {
        self.see_key(None);
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
    pub(crate) async fn judge(
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
        let key = identity.key;
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
            Err(error) => {
                if error.needs_new_key() {
                    // Whatever the chain still says of it: no other ticket is opened for it.
                    self.used_up = Some(key);
                }
                Err(self.lost(error.into()).await?)
            }
        }
    }
}

fn too_short(operator: &Operator, key: Address, whole: u64) -> VerifierError {
    VerifierError::KeyTooShort {
        key,
        whole,
        run_seconds: operator.config().run_seconds,
    }
}

/// Whether an attempt is open that only this key can finish.
async fn has_open_ticket(operator: &Operator, key: Address) -> Result<bool, VerifierError> {
    let now = operator.chain.head().await?.timestamp;
    let open = |record: &Record| {
        matches!(record.state, State::TicketOpen | State::Running)
            && record
                .ticket
                .is_some_and(|ticket| ticket.key == key && ticket.closes_at > now)
    };
    Ok(operator.journal.workable().await?.iter().any(open))
}

/// The receipt with what the vendor publishes now. A verdict is not lost for want of it: the operator is told.
fn with_collateral(operator: &Operator, proposal: ProposalId, receipt: Receipt) -> Receipt {
    let config = operator.config();
    let Some(folder) = &config.collateral else {
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

/// Connects and finds out whether this is a key that was admitted before: its evidence must then be the admitted one, so
/// the challenge of that is asked again. One whose admission is perhaps under way gives the same evidence again; any other
/// gets a fresh challenge.
async fn connect(operator: &Operator, address: &EnclaveAddress) -> Result<(Session<Stream>, Identity), VerifierError> {
    let (address, address_text) = (address.clone(), address.to_string());
    let stream = spawn_blocking(move || {
        let unreachable = |source| EnclaveError::Unreachable {
            address: address.to_string(),
            source,
        };
        address.connect().map_err(unreachable)
    });
    let mut session = Session::new(stream.await.map_err(|_| VerifierError::TaskStopped)??);
    if let Some(record) = operator.journal.newest_key(&address_text).await? {
        let (back, given) = introduce(operator, session, record.challenge_block).await?;
        session = back;
        if given.key == record.address {
            match challenge_again(operator, &given).await? {
                Some(block) if block == given.challenge_block => return Ok((session, given)),
                Some(block) => return introduce(operator, session, block).await,
                None => {}
            }
        }
    }
    let fresh = operator.keys.challenge(operator.owner.address()).await?.block;
    introduce(operator, session, fresh).await
}

/// The block of the challenge that a known key is asked again; nothing where a fresh one will do.
async fn challenge_again(operator: &Operator, given: &Identity) -> Result<Option<BlockReference>, VerifierError> {
    let Some(admitted) = operator.keys.key(given.key).await? else {
        let challenge = given.challenge_block;
        return Ok(still_counts(operator, challenge).await?.then_some(challenge));
    };
    let admitted = admitted.evidence_root;
    if admitted == B256::from(given.evidence_root.0) {
        return Ok(Some(given.challenge_block));
    }
    for kept in operator.journal.evidence_of(given.key).await? {
        if merkle::root_of(&kept.envelope).is_ok_and(|root| B256::from(root.0) == admitted) {
            return Ok(Some(kept.challenge_block));
        }
    }
    tracing::warn!(key = %given.key, "the evidence that the key was admitted with is not in the journal");
    Ok(Some(given.challenge_block))
}

/// Whether the registry will take a challenge for a while yet: its block is in the chain, and not too old.
async fn still_counts(operator: &Operator, challenge: BlockReference) -> Result<bool, ChainError> {
    let head = operator.chain.head().await?;
    let number = head.reference.number;
    if number.saturating_sub(challenge.number) > OLDEST_CHALLENGE || challenge.number > number {
        return Ok(false);
    }
    let block = operator.chain.block(challenge.number).await?;
    let age = head.timestamp.saturating_sub(block.timestamp);
    Ok(block.reference == challenge && age <= OLDEST_CHALLENGE_SECONDS)
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
