//! The job service: listens, speaks with hosts, runs one job at a time.

pub(crate) mod heartbeat;
mod identity;
mod session;
mod transport;

pub(crate) use identity::Endorser;
pub(crate) use session::code_of;

use crate::configuration::{Configuration, Patience};
use crate::console::{say, tell};
use crate::job::Workbench;
use crate::keeper::Keeper;
use crate::last_words::LastWords;
use crate::platform::PlatformError;
use orv_wire::{Exit, ExitCode};
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use transport::Listener;

/// Most connections at a time; more are told so and closed.
const MAX_CONNECTIONS: usize = 8;

/// What every session shares.
pub(crate) struct Service {
    pub(crate) keeper: Keeper,
    /// Or why this machine cannot endorse a key: then every host is refused.
    pub(crate) endorser: Result<Endorser, PlatformError>,
    /// One job at a time: two would disturb each other's measurements.
    pub(crate) workbench: Mutex<Workbench>,
    pub(crate) words: LastWords,
    /// How long a host may take.
    pub(crate) patience: Patience,
}

/// Why the service stops listening, or never began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The listening socket.
    #[error("listening: {0}")]
    Listen(#[from] io::Error),
    /// The keeper's key is none.
    #[error("the keeper's key is no point of the curve")]
    NoPoint,
    /// A thread could not be started.
    #[error("no thread: {0}")]
    Thread(io::Error),
}

/// Serves until listening fails; calls `ready` when hosts can connect.
pub(crate) fn serve(
    configuration: &Configuration,
    service: Service,
    ready: impl FnOnce(),
) -> Result<Infallible, ServeError> {
    end_at_a_panic(service.words.clone());
    let listener = Listener::bind(configuration)?;
    announce(&service)?;
    let service = Arc::new(service);
    if service.words.are_heard() {
        watch_the_keeper(Arc::clone(&service))?;
    }
    let kept = Arc::strong_count(&service);
    ready();
    loop {
        let Some(peer) = listener.accept()? else { continue };
        // Each session holds one count beyond those that stay.
        if Arc::strong_count(&service) >= kept + MAX_CONNECTIONS {
            session::turn_away(peer);
            continue;
        }
        let service = Arc::clone(&service);
        std::thread::spawn(move || session::run(peer, &service));
    }
}

fn announce(service: &Service) -> Result<(), ServeError> {
    let address = orv_receipt::address_of_sec1(&service.keeper.public_key()).ok_or(ServeError::NoPoint)?;
    let keeper = service.keeper.process_id();
    match &service.endorser {
        Ok(endorser) => say(format_args!(
            "ready key={address} keeper={keeper} platform={}",
            endorser.platform()
        )),
        Err(error) => {
            tell(format_args!("serves no job: {error}"));
            say(format_args!("ready key={address} keeper={keeper} platform=none"));
        }
    }
    Ok(())
}

/// Ends the enclave as soon as its keeper is gone, where somebody is there to be told: a key that has died is no secret of
/// the next host that asks for a signature.
fn watch_the_keeper(service: Arc<Service>) -> Result<(), ServeError> {
    std::thread::Builder::new()
        .name("keeper's watch".to_owned())
        .spawn(move || {
            let end = service.keeper.await_end();
            service.words.end(&Exit::new(ExitCode::Keeper, end));
        })
        .map(drop)
        .map_err(ServeError::Thread)
}

/// A thread that panics ends the whole enclave like any other anomaly, and with it the key (DESIGN 5.3). An image aborts
/// by its profile; no other build shall go on with half of its state.
fn end_at_a_panic(words: LastWords) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !words.are_heard() {
            report(panic);
        }
        words.end(&Exit::new(ExitCode::Panic, panic.to_string().replace('\n', " ")));
    }));
}
