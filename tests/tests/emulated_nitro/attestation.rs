//! What the machine attests, and who believes it.

use crate::host::candidate;
use crate::support::boot::Size;
use crate::support::document::Document;
use crate::support::images::{Shipped, predicted};
use crate::support::machine::Machine;
use crate::support::network::example;
use crate::support::observer::Recorder;
use crate::support::opinions;
use orv_chain::ProposalStatus;
use orv_evidence::{Envelope, Platform, UnixTime, subject_public_key_info};
use orv_verify::{Collateral, ExpectedBinding, Policy, Roots, verify};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_attests_what_everybody_measures_and_binds_what_was_asked() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped.eif()).await;
    let mut machine = Machine::start(&shipped.boot(), Size::default());
    machine.stream();
    let identity = network.introduce(&machine.address()).await;
    let envelope = Envelope::decode(&identity.envelope).unwrap();
    assert_eq!(envelope.platform, Platform::Nitro);

    let document = Document::read(&envelope.evidence);
    let attested = document.identity().map(hex::encode);
    let folder = tempfile::tempdir().unwrap();
    let predicted = predicted(&shipped.eif());
    for (whose, registers) in [
        ("the build's", shipped.identity()),
        (
            "orv-measure's",
            [predicted.pcr0, predicted.pcr1, predicted.pcr2].map(|register| hex::encode(register.0)),
        ),
        ("orv-audit's", opinions::of_the_auditor(&shipped.file(".eif"))),
        ("eif_build's", opinions::of_the_makers(&shipped.eif(), folder.path())),
    ] {
        assert_eq!(attested, registers, "the machine's registers and {whose}");
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
    machine.restart();
    machine.stream();
    assert_ne!(network.introduce(&machine.address()).await.key, identity.key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_nobody_signed_is_refused_by_verifier_attester_and_daemon() {
    let shipped = Shipped::of("nitro");
    let network = example(&shipped.eif()).await;
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
