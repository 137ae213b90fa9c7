//! A host that lies gets no settlement: the enclave refuses, or the gateway reverts and names the reason.
//!
//! The enclave, the contracts, the chain client and the attester are the real ones; only the host is made for the test.
//! Every test runs on the embedded devnet and on anvil. After every lie the ledger, the stake and the project's best
//! are as they were.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../enclave/appliance/tests/host/mod.rs"]
mod host;
mod support;

use alloy_primitives::U256;
use host::candidate;
use k256::ecdsa::SigningKey;
use orv_chain::bindings::{EnclaveRegistry, MeasurementPolicy, VerifierGateway};
use orv_chain::{Call, ProposalStatus};
use orv_content::merkle;
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_receipt::{Run, Signature};
use orv_wire::FailureCode;
use support::lies::*;
use support::network::*;
use support::operator::Operator;
use support::scene::*;

on_both_chains!(
    an_honest_approval_pays_the_miner_and_settles_once,
    a_host_that_swaps_bytes_gets_no_statement,
    a_job_other_than_the_chains_gives_a_worthless_statement,
    an_altered_statement_is_refused,
    a_key_serves_its_own_operator_alone,
    what_decided_nothing_cannot_be_settled,
    a_key_or_program_that_lost_its_trust_settles_nothing,
    a_proposal_has_three_attempts_and_a_ticket_its_time,
    a_late_copy_does_not_overtake_its_original,
    whoever_was_overtaken_is_not_rejected,
);

async fn an_honest_approval_pays_the_miner_and_settles_once(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "improvement").await;
    let before = scene.standing(proposal).await;
    let statement = scene.judged(proposal).await;
    assert_eq!((statement.run.verdict, statement.reason().as_str()), (1, "improved"));

    let mined = scene.settle(&statement).await.unwrap();
    eprintln!("approve, claim included: {} gas", mined.gas_used);
    let after = scene.standing(proposal).await;
    assert_eq!(after.proposal.status, ProposalStatus::Approved);
    assert_eq!(
        after.proposal.metrics_hash.0,
        merkle::root_of(&statement.bundle.encode()).unwrap().0
    );
    assert_eq!(after.proposal.verified_score, score(-960));
    assert_eq!(after.project.current_best_score, after.proposal.verified_score);
    assert_eq!(after.project.current_best_code_hash, after.proposal.code_hash);
    assert_eq!(
        before.staked - after.staked,
        U256::from(STAKE),
        "the stake left the ledger"
    );
    assert_eq!(
        after.held - before.held,
        U256::from(2 * STAKE),
        "stake back, and as much as reward"
    );

    assert_eq!(refusal(scene.settle(&statement).await, "settled twice"), "NotDecidable");
    assert_eq!(
        refusal(scene.record(&statement).await, "recorded after it settled"),
        "TicketNotOpen"
    );
    assert_eq!(scene.standing(proposal).await, after);

    // What does not improve is rejected, and half of the stake burns; the receipt of that is on chain as well.
    let proposal = scene.submit(COPYIST, "unchanged-copy").await;
    let statement = scene.judged(proposal).await;
    assert_eq!(
        (statement.run.verdict, statement.reason().as_str()),
        (2, "no-improvement")
    );
    let mined = scene.settle(&statement).await.unwrap();
    eprintln!("reject, claim included: {} gas", mined.gas_used);
    let rejected = scene.standing(proposal).await;
    assert_eq!(rejected.proposal.status, ProposalStatus::Rejected);
    assert_eq!(rejected.proposal.metrics_hash, statement.run.bundle_root);
}

