//! The platform's part of the hostile miner, inside the machine: as candidates of proposals, judged like any other.

use crate::host::{self, End, Shelf};
use crate::support::boot::Size;
use crate::support::hostile;
use crate::support::images::{Shipped, predicted};
use crate::support::machine::Machine;
use crate::support::network::{Listed, Network, receipt_of};
use crate::support::observer::Recorder;
use crate::support::saboteur;
use orv_receipt::{Bundle, Ending, Observation};
use std::os::unix::net::UnixListener;
use std::sync::Arc;

/// What a hostile candidate does, and how the receipt shows that it got nowhere.
enum Contained {
    /// It ran to its end, and this kept it.
    Held(&'static str),
    /// Its memory limit ended it.
    Memory,
    /// No process beyond its limit was made.
    Processes,
}

impl Contained {
    fn is_shown_by(&self, trial: &Observation) -> bool {
        let (said, process) = (hostile::said(trial), &trial.measured);
        match self {
            Self::Held(reason) => said.starts_with("held: ") && said.contains(reason),
            Self::Memory => process.memory_kills > 0 && process.ending != Ending::Exited,
            Self::Processes => process.process_limit_hits > 0 && !said.starts_with("got "),
        }
    }

    /// What a bundle tells instead, where it does not show that the candidate was contained.
    fn is_missing_in(&self, words: &str, bundle: &Bundle) -> Option<String> {
        let trial = hostile::last_trial(bundle);
        let (said, process) = (hostile::said(trial), &trial.measured);
        eprintln!("{words}: {said} {:?} {}", process.ending, process.number);
        (!self.is_shown_by(trial)).then(|| format!("{words}: {said:?} {process:?}"))
    }
}

/// The verdict that pays a candidate.
const APPROVED: u8 = 1;

const ATTACKS: [(&str, Contained); 14] = [
    ("network-interfaces", Contained::Held("the loopback alone")),
    ("open-device /dev/nsm", Contained::Held("No such file")),
    ("open-any-device", Contained::Held("no device but the harmless ones")),
    ("make-device /work/device", Contained::Held("Operation not permitted")),
    ("socket 40", Contained::Held("Operation not permitted")),
    ("socket 4294967336", Contained::Held("Operation not permitted")),
    ("list-host /sys/kernel/config", Contained::Held("No such file")),
    ("read-host /orv/configuration.json", Contained::Held("No such file")),
    ("process keeper kill", Contained::Held("no process")),
    ("kernel io_uring", Contained::Held("Operation not permitted")),
    ("kernel perf", Contained::Held("Operation not permitted")),
    ("write /proc/self/comm", Contained::Held("Permission denied")),
    ("fork-bomb 64", Contained::Processes),
    ("memory 320", Contained::Memory),
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_candidates_are_contained_inside_and_their_receipts_show_it() {
    let shipped = Shipped::of("nitro");
    let mut shelf = Shelf::default();
    let facts = hostile::project(&mut shelf);
    let network = Network::start(Listed::nitro(&predicted(&shipped.eif())), &facts, &shelf).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    // Whoever got out by vsock would be heard here.
    let beside = UnixListener::bind(machine.parent_port(5002)).unwrap();
    beside.set_nonblocking(true).unwrap();
    network.hire(&machine.address()).await;
    let mut free = Vec::new();
    for (words, expected) in &ATTACKS {
        network.submit(hostile::candidate(words)).await;
        let summary = network.work(&machine.address(), Arc::new(Recorder::new())).await;
        assert_eq!(summary.failures, Vec::new(), "{words}");
        let receipt = receipt_of(&summary);
        let bundle = Bundle::decode(&receipt.bundle).unwrap();
        free.extend(expected.is_missing_in(words, &bundle));
        assert_ne!(receipt.run.verdict, APPROVED, "{words} was approved");
    }
    assert_eq!(free, Vec::<String>::new());
    assert!(beside.accept().is_err(), "somebody came out by vsock");
}

/// The same candidates on the machine that stands in for TDX and SEV-SNP, whose kernel has other devices and drivers, by
/// the judge with simulated evidence.
#[test]
fn hostile_candidates_are_contained_on_the_stand_in_too() {
    let folder = tempfile::tempdir().unwrap();
    let parts = saboteur::smuggled_with_judge(&Shipped::of("vm").parts());
    let mut machine = Machine::start(&parts.boot_directly(folder.path()), Size::default());
    machine.stream();
    let beside = UnixListener::bind(machine.parent_port(5002)).unwrap();
    beside.set_nonblocking(true).unwrap();
    let mut channel = saboteur::judge(&machine.address());
    host::introduce(&mut channel);
    let mut free = Vec::new();
    for (ticket, (words, expected)) in (1..).zip(&ATTACKS) {
        let mut shelf = Shelf::default();
        let job = hostile::job(&mut shelf, words, ticket);
        let End::Judged(outcome, bundle) = host::serve(&mut channel, &job, &shelf) else {
            panic!("{words} is refused")
        };
        free.extend(expected.is_missing_in(words, &bundle));
        assert_ne!(outcome.run.verdict, APPROVED, "{words} was approved");
    }
    assert_eq!(free, Vec::<String>::new());
    assert!(beside.accept().is_err(), "somebody came out by vsock");
}
