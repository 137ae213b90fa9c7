//! The daemon: rounds over chain and journal, until it is asked to end.

mod circuit;
mod errand;
mod lane;
mod pause;
mod queue;
mod rehearsal;
mod room;
mod round;
mod stage;
mod start;
mod stop;
mod summary;
mod supervisor;

pub use self::{
    rehearsal::Intention,
    stop::{Controls, Phase},
    summary::{Failure, Summary},
};

use self::round::NextRound;
use self::start::{connect, once_the_chain_answers, once_the_journal_answers};
use self::summary::states;
use self::supervisor::Supervisor;
use crate::board::Board;
use crate::configuration::VerifierConfig;
use crate::error::VerifierError;
use crate::ground::Ground;
use crate::journal::Journal;
use crate::notice::{Notice, Observer};
use crate::operator::{LEASE, Operator};
use crate::page::{self, Operation, PageSettings};
use crate::run::Care;
use crate::status::StatusRow;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep_until};

/// Most rounds of [`Daemon::once`] that saw everything the chain has; each but the last has changed something.
const ROUNDS: u32 = 100;

/// How often in a row, a round apart, the chain must not have what it had, before that is believed: endpoints may be some
/// blocks behind.
const LOOKS: u32 = 3;

/// How long a cancelled job is waited for.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The operator's daemon.
#[derive(Debug, Clone, Copy)]
pub struct Daemon;

/// What a daemon is started with.
pub struct Orders {
    /// Its configuration.
    pub config: VerifierConfig,
    /// The file that it was read from, if it shall be read again when it changes.
    pub file: Option<PathBuf>,
    /// How it is asked to end.
    pub controls: Controls,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
}

impl Orders {
    /// Orders that nobody changes any more.
    pub fn new(config: VerifierConfig, observer: Arc<dyn Observer>) -> Self {
        Self {
            config,
            file: None,
            controls: Controls::new(),
            observer,
        }
    }
}

impl Daemon {
    /// Works until `stop` is ready, then begins nothing more, and returns when what is in flight is done or handed back.
    /// Failures that pass by themselves are told to the observer and tried again.
    ///
    /// # Errors
    /// What no waiting mends: configuration, wallet, journal, data directory.
    pub async fn run(
        config: VerifierConfig,
        stop: impl Future<Output = ()>,
        observer: Arc<dyn Observer>,
    ) -> Result<Summary, VerifierError> {
        let orders = Orders::new(config, observer);
        let controls = orders.controls.clone();
        let work = Self::work(orders);
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = stop => controls.stop(),
        }
        work.await
    }

    /// Works until its [`Controls`] say otherwise: [`Controls::stop`] once ends intake and gives what is in flight
    /// `shutdown_seconds`, twice hands it back at once. A journal's database that is away at the start is waited for; only
    /// the observer is told, since the page needs the journal. Then a chain that is away is waited for, while the page is
    /// served and says so.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn work(mut orders: Orders) -> Result<Summary, VerifierError> {
        let controls = orders.controls.clone();
        let file = orders.file.clone();
        let board = orders.config.page.clone().map(|settings| {
            let board = Board::new(Arc::clone(&orders.observer));
            orders.observer = Arc::clone(&board) as Arc<dyn Observer>;
            (settings, board)
        });
        let Some(ground) = once_the_journal_answers(&orders).await? else {
            return Ok(Summary::default());
        };
        let _page = board.map(|(settings, board)| Beside::page(&ground, &orders.config, settings, board));
        let Some(mut supervisor) = once_the_chain_answers(&ground, &orders).await? else {
            return Ok(Summary::default());
        };
        let heart = Beside::heart(Arc::clone(&supervisor.shared.operator));
        let done = supervisor.until_stopped(&controls, file).await;
        supervisor.end(done, heart).await
    }

    /// Works through everything that can be decided now, and returns what came of it.
    ///
    /// # Errors
    /// As [`Self::run`]; what failed for one proposal is in the summary.
    pub async fn once(config: VerifierConfig, observer: Arc<dyn Observer>) -> Result<Summary, VerifierError> {
        Self::once_with(Orders::new(config, observer)).await
    }

    /// As [`Self::once`], and ends before when its [`Controls`] say so.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn once_with(orders: Orders) -> Result<Summary, VerifierError> {
        let controls = orders.controls.clone();
        let ground = Ground::take(&orders.config).await?;
        let mut supervisor = connect(&ground, &orders).await?;
        let heart = Beside::heart(Arc::clone(&supervisor.shared.operator));
        let done = supervisor.until_settled(&controls).await;
        supervisor.end(done, heart).await
    }

    /// Everything in the journal, without asking enclave or chain.
    ///
    /// # Errors
    /// Configuration or journal; [`JournalError::NotYet`](crate::journal::JournalError::NotYet) before the first start.
    pub async fn status(config: &VerifierConfig) -> Result<Vec<StatusRow>, VerifierError> {
        let gateway = config
            .deployment()?
            .enclave
            .ok_or(VerifierError::NoGateway)?
            .verifier_gateway;
        let journal = Journal::open_to_read(&config.journal_place(), gateway).await?;
        crate::status::status(&journal).await
    }
}

