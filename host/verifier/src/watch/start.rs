//! A daemon's start: what is on this machine first, then the chain, for which a service waits.

use super::errand::Shared;
use super::lane::Lane;
use super::supervisor::Supervisor;
use super::{Orders, Phase};
use crate::enclave::ExitPorts;
use crate::error::VerifierError;
use crate::ground::Ground;
use crate::intake::Intake;
use crate::notice::{Notice, Surroundings};
use crate::operator::Operator;
use crate::settle::Reviews;
use std::sync::{Arc, Mutex};
use std::time::Duration;
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
    let (config, controls) = (orders.config.clone(), orders.controls.clone());
    let operator = Operator::connect(ground, config, controls, Arc::clone(&orders.observer)).await?;
    let operator = Arc::new(operator);
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

/// Connects as soon as the chain can be asked; nothing when the daemon is asked to end before.
///
/// # Errors
/// What no waiting mends: another chain, no contracts, a wrong address, or what is on this machine.
pub(super) async fn once_the_chain_answers(
    ground: &Ground,
    orders: &Orders,
) -> Result<Option<Supervisor>, VerifierError> {
    let mut phases = orders.controls.phases();
    let mut pause = FIRST_PAUSE;
    while orders.controls.phase() == Phase::Work {
        let connected = tokio::select! {
            connected = connect(ground, orders) => connected,
            // Whoever ends the daemon waits for no endpoint.
            _ = phases.changed() => continue,
        };
        match connected {
            Ok(supervisor) => return Ok(Some(supervisor)),
            Err(error) if error.is_of_a_chain_away() => tell(ground, orders, &error),
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = phases.changed() => {}
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    Ok(None)
}

/// As a round that found nothing: page and health have the reason.
fn tell(ground: &Ground, orders: &Orders, error: &VerifierError) {
    tracing::warn!(code = error.code(), %error, "the chain cannot be asked yet");
    orders.observer.notice(&Notice::failed(None, error));
    let seen = Surroundings {
        disk_free: ground.folder.free(),
        paused: Some(format!("the chain cannot be asked: {error}")),
        ..Surroundings::default()
    };
    orders.observer.notice(&Notice::Observed(Box::new(seen)));
}
