//! The shipped enclave image, unchanged, booted on an emulated Nitro Enclave (`./dev test nitro`).
//!
//! Everything but the hypervisor is real: kernel, init, evidence through `/dev/nsm`, vsock, containers, and on the other
//! side daemon, contracts and storage. The emulator does not sign its documents, so the product's verifier refuses them,
//! which is a test; keys are admitted by this suite's own attester, after it has compared every register.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod emulated;
#[path = "../../enclave/appliance/tests/host/mod.rs"]
mod host;

use alloy_primitives::B256;
use emulated::document::Document;
use emulated::hostile;
use emulated::images::{Shipped, predicted};
use emulated::machine::{Machine, Size};
use emulated::network::{Listed, Network};
use emulated::observer::Recorder;
use host::{Shelf, candidate};
use orv_chain::ProposalStatus;
use orv_evidence::{Envelope, Platform, UnixTime, subject_public_key_info};
use orv_measure::nitro::Registers;
use orv_receipt::{Bundle, Ending, Receipt};
use orv_verifier::Summary;
use orv_verifier::journal::{Settlement, State};
use orv_verify::{Collateral, ExpectedBinding, Policy, Register, Roots, nitro_measurement_id, verify};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

/// The counter of a Nitro Enclave is trusted.
const TRUSTED: u8 = 1;

fn listed(registers: &Registers) -> Listed {
    let registers = [registers.pcr0, registers.pcr1, registers.pcr2].map(|register| Register(register.0));
    Listed {
        measurement: B256::from(nitro_measurement_id(Platform::Nitro, registers)),
        platform: "nitro",
        tier: TRUSTED,
    }
}

