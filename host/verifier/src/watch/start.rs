//! A daemon's start: what is on this machine first, then the journal's database and the chain, for which a service waits.

use super::errand::Shared;
use super::lane::Lane;
use super::supervisor::Supervisor;
use super::{Controls, Orders, Phase};
use crate::enclave::ExitPorts;
use crate::error::VerifierError;
use crate::ground::{Firm, Ground};
use crate::intake::Intake;
use crate::notice::{Notice, Surroundings};
use crate::operator::Operator;
use crate::settle::Reviews;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// Pause after the first try; doubled after each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Connects to everything.
///
/// # Errors
/// What no waiting mends, and the chain's silence.
pub(super) async fn connect(ground: &Ground, orders: &Orders) -> Result<Supervisor, VerifierError> {
    go_on_connecting(ground, orders, &mut None).await
}

/// Connects to what an earlier try has not: whoever has the account's key keeps it.
async fn go_on_connecting(
    ground: &Ground,
    orders: &Orders,
    connected: &mut Option<Arc<Operator>>,
) -> Result<Supervisor, VerifierError> {
    let operator = match connected {
        Some(operator) => Arc::clone(operator),
        None => {
            let (config, controls) = (orders.config.clone(), orders.controls.clone());
            let operator = Operator::connect(ground, config, controls, Arc::clone(&orders.observer)).await?;
            Arc::clone(connected.insert(Arc::new(operator)))
        }
    };
    let directory = operator.config().data_directory.clone();
    let reviews = tokio::task::spawn_blocking(move || Reviews::open(&directory)).await;
    let reviews = reviews.map_err(|_| VerifierError::TaskStopped)??;
    let intake = Intake::start(&operator).await?;
    let ports = ExitPorts::default();
    let lanes = operator.config().enclaves().into_iter();
    let lanes = lanes
        .map(|settings| Lane::new(settings, &ports, operator.observer.as_ref()))
        .collect();
    let shared = Shared {
        operator,
        reviews: Arc::new(Mutex::new(reviews)),
        missing: Arc::default(),
    };
    Ok(Supervisor::new(shared, intake, lanes))
}

/// Stands on its ground as soon as the journal's database can be asked; nothing when the daemon is asked to end before.
///
/// # Errors
/// What no waiting mends: configuration, wallet, data directory, or a database that refuses.
pub(super) async fn once_the_journal_answers(orders: &Orders) -> Result<Option<Ground>, VerifierError> {
    let firm = Firm::of(&orders.config).await?;
    let mut tries = Tries::of(&orders.controls);
    while let Some(opened) = tries.next(firm.journal(&orders.config)).await {
        match opened {
            Ok(journal) => return Ok(Some(firm.with(journal))),
            Err(error) if error.may_pass() => tell(orders, firm.free(), &error.into()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Connects as soon as the chain can be asked; nothing when the daemon is asked to end before.
///
/// # Errors
/// What no waiting mends: another chain, no contracts, a wrong address, or what is on this machine.
pub(super) async fn once_the_chain_answers(
    ground: &Ground,
    orders: &Orders,
) -> Result<Option<Supervisor>, VerifierError> {
    let mut connected = None;
    let mut tries = Tries::of(&orders.controls);
    while let Some(tried) = tries.next(go_on_connecting(ground, orders, &mut connected)).await {
        match tried {
            Ok(supervisor) => return Ok(Some(supervisor)),
            Err(error) if error.is_of_a_chain_away() || error.is_of_a_journal_away() => {
                tell(orders, ground.folder.free(), &error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Tries with growing pauses between them, until the daemon is asked to end: whoever asks waits for no answer.
struct Tries {
    phases: watch::Receiver<Phase>,
    /// Before the next one; none before the first.
    pause: Option<Duration>,
}

impl Tries {
    fn of(controls: &Controls) -> Self {
        Self {
            phases: controls.phases(),
            pause: None,
        }
    }

    /// What came of the next try; nothing when the daemon is asked to end before.
    async fn next<T>(&mut self, attempt: impl Future<Output = T>) -> Option<T> {
        let pause = self.pause.unwrap_or_default();
        let next = match self.pause {
            None => FIRST_PAUSE,
            Some(pause) => pause.saturating_mul(2).min(LONGEST_PAUSE),
        };
        self.pause = Some(next);
        let tried = async {
            sleep(pause).await;
            attempt.await
        };
        tokio::select! {
            // One that is asked to end tries nothing more.
            biased;
            _ = self.phases.wait_for(|phase| *phase != Phase::Work) => None,
            tried = tried => Some(tried),
        }
    }
}

/// As a round that found nothing: page and health have the reason.
fn tell(orders: &Orders, disk_free: Option<u64>, error: &VerifierError) {
    let silent = if error.is_of_a_journal_away() {
        "the journal's database"
    } else {
        "the chain"
    };
    tracing::warn!(code = error.code(), %error, "{silent} cannot be asked yet");
    orders.observer.notice(&Notice::failed(None, error));
    let seen = Surroundings {
        disk_free,
        paused: Some(format!("{silent} cannot be asked: {error}")),
        ..Surroundings::default()
    };
    orders.observer.notice(&Notice::Observed(Box::new(seen)));
}