async fn a_host_that_swaps_bytes_gets_no_statement(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "unchanged-copy").await;
    let ticket = scene.open(proposal).await;
    let job = scene.job(proposal, &ticket).await;
    let before = scene.standing(proposal).await;
    let better = candidate("improvement");
    let swaps = [
        ("code bundle", job.proposal.code_hash),
        ("benchmark", job.project.benchmark_hash),
        ("protocol.json", job.project.protocol_hash),
        ("snapshot", job.project.repo_snapshot_hash),
    ];
    for (swapped, hash) in swaps {
        let mut shelf = scene.shelf.clone();
        shelf.0.insert(hash, better.clone());
        let failure = scene.operator.judge(&job, &shelf).unwrap_err();
        assert_eq!(failure.code, FailureCode::Malformed, "{swapped}: {failure:?}");
        assert!(
            failure.detail.contains("not those of the hash"),
            "{swapped}: {failure:?}"
        );
        scene.assert_unmoved(&before, swapped).await;
    }
    // The right bytes still get their verdict: lies cost the miner nothing.
    let statement = scene.operator.judge(&job, &scene.shelf).unwrap();
    scene.settle(&statement).await.unwrap();
}

async fn a_job_other_than_the_chains_gives_a_worthless_statement(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let text = std::fs::read_to_string(host::workspace().join("images/example/project/protocol.json")).unwrap();
    let generous = text.replace(r#""minScoreImprovementBips": 100"#, r#""minScoreImprovementBips": 1"#);
    assert_ne!(text, generous);
    let other = scene.submit(COPYIST, "late-copy").await;
    let ticket = scene.open(other).await;
    let job = scene.job(other, &ticket).await;
    // Both would run: only the chain knows that they are not the project's.
    let benchmark = with_a_note(scene.shelf.0[&job.project.benchmark_hash].clone());
    let other = Other {
        better: scene.shelf.put(candidate("improvement")),
        protocol: scene.shelf.put(generous.into_bytes()),
        benchmark: scene.shelf.put(benchmark),
        job,
    };
    for (lie, bend, stated, reason) in TOLD {
        // A proposal of its own for each lie: the enclave signs once for a ticket.
        let proposal = scene.submit(MINER, "second-improvement").await;
        let ticket = scene.open(proposal).await;
        let before = scene.standing(proposal).await;
        let mut job = scene.job(proposal, &ticket).await;
        bend(&mut job, &other);
        let statement = scene.operator.judge(&job, &scene.shelf);
        let statement = statement.unwrap_or_else(|failure| panic!("{lie}: {failure:?}"));
        // Nearly every lie gives an approval: it is the gateway that knows better.
        assert_eq!(statement.reason(), *stated, "{lie}");
        assert_eq!(refusal(scene.hand_in(&statement).await, lie), *reason, "{lie}");
        scene.assert_unmoved(&before, lie).await;
    }

    // What contradicts itself, or the key's binding, is refused by the enclave.
    let proposal = scene.submit(MINER, "second-improvement").await;
    let ticket = scene.open(proposal).await;
    let honest = scene.job(proposal, &ticket).await;
    let mut job = honest.clone();
    job.project.id = U256::from(77);
    assert_eq!(
        scene.operator.judge(&job, &scene.shelf).unwrap_err().code,
        FailureCode::Malformed
    );
    let mut job = honest;
    job.domain.gateway = nobody();
    assert_eq!(
        scene.operator.judge(&job, &scene.shelf).unwrap_err().code,
        FailureCode::OtherBinding
    );
}

async fn an_altered_statement_is_refused(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "unchanged-copy").await;
    let other = scene.submit(COPYIST, "crasher").await;
    assert_eq!(other.0, proposal.0 + U256::from(1));
    let before = scene.standing(proposal).await;
    let statement = scene.judged(proposal).await;
    assert_eq!(statement.run.verdict, 2);
    for (lie, bend, reason) in ALTERED {
        assert_eq!(
            refusal(scene.settle(&statement.bent(bend)).await, lie),
            *reason,
            "{lie}"
        );
        scene.assert_unmoved(&before, lie).await;
    }

    let forged = |bend: fn(&mut Run)| {
        let mut forged = statement.bent(bend);
        let key = SigningKey::from_slice(&[3; 32]).unwrap();
        forged.signature = Signature::sign(&key, &forged.run.signing_hash(&scene.operator.domain)).unwrap();
        forged
    };
    let approve = |run: &mut Run| (run.verdict, run.score, run.lower, run.upper) = better_run();
    for (lie, forged) in [
        ("signed by another key", forged(|_| ())),
        ("made up and signed", forged(approve)),
    ] {
        assert_eq!(refusal(scene.settle(&forged).await, lie), "WrongSigner", "{lie}");
        scene.assert_unmoved(&before, lie).await;
    }
    scene.settle(&statement).await.unwrap();
}