impl Supervisor {
    /// Rounds at the configured pace; what a task ends with is gone on with at once.
    async fn until_stopped(&mut self, controls: &Controls, file: Option<PathBuf>) -> Result<Summary, VerifierError> {
        self.care = Care::KeepLive;
        let before = states(&self.shared.operator).await?;
        let (mut phases, mut reloads) = (controls.phases(), controls.reloads());
        let mut watched = round::WatchedFile::new(file);
        let mut next_round = Instant::now();
        let mut deadline = None;
        loop {
            if controls.phase() == Phase::Finish && deadline.is_none() {
                let seconds = self.shared.operator.config().shutdown_seconds;
                deadline = Some(Instant::now() + Duration::from_secs(seconds));
            }
            let overdue = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if controls.phase() == Phase::HandBack || overdue {
                return self.give_up(&before).await;
            }
            if deadline.is_none() && Instant::now() >= next_round {
                // Rounds may follow each other without a pause: what ended in one is gone on with before the next.
                self.take_in_ended().await?;
                self.dispatch();
                let read_again = watched.changed() || reloads.has_changed().unwrap_or(false);
                if read_again {
                    reloads.mark_unchanged();
                    watched.reload(self);
                }
                let round = tokio::select! {
                    round = self.round() => round,
                    // Whoever ends the daemon waits for no endpoint.
                    _ = phases.changed() => continue,
                };
                next_round = match round {
                    Ok(NextRound::At(next)) => next,
                    Ok(NextRound::AtOnce) => Instant::now(),
                    Err(error) => {
                        // A database that is away comes back; what is in flight goes on.
                        self.tell(None, error)?;
                        Instant::now() + self.shared.operator.config().poll()
                    }
                };
            }
            self.dispatch();
            if deadline.is_some() && self.is_idle() {
                return self.summary(&before).await;
            }
            tokio::select! {
                ended = self.next() => self.take_in(ended?).await?,
                () = sleep_until(deadline.unwrap_or(next_round)) => {}
                _ = phases.changed() => {}
                _ = reloads.changed() => {
                    watched.reload(self);
                    next_round = Instant::now();
                }
            }
        }
    }

    /// Rounds until one has seen everything that the chain has and changed nothing. What the chain does not have any more
    /// is looked at as often as it takes, at the configured pace.
    async fn until_settled(&mut self, controls: &Controls) -> Result<Summary, VerifierError> {
        let first = states(&self.shared.operator).await?;
        let mut before = first.clone();
        let mut phases = controls.phases();
        let (mut rounds, mut unchanged) = (0, 0);
        while rounds < ROUNDS {
            let next = tokio::select! {
                round = self.round() => Some(round?),
                _ = phases.changed() => None,
            };
            while self.dispatch() || !self.is_idle() {
                tokio::select! {
                    ended = self.next() => self.take_in(ended?).await?,
                    _ = phases.changed() => {}
                }
                if controls.phase() == Phase::HandBack {
                    return self.give_up(&first).await;
                }
            }
            let after = states(&self.shared.operator).await?;
            // What an old chain has in front of its open proposals says nothing about them.
            let is_behind = next == Some(NextRound::AtOnce);
            let is_unchanged = after == before && !is_behind;
            unchanged = if is_unchanged { unchanged + 1 } else { 0 };
            let misses = self.shared.misses_any();
            let is_done = is_unchanged && (!misses || unchanged >= LOOKS);
            if is_done || controls.phase() != Phase::Work {
                break;
            }
            if let Some(NextRound::At(next)) = next.filter(|_| misses) {
                tokio::select! {
                    () = sleep_until(next) => {}
                    _ = phases.changed() => {}
                }
            }
            before = after;
            rounds += u32::from(!is_behind);
        }
        self.summary(&first).await
    }

    async fn give_up(&mut self, before: &summary::States) -> Result<Summary, VerifierError> {
        let unfinished = self.hand_back(LAST_WORDS).await;
        if unfinished > 0 {
            let error = VerifierError::HandedBack(unfinished);
            self.shared.operator.observer.notice(&Notice::failed(None, &error));
        }
        self.summary(before).await
    }

    /// Whatever came of it: jobs are cancelled, claims given back.
    async fn end(&mut self, done: Result<Summary, VerifierError>, heart: Beside) -> Result<Summary, VerifierError> {
        if !self.is_idle() {
            self.hand_back(LAST_WORDS).await;
        }
        heart.end().await;
        let released = self.release_all().await;
        let summary = done?;
        released?;
        Ok(summary)
    }

    async fn summary(&self, before: &summary::States) -> Result<Summary, VerifierError> {
        summary::summary(&self.shared.operator, before, self.failures.clone()).await
    }
}

/// Something that goes on beside the work and ends with it.
struct Beside(JoinHandle<()>);

impl Beside {
    /// Keeps this daemon's claims alive, however long a round takes.
    fn heart(operator: Arc<Operator>) -> Self {
        let beating = tokio::spawn(async move {
            let mut beats = interval(Duration::from_secs(LEASE / 3));
            loop {
                beats.tick().await;
                if let Err(error) = operator.journal.renew(LEASE).await {
                    tracing::warn!(%error, "this daemon's claims could not be renewed");
                }
            }
        });
        Self(beating)
    }

    /// Serves the operator's page.
    fn page(ground: &Ground, config: &VerifierConfig, settings: PageSettings, board: Arc<Board>) -> Self {
        let operation = Operation {
            chain_id: ground.deployment.network.chain_id,
            gateway: ground.enclave.verifier_gateway,
            operator: ground.account,
            run_seconds: config.run_seconds,
            least_balance: config.least_balance,
        };
        let serving = page::serve(settings, operation, board, ground.journal.clone());
        Self(tokio::spawn(async move {
            let never = serving.await;
            match never {}
        }))
    }

    /// Ends it, and waits until it has: what it holds, among that the data directory, is free then.
    async fn end(mut self) {
        self.0.abort();
        // Nothing but its own cancellation can come of it.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}
