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
use orv_chain::ProposalId;
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

/// Has the daemon begin the one job that waits, breaks the machine in the midst of its trials, and returns what the daemon
/// told.
async fn broken_in_its_trials(
    network: &Network,
    machine: &mut Machine,
    break_it: impl FnOnce(EnclaveAddress, &mut Machine) + Send,
) -> Vec<String> {
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
        // However the work ends, nobody waits for trials any longer.
        let open = observer.open();
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
        drop(open);
        breaking.join().unwrap();
    });
    observer.failures()
}

/// A machine with its key admitted, and a proposal whose trials last until the limit ends them: there is time to break it.
async fn begin(network: &Network, machine: &mut Machine) -> ProposalId {
    machine.stream();
    network.hire(&machine.address()).await;
    network.submit(candidate("endless")).await
}

/// Another boot in the place of the one that ended, with a key of its own. The ticket of the old key has lapsed.
async fn succeed(network: &Network, machine: &mut Machine) {
    machine.wait_until_ended();
    machine.restart();
    machine.stream();
    network.pass(3700).await;
    network.hire(&machine.address()).await;
}

/// The daemon goes on where it was: the broken proposal's next attempt is judged, and so is what was submitted since.
async fn assert_goes_on(network: &Network, machine: &Machine, broken: ProposalId) {
    let later = network.submit(candidate("improvement")).await;
    let summary = network.work(&machine.address(), Arc::new(Recorder::new())).await;
    let state = |proposal: ProposalId| {
        let row = summary.outcomes.iter().find(|row| row.proposal == proposal.to_string());
        row.unwrap_or_else(|| panic!("{summary:?}")).state
    };
    // The endless one came first: until it is decided, nobody overtakes it.
    assert_eq!(state(broken), State::Inconclusive, "{summary:?}");
    assert_eq!(state(later), State::Settled(Settlement::Approved), "{summary:?}");
}

fn assert_told(failures: &[String], code: &str, words: &str) {
    let told = |failure: &&String| failure.starts_with(code) && failure.contains(words);
    assert!(
        failures.iter().any(|failure| told(&failure)),
        "no {code} with {words:?} in {failures:#?}"
    );
}

/// What is done to the enclave, and what its operator reads.
type End = (&'static str, &'static str);

/// One end after another under one daemon's journal: the second breaks the attempt that the daemon has begun with the boot
/// after the first, and the third and last attempt is judged.
async fn assert_told_and_survived(ends: [End; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let (network, mut machine) = sabotaged(folder.path()).await;
    let network = network.with_attempts(1 + ends.len() as u8);
    let broken = begin(&network, &mut machine).await;
    for (order, words) in ends {
        let failures = broken_in_its_trials(&network, &mut machine, |address, _| {
            saboteur::order(&address, order);
            if !order.starts_with("kill") {
                // The next connection needs a stack and a thread. The killed do not wait for one.
                drop(address.connect());
            }
        })
        .await;
        assert_told(&failures, "ORV-V-033", words);
        succeed(&network, &mut machine).await;
    }
    assert_goes_on(&network, &machine, broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_keeper_and_want_of_memory_are_told_and_the_daemon_goes_on_after_each() {
    assert_told_and_survived([
        ("kill keeper", "ORV-E-006 the keeper is gone"),
        ("starve service", "ORV-E-009 the service ran out of memory"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_a_killed_service_are_told_and_the_daemon_goes_on_after_each() {
    assert_told_and_survived([
        ("cramp service", "ORV-E-008 the service panicked"),
        ("kill service", "ORV-E-010 the service was killed: SIGKILL"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_power_says_nothing_and_the_daemon_goes_on() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped.eif()).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    let broken = begin(&network, &mut machine).await;
    let failures = broken_in_its_trials(&network, &mut machine, |_, machine| machine.kill()).await;
    assert_told(&failures, "ORV-V-031", "the enclave's connection");
    succeed(&network, &mut machine).await;
    assert_goes_on(&network, &machine, broken).await;
}
