//! The service on the embedded network and on anvil: m of n sign, the registry admits, faults are found and revoked.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod network;

use std::time::Duration;

use alloy::primitives::{Address, B256};
use network::{CHALLENGE_DELAY, Network, Seen, Setting};
use orv_attester::{
    AdmissionRequest, AdmissionTerms, AttesterNotice, OnFinding, RemoteAttester, RemoteError, ServiceError, gather,
};
use orv_chain::bindings::EnclaveRegistry;
use orv_chain::{ChainError, SendError};
use orv_devnet::on_both_chains;
use orv_devnet::peer::PeerKind;
use orv_evidence::Envelope;

on_both_chains!(
    two_of_three_attesters_admit_a_key_that_lives_after_the_challenge_delay,
    attesters_of_different_lives_sign_what_the_narrowest_grants,
    a_quorum_that_is_not_reached_says_what_each_attester_said,
    an_admission_ends_with_its_evidence_whatever_is_asked,
    a_stale_challenge_is_refused,
    a_key_admitted_without_its_evidence_is_revoked_before_it_counts,
    a_key_with_sound_evidence_is_left_alone,
    evidence_that_nobody_serves_is_reported_or_revoked_when_the_key_becomes_active,
    whoever_may_not_sign_may_not_serve,
);

async fn two_of_three_attesters_admit_a_key_that_lives_after_the_challenge_delay(kind: PeerKind) {
    let network = Network::start(kind).await;
    let services = [
        network.attester(0, Setting::default()).await,
        network.attester(1, Setting::default()).await,
    ];
    let request = network.candidate(1).await;
    let facts = network.facts();
    let attesters: Vec<_> = services.iter().map(|service| service.remote()).collect();
    let gathered = gather(&attesters, &request, &facts).await.unwrap();
    let key = gathered.admission.key;
    network
        .keys()
        .admit(&network.operator, gathered.admission, gathered.proof.into())
        .await
        .unwrap();
    match network.keys().require_live(key).await {
        Err(ChainError::Reverted(revert)) => assert!(revert.is::<EnclaveRegistry::KeyNotYetActive>()),
        other => panic!("a key counts before its challenge delay: {other:?}"),
    }
    network.pass(CHALLENGE_DELAY).await;
    assert!(network.keys().require_live(key).await.unwrap());
    let admitted = network.keys().key(key).await.unwrap().unwrap();
    network.pass(admitted.expires_at - network.now().await).await;
    match network.keys().require_live(key).await {
        Err(ChainError::Reverted(revert)) => assert!(revert.is::<EnclaveRegistry::KeyExpired>()),
        other => panic!("a key counts after its end: {other:?}"),
    }
    network.stop(services).await;
}

async fn attesters_of_different_lives_sign_what_the_narrowest_grants(kind: PeerKind) {
    let network = Network::start(kind).await;
    let short = Setting {
        life: 600,
        verdicts: 50,
        ..Setting::default()
    };
    let few = Setting {
        verdicts: 7,
        ..Setting::default()
    };
    let services = [network.attester(0, short).await, network.attester(1, few).await];
    let attesters: Vec<_> = services.iter().map(|service| service.remote()).collect();
    let gathered = gather(&attesters, &network.candidate(1).await, &network.facts())
        .await
        .unwrap();
    assert_eq!(gathered.admission.verdicts, 7);
    assert!(gathered.admission.expiresAt <= network.now().await + 600);
    let key = gathered.admission.key;
    network
        .keys()
        .admit(&network.operator, gathered.admission, gathered.proof.into())
        .await
        .unwrap();
    assert_eq!(network.keys().key(key).await.unwrap().unwrap().verdicts_left, 7);
    network.stop(services).await;
}

async fn a_quorum_that_is_not_reached_says_what_each_attester_said(kind: PeerKind) {
    let network = Network::start(kind).await;
    let strict = Setting {
        measurement: B256::repeat_byte(9),
        ..Setting::default()
    };
    let services = [
        network.attester(0, Setting::default()).await,
        network.attester(1, strict).await,
    ];
    let attesters = [
        services[0].remote(),
        services[1].remote(),
        RemoteAttester::at("http://127.0.0.1:9").unwrap(),
    ];
    match gather(&attesters, &network.candidate(1).await, &network.facts()).await {
        Err(RemoteError::Quorum {
            needed: 2,
            signed: 1,
            causes,
        }) => {
            assert!(
                causes.contains("ORV-T-022") && causes.contains("measurement"),
                "{causes}"
            );
            assert!(causes.contains("127.0.0.1:9"), "{causes}");
        }
        other => panic!("{other:?}"),
    }
    // One signature, twice, is no quorum either.
    let twice = [services[0].remote(), services[0].remote()];
    let refused = gather(&twice, &network.candidate(1).await, &network.facts()).await;
    assert!(
        matches!(refused, Err(RemoteError::Quorum { signed: 1, .. })),
        "{refused:?}"
    );
    network.stop(services).await;
}

async fn an_admission_ends_with_its_evidence_whatever_is_asked(kind: PeerKind) {
    let network = Network::start(kind).await;
    let services = [network.attester(0, Setting::default()).await];
    let request = network.candidate(1).await;
    let attester = services[0].remote();
    let granted = attester
        .ask(&request, &network.facts())
        .await
        .unwrap()
        .admission
        .terms();
    // A simulated leaf lives three hours, a key could live a day.
    assert!(granted.expires_at <= network.now().await + 3 * 60 * 60);
    let later = AdmissionRequest {
        terms: Some(AdmissionTerms {
            expires_at: granted.expires_at + 1,
            ..granted
        }),
        ..request
    };
    match attester.ask(&later, &network.facts()).await {
        Err(RemoteError::Refused { code, .. }) => assert_eq!(code, "ORV-T-023"),
        other => panic!("{other:?}"),
    }
    network.stop(services).await;
}