async fn a_key_serves_its_own_operator_alone(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "improvement").await;
    let before = scene.standing(proposal).await;
    let mut other = Operator::admitted(&scene.network, OTHER_OPERATOR).await;
    for (place, lie) in [(OTHER_OPERATOR, "another operator"), (STRANGER, "a stranger")] {
        let account = scene.account(place).await;
        let opened = scene
            .network
            .gateway()
            .open(&account, proposal, scene.operator.key())
            .await;
        assert_eq!(refusal(opened, lie), "NotKeyOperator", "{lie}");
    }
    let unknown = scene
        .network
        .gateway()
        .open(&scene.operator.account, proposal, nobody())
        .await;
    assert_eq!(refusal(unknown, "a key that nobody admitted"), "UnknownKey");

    // The other operator's enclave, admitted as well, judges the proposal for this operator's ticket.
    let ticket = scene.open(proposal).await;
    let job = scene.job(proposal, &ticket).await;
    let theirs = other.judge(&job, &scene.shelf).unwrap();
    assert_eq!(theirs.run.verdict, 1);
    assert_eq!(
        refusal(scene.settle(&theirs).await, "another operator's key"),
        "WrongEvidence"
    );
    let ours = scene.operator.judge(&job, &scene.shelf).unwrap();
    let mixed = theirs.bent(|run| run.evidence_root = ours.run.evidence_root);
    assert_eq!(
        refusal(scene.settle(&mixed).await, "another key under our evidence"),
        "WrongSigner"
    );
    scene.assert_unmoved(&before, "another operator").await;
    scene.settle(&ours).await.unwrap();
}

async fn what_decided_nothing_cannot_be_settled(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "crasher").await;
    let before = scene.standing(proposal).await;
    let statement = scene.judged(proposal).await;
    assert_eq!(
        (statement.run.verdict, statement.reason().as_str()),
        (3, "candidate-exit")
    );
    assert_eq!(
        refusal(scene.settle(&statement).await, "settled as it is"),
        "NotAVerdict"
    );
    // With scores that would carry the verdict, so that only the signature stands against it.
    for (verdict, value, lie) in [(2, score(-1117), "as a reject"), (1, score(-900), "as an approval")] {
        let altered = statement.bent(|run| {
            (run.verdict, run.metric_kind) = (verdict, 1);
            (run.score, run.lower, run.upper) = (value, value, value);
        });
        assert_eq!(refusal(scene.settle(&altered).await, lie), "WrongSigner", "{lie}");
        scene.assert_unmoved(&before, lie).await;
    }
    let mined = scene.record(&statement).await.unwrap();
    eprintln!("inconclusive: {} gas", mined.gas_used);
    scene.assert_unmoved(&before, "recorded as inconclusive").await;
    assert_eq!(
        refusal(scene.record(&statement).await, "recorded twice"),
        "TicketNotOpen"
    );
}

async fn a_key_or_program_that_lost_its_trust_settles_nothing(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "improvement").await;
    let before = scene.standing(proposal).await;
    let governance = scene.account(GOVERNANCE).await;

    let statement = scene.judged(proposal).await;
    let revoke = EnclaveRegistry::revokeCall {
        key: scene.operator.key(),
    };
    governance
        .send(Call::new(scene.network.enclave.enclave_registry, &revoke))
        .await
        .unwrap();
    assert_eq!(refusal(scene.settle(&statement).await, "revoked key"), "KeyIsRevoked");
    scene.assert_unmoved(&before, "revoked key").await;
    let reopened = scene
        .network
        .gateway()
        .open(&scene.operator.account, proposal, scene.operator.key())
        .await;
    assert_eq!(
        refusal(reopened, "another ticket before the first lapsed"),
        "TicketStillOpen"
    );

    scene.network.pass(TICKET_LIFE).await;
    let revoked = scene
        .network
        .gateway()
        .open(&scene.operator.account, proposal, scene.operator.key())
        .await;
    assert_eq!(refusal(revoked, "a ticket for a revoked key"), "KeyIsRevoked");
    scene.operator = Operator::admitted(&scene.network, OPERATOR).await;
    let statement = scene.judged(proposal).await;
    let remove = MeasurementPolicy::removeCall {
        measurement: host::measurement(),
    };
    governance
        .send(Call::new(scene.network.enclave.measurement_policy, &remove))
        .await
        .unwrap();
    assert_eq!(
        refusal(scene.settle(&statement).await, "removed measurement"),
        "MeasurementNotListed"
    );
    scene.assert_unmoved(&before, "removed measurement").await;
}

