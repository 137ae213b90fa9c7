//! The job service: listens, speaks with hosts, runs one job at a time.

mod identity;
mod session;
mod transport;

pub(crate) use identity::Endorser;
pub(crate) use session::code_of;

use crate::configuration::Configuration;
use crate::job::Workbench;
use crate::keeper::Keeper;
use std::io;
use std::sync::{Arc, Mutex};
use transport::Listener;

/// Most connections at a time; more are closed at once.
const MAX_CONNECTIONS: usize = 8;

/// What every session shares.
pub(crate) struct Service {
    pub(crate) keeper: Keeper,
    pub(crate) endorser: Endorser,
    /// One job at a time: two would disturb each other's measurements.
    pub(crate) workbench: Mutex<Workbench>,
}

/// Serves until listening fails.
pub(crate) fn serve(configuration: &Configuration, service: Service) -> io::Result<()> {
    end_at_a_panic();
    let listener = Listener::bind(&configuration.listen)?;
    let address = orv_receipt::address_of_sec1(&service.keeper.public_key())
        .ok_or_else(|| io::Error::other("the keeper's key is no point of the curve"))?;
    println!(
        "ready key={address} keeper={} platform={}",
        service.keeper.process_id(),
        service.endorser.platform()
    );
    let service = Arc::new(service);
    loop {
        let stream = listener.accept()?;
        // Each session holds one count; `strong_count` is the sessions and this loop.
        if Arc::strong_count(&service) > MAX_CONNECTIONS {
            continue;
        }
        let service = Arc::clone(&service);
        std::thread::spawn(move || session::run(stream, &service));
    }
}

/// A thread that panics ends the whole enclave like any other anomaly, and with it the key (DESIGN 5.3). An image aborts
/// by its profile; no other build shall go on with half of its state.
fn end_at_a_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(session::ANOMALY);
    }));
}