async fn a_stale_challenge_is_refused(kind: PeerKind) {
    let network = Network::start(kind).await;
    let services = [network.attester(0, Setting::default()).await];
    let attester = services[0].remote();
    let request = network.candidate(1).await;
    network.mine(257).await;
    match attester.ask(&request, &network.facts()).await {
        Err(RemoteError::Refused { code, .. }) => assert_eq!(code, "ORV-T-021"),
        other => panic!("{other:?}"),
    }
    let unknown = AdmissionRequest {
        challenge_block: u64::MAX,
        ..request
    };
    assert!(attester.ask(&unknown, &network.facts()).await.is_err());
    let other = AdmissionRequest {
        operator: Address::repeat_byte(1),
        ..network.candidate(2).await
    };
    match attester.ask(&other, &network.facts()).await {
        Err(RemoteError::Refused { code, message, .. }) => {
            assert!(code == "ORV-T-022" && message.contains("Operator"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    network.stop(services).await;
}

/// Two attesters sign what they never saw evidence of; the third one looks.
async fn a_key_admitted_without_its_evidence_is_revoked_before_it_counts(kind: PeerKind) {
    let network = Network::start(kind).await;
    let honest = network.attester(2, Setting::watching()).await;
    let stolen = network.candidate(1).await;
    network.publish(&stolen.envelope).await;
    let envelope = Envelope::decode(&stolen.envelope).unwrap();
    let mut admission = network.admission_of(&stolen, &envelope);
    admission.key = Address::repeat_byte(0x66);
    network.admit_by_force(admission.clone()).await;
    honest
        .until(|notice| matches!(notice, AttesterNotice::Revoked { key } if *key == admission.key))
        .await;
    assert!(honest.saw(|notice| matches!(notice, AttesterNotice::Doubted { reason, .. } if reason.contains("another") || reason.contains("for key"))));
    assert!(network.keys().key(admission.key).await.unwrap().unwrap().revoked);
    network.pass(CHALLENGE_DELAY).await;
    match network.keys().require_live(admission.key).await {
        Err(ChainError::Reverted(revert)) => assert!(revert.is::<EnclaveRegistry::KeyIsRevoked>()),
        other => panic!("{other:?}"),
    }
    // An admission that outlives its evidence is a fault as well.
    let mut long = network.admission_of(&stolen, &envelope);
    long.expiresAt = network.now().await + 20 * 60 * 60;
    network.admit_by_force(long.clone()).await;
    honest
        .until(|notice| matches!(notice, AttesterNotice::Revoked { key } if *key == long.key))
        .await;
    network.stop([honest]).await;
}

async fn a_key_with_sound_evidence_is_left_alone(kind: PeerKind) {
    let network = Network::start(kind).await;
    let services = [
        network.attester(0, Setting::watching()).await,
        network.attester(1, Setting::default()).await,
    ];
    let request = network.candidate(1).await;
    network.publish(&request.envelope).await;
    let attesters: Vec<_> = services.iter().map(|service| service.remote()).collect();
    let gathered = gather(&attesters, &request, &network.facts()).await.unwrap();
    let key = gathered.admission.key;
    network
        .keys()
        .admit(&network.operator, gathered.admission, gathered.proof.into())
        .await
        .unwrap();
    services[0]
        .until(|notice| *notice == AttesterNotice::Sound { key })
        .await;
    assert!(!network.keys().key(key).await.unwrap().unwrap().revoked);
    network.stop(services).await;
}

async fn evidence_that_nobody_serves_is_reported_or_revoked_when_the_key_becomes_active(kind: PeerKind) {
    let network = Network::start(kind).await;
    let revoking = Setting {
        on_missing: OnFinding::Revoke,
        ..Setting::watching()
    };
    let services = [
        network.attester(0, Setting::watching()).await,
        network.attester(1, revoking).await,
    ];
    let request = network.candidate(1).await;
    let attesters: Vec<_> = services.iter().map(|service| service.remote()).collect();
    let gathered = gather(&attesters, &request, &network.facts()).await.unwrap();
    let key = gathered.admission.key;
    network
        .keys()
        .admit(&network.operator, gathered.admission, gathered.proof.into())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(
        !services[1].saw(|notice| matches!(notice, AttesterNotice::Doubted { .. })),
        "not before it counts"
    );
    network.pass(CHALLENGE_DELAY).await;
    services[1]
        .until(|notice| *notice == AttesterNotice::Revoked { key })
        .await;
    services[0]
        .until(|notice| matches!(notice, AttesterNotice::Doubted { reason, .. } if reason.contains("nobody serves")))
        .await;
    network.stop(services).await;
}

async fn whoever_may_not_sign_may_not_serve(kind: PeerKind) {
    let network = Network::start(kind).await;
    let stranger = network.configuration(6, &Setting::default());
    let refused = orv_attester::run(stranger, std::future::pending(), std::sync::Arc::new(Seen::default())).await;
    assert!(matches!(refused, Err(ServiceError::NotAnAttester(_))), "{refused:?}");
    // Nor may a stranger revoke: the registry says so by name.
    let request = network.candidate(1).await;
    let envelope = Envelope::decode(&request.envelope).unwrap();
    let admission = network.admission_of(&request, &envelope);
    network.admit_by_force(admission.clone()).await;
    match network.revoke(6, admission.key).await {
        Err(SendError::Reverted(revert)) => assert!(revert.is::<EnclaveRegistry::MayNotRevoke>()),
        other => panic!("{other:?}"),
    }
    network.stop([]).await;
}