async fn a_proposal_has_three_attempts_and_a_ticket_its_time(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let proposal = scene.submit(MINER, "improvement").await;
    let before = scene.standing(proposal).await;
    let statement = scene.judged(proposal).await;
    scene.network.pass(TICKET_LIFE).await;
    assert_eq!(
        refusal(scene.settle(&statement).await, "after the ticket's life"),
        "TicketTimedOut"
    );
    scene.assert_unmoved(&before, "after the ticket's life").await;
    for attempt in 2..=3 {
        assert_eq!(scene.open(proposal).await.attempt, attempt);
        scene.network.pass(TICKET_LIFE).await;
    }
    // Attempts count over all keys.
    let other = Operator::admitted(&scene.network, OTHER_OPERATOR).await;
    for operator in [&scene.operator, &other] {
        let fourth = scene
            .network
            .gateway()
            .open(&operator.account, proposal, operator.key())
            .await;
        assert_eq!(refusal(fourth, "a fourth attempt"), "AttemptsExhausted");
    }
    scene.assert_unmoved(&before, "a fourth attempt").await;
}

async fn a_late_copy_does_not_overtake_its_original(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let original = scene.submit(MINER, "improvement").await;
    let copy = scene.submit(COPYIST, "late-copy").await;
    let (first, late) = (scene.standing(original).await, scene.standing(copy).await);
    let copied = scene.judged(copy).await;
    assert_eq!(copied.run.verdict, 1, "against the snapshot the copy is an improvement");
    assert_eq!(
        refusal(scene.settle(&copied).await, "a copy ahead of its original"),
        "EarlierUndecided"
    );
    scene.assert_unmoved(&late, "a copy ahead of its original").await;
    scene.assert_unmoved(&first, "a copy ahead of its original").await;

    let statement = scene.judged(original).await;
    scene.settle(&statement).await.unwrap();
    let late = scene.standing(copy).await;
    assert_eq!(
        refusal(scene.settle(&copied).await, "a copy after its original"),
        "BestRose"
    );
    scene.assert_unmoved(&late, "a copy after its original").await;
    // Recorded it costs the copyist no stake, and the best stays the original's.
    scene.record(&copied).await.unwrap();
    scene.assert_unmoved(&late, "a copy set aside").await;
    assert_eq!(late.project.current_best_code_hash, first.proposal.code_hash);
    assert_eq!(late.project.current_best_miner, first.proposal.miner);
}

async fn whoever_was_overtaken_is_not_rejected(kind: PeerKind) {
    let mut scene = Scene::set(kind).await;
    let early = scene.submit(MINER, "improvement").await;
    let later = scene.submit(COPYIST, "second-improvement").await;
    // Nobody decided the earlier one while it had its turn.
    scene.network.pass(PRIORITY_WINDOW).await;
    let statement = scene.judged(later).await;
    scene.settle(&statement).await.unwrap();

    let before = scene.standing(early).await;
    let statement = scene.judged(early).await;
    assert_eq!(
        (statement.run.verdict, statement.reason().as_str()),
        (2, "no-improvement")
    );
    assert_eq!(
        refusal(scene.settle(&statement).await, "a reject of the overtaken"),
        "Overtaken"
    );
    scene.assert_unmoved(&before, "a reject of the overtaken").await;
    let mined = scene.record(&statement).await.unwrap();
    let aside = mined.require_event::<VerifierGateway::StatementSetAside>(scene.network.enclave.verifier_gateway);
    assert_eq!(aside.unwrap().bundleRoot, statement.run.bundle_root);
    scene.assert_unmoved(&before, "the overtaken, set aside").await;
}