/// A network whose owner lists the shipped image, with the example project on it.
async fn example(shipped: &Shipped) -> Network {
    let mut shelf = Shelf::default();
    let facts = host::project(&mut shelf);
    Network::start(listed(&predicted(&shipped.eif())), &facts, &shelf).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_attests_what_was_predicted_and_binds_what_was_asked() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    let identity = network.introduce(&machine.address()).await;
    let envelope = Envelope::decode(&identity.envelope).unwrap();
    assert_eq!(envelope.platform, Platform::Nitro);

    let document = Document::read(&envelope.evidence);
    let registers = predicted(&shipped.eif());
    let expected = [registers.pcr0, registers.pcr1, registers.pcr2].map(|register| register.0.to_vec());
    assert_eq!(document.identity(), expected);
    for (index, register) in expected.iter().enumerate() {
        assert_eq!(
            shipped.register(index),
            hex::encode(register),
            "what the build printed for PCR{index}"
        );
    }

    // DESIGN 5.4. The context, which says for whom the key is, has been compared when the identity was read.
    let binding = envelope.binding();
    assert_eq!(document.nonce, envelope.challenge);
    assert_eq!(document.public_key, subject_public_key_info(&envelope.public_key));
    assert_eq!(document.user_data, binding.digest());

    // A host that lost its connection finds the same envelope; another challenge gets another one under the same key.
    network.pass(12).await;
    let later = network.introduce(&machine.address()).await;
    assert_eq!(later.key, identity.key);
    assert_ne!(later.envelope, identity.envelope);

    // Another boot has another key.
    machine.restart(&shipped.boot(), Size::default());
    machine.stream();
    assert_ne!(network.introduce(&machine.address()).await.key, identity.key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_nobody_signed_is_refused_by_verifier_attester_and_daemon() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    let identity = network.introduce(&machine.address()).await;
    let envelope = Envelope::decode(&identity.envelope).unwrap();
    let document = Document::read(&envelope.evidence);
    assert!(
        document.signature.iter().all(|byte| *byte == 0),
        "the emulator signs nothing"
    );

    let now = UnixTime::from_seconds(network.chain().await.head().await.unwrap().timestamp);
    let expected = ExpectedBinding::To(envelope.binding());
    let roots = Roots::production();
    let refused = verify(
        &envelope.evidence,
        &Collateral::none(),
        now,
        &roots,
        &Policy::built_in(),
        &expected,
    );
    let reason = refused
        .expect_err("an unsigned document was taken for authentic")
        .to_string();
    eprintln!("the verifier: {reason}");

    // The daemon's own attester, under the vendors' roots, admits no such key, and so nothing is begun.
    let proposal = network.submit(candidate("improvement")).await;
    let observer = Arc::new(Recorder::new());
    network.work(&machine.address(), observer.clone()).await;
    let failures = observer.failures();
    assert!(
        failures
            .iter()
            .any(|failure| failure.starts_with("ORV-V-052") && failure.contains(&reason)),
        "{failures:?}"
    );
    assert_eq!(network.proposal(proposal).await.status, ProposalStatus::Submitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn proposals_are_judged_inside_and_the_gateway_settles_what_the_enclave_signed() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    let identity = network.hire(&machine.address()).await;
    for (name, settlement, status) in [
        ("improvement", Settlement::Approved, ProposalStatus::Approved),
        ("unchanged-copy", Settlement::Rejected, ProposalStatus::Rejected),
    ] {
        let proposal = network.submit(candidate(name)).await;
        let summary = network.work(&machine.address(), Arc::new(Recorder::new())).await;
        assert_eq!(summary.failures, Vec::new(), "{name}");
        assert_eq!(
            summary.outcomes[0].state,
            State::Settled(settlement),
            "{name}: {summary:?}"
        );
        assert_eq!(network.proposal(proposal).await.status, status, "{name}");
        let receipt = receipt_of(&summary);
        assert_eq!(receipt.run.platform_tier, TRUSTED);
        assert_eq!(receipt.envelope, identity.envelope);
    }
}

/// What the one outcome of a summary left on disk.
fn receipt_of(summary: &Summary) -> Receipt {
    let [row] = summary.outcomes.as_slice() else {
        panic!("{summary:?}")
    };
    let path = row.receipt.as_ref().unwrap_or_else(|| panic!("no receipt: {row:?}"));
    Receipt::decode(&std::fs::read(Path::new(path)).unwrap()).unwrap()
}

/// What a hostile candidate does, and how the receipt shows that it got nowhere.
enum Contained {
    /// It ran to its end, and this kept it.
    Held(&'static str),
    /// Its memory limit ended it.
    Memory,
    /// No process beyond its limit was made.
    Processes,
}

const ATTACKS: [(&str, Contained); 14] = [
    ("open-device /dev/nsm", Contained::Held("No such file")),
    ("open-any-device", Contained::Held("there are five harmless ones")),
    ("make-device /tmp/device", Contained::Held("Operation not permitted")),
    ("socket 40", Contained::Held("Operation not permitted")),
    ("socket 4294967336", Contained::Held("Operation not permitted")),
    ("network-interfaces", Contained::Held("the loopback alone")),
    ("list-host /sys/kernel/config", Contained::Held("No such file")),
    ("read-host /orv/configuration.json", Contained::Held("No such file")),
    ("process keeper kill", Contained::Held("no process")),
    ("kernel io_uring", Contained::Held("Operation not permitted")),
    ("kernel bpf", Contained::Held("Operation not permitted")),
    ("write /proc/self/comm", Contained::Held("Permission denied")),
    ("fork-bomb 64", Contained::Processes),
    ("memory 320", Contained::Memory),
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_candidates_are_contained_inside_and_their_receipts_show_it() {
    let shipped = Shipped::of("nitro");
    let mut shelf = Shelf::default();
    let facts = hostile::project(&mut shelf);
    let network = Network::start(listed(&predicted(&shipped.eif())), &facts, &shelf).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    // Whoever got out by vsock would be heard here.
    let beside = UnixListener::bind(machine.parent_port(5002)).unwrap();
    beside.set_nonblocking(true).unwrap();
    network.hire(&machine.address()).await;
    for (words, expected) in &ATTACKS {
        network.submit(hostile::candidate(words)).await;
        let summary = network.work(&machine.address(), Arc::new(Recorder::new())).await;
        assert_eq!(summary.failures, Vec::new(), "{words}");
        let receipt = receipt_of(&summary);
        let bundle = Bundle::decode(&receipt.bundle).unwrap();
        let trial = hostile::last_trial(&bundle);
        let said = hostile::said(trial);
        let process = &trial.measured;
        eprintln!("{words}: {said} {:?} {}", process.ending, process.number);
        match expected {
            Contained::Held(reason) => {
                assert!(said.starts_with("held: ") && said.contains(reason), "{words}: {said:?}")
            }
            Contained::Memory => assert!(
                process.memory_kills > 0 && process.ending != Ending::Exited,
                "{process:?}"
            ),
            Contained::Processes => {
                assert!(
                    process.process_limit_hits > 0 && !said.starts_with("got "),
                    "{said:?}: {process:?}"
                );
            }
        }
        assert_ne!(receipt.run.verdict, 1, "{words} was approved");
    }
    assert!(beside.accept().is_err(), "somebody came out by vsock");
}
