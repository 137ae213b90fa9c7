//! An enclave that ends: the host learns why, in words, and its daemon goes on with the next one.
//!
//! No shipped image has a way to be told to fail, so all but the last run with a saboteur beside the unchanged init
//! (`support::saboteur`), in an image that is measured and listed as what it is.

use crate::host::candidate;
use crate::support::boot::Size;
use crate::support::images::{Parts, Shipped};
use crate::support::machine::Machine;
use crate::support::network::{Network, example};
use crate::support::observer::Recorder;
use crate::support::saboteur;
use orv_verifier::enclave::EnclaveAddress;
use orv_verifier::journal::{Settlement, State};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// A machine with a saboteur, on a network that lists its image.
async fn sabotaged(folder: &Path) -> (Network, Machine) {
    let parts = saboteur::smuggled(&Parts::of(&Shipped::of("nitro").eif()));
    let network = example(&parts.eif()).await;
    let machine = Machine::start(&parts.boot(folder), Size::default());
    (network, machine)
}

/// Begins a job, breaks the machine in the midst of its trials, and returns what the daemon told.
async fn broken_in_a_job(
    network: &Network,
    machine: &mut Machine,
    break_it: impl FnOnce(EnclaveAddress, &mut Machine) + Send,
) -> Vec<String> {
    machine.stream();
    network.hire(&machine.address()).await;
    // Its trials last until the limit ends them: there is time.
    network.submit(candidate("endless")).await;
    let (observer, trials) = Recorder::with_trials();
    let observer = Arc::new(observer);
    let address = machine.address();
    let aimed = address.clone();
    let work = network.work(&address, observer.clone());
    thread::scope(|scope| {
        let breaking = scope.spawn(move || {
            trials.recv().expect("the job came to its trials");
            break_it(aimed, machine);
        });
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
        observer.close();
        breaking.join().unwrap();
    });
    observer.failures()
}

/// A new machine in the place of the old one has a new key, and the daemon goes on where it was: the ticket of the old key
/// lapses, the next attempt is judged.
async fn goes_on(network: &Network, machine: &mut Machine) {
    machine.wait_until_ended();
    machine.restart();
    machine.stream();
    network.pass(3700).await;
    network.hire(&machine.address()).await;
    let proposal = network.submit(candidate("improvement")).await;
    let observer = Arc::new(Recorder::new());
    let summary = network.work(&machine.address(), observer.clone()).await;
    let row = summary.outcomes.iter().find(|row| row.proposal == proposal.to_string());
    let state = row.unwrap_or_else(|| panic!("{summary:?}")).state;
    // The endless one came first: until it is decided, nobody overtakes it.
    let endless = summary.outcomes.iter().find(|row| row.proposal != proposal.to_string());
    assert_eq!(endless.map(|row| row.state), Some(State::Inconclusive), "{summary:?}");
    assert_eq!(state, State::Settled(Settlement::Approved), "{summary:?}");
}

fn assert_told(failures: &[String], code: &str, words: &str) {
    let told = |failure: &&String| failure.starts_with(code) && failure.contains(words);
    assert!(
        failures.iter().any(|failure| told(&failure)),
        "no {code} with {words:?} in {failures:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_keeper_ends_the_enclave_with_its_words_and_the_daemon_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (network, mut machine) = sabotaged(folder.path()).await;
    let failures = broken_in_a_job(&network, &mut machine, |address, _| {
        saboteur::order(&address, "kill keeper");
    })
    .await;
    assert_told(&failures, "ORV-V-033", "ORV-E-006 the keeper is gone");
    goes_on(&network, &mut machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_memory_is_told_of_as_that_and_the_daemon_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (network, mut machine) = sabotaged(folder.path()).await;
    let failures = broken_in_a_job(&network, &mut machine, |address, _| {
        saboteur::order(&address, "starve service");
        // The next connection needs a stack.
        drop(address.connect());
    })
    .await;
    assert_told(&failures, "ORV-V-033", "ORV-E-009 the service ran out of memory");
    goes_on(&network, &mut machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_service_is_told_with_its_place_and_the_daemon_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (network, mut machine) = sabotaged(folder.path()).await;
    let failures = broken_in_a_job(&network, &mut machine, |address, _| {
        saboteur::order(&address, "cramp service");
        // The thread of the next connection cannot be made.
        drop(address.connect());
    })
    .await;
    assert_told(&failures, "ORV-V-033", "ORV-E-008 the service panicked");
    goes_on(&network, &mut machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_is_told_with_the_signal_and_the_daemon_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (network, mut machine) = sabotaged(folder.path()).await;
    let failures = broken_in_a_job(&network, &mut machine, |address, _| {
        saboteur::order(&address, "kill service");
    })
    .await;
    assert_told(&failures, "ORV-V-033", "ORV-E-010 the service was killed: SIGKILL");
    goes_on(&network, &mut machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_power_says_nothing_and_the_daemon_goes_on() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped.eif()).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    let failures = broken_in_a_job(&network, &mut machine, |_, machine| machine.kill()).await;
    assert_told(&failures, "ORV-V-031", "the enclave's connection");
    goes_on(&network, &mut machine).await;
}
