//! A key is admitted for what its evidence carries, and for nothing else.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use alloy::primitives::{Address, B256, Signature, keccak256};
use k256::ecdsa::SigningKey;
use orv_attester::{
    AdmissionDecision, AdmissionPolicy, AttesterError, BlockReference, ChainFacts, Fact, Trust, admission_digest,
    admit, proof, sign,
};
use orv_content::merkle;
use orv_evidence::{Binding, Collector, Context, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY, challenge};
use orv_simulator::snp::SimulatedSnp;
use orv_simulator::tdx::SimulatedTdx;
use orv_simulator::{Measured, SimulatedNitro, root_der};
use orv_verify::{
    AllowedMeasurement, CheckName, Collateral, ExpectedBinding, PlatformTier, Policy, Register, Roots, VerifyError,
    measurement_id, nitro_measurement_id, verify,
};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
const MEASURED: Measured<'_> = Measured {
    executable: b"enclave",
    configuration: b"settings",
    ramdisk: b"",
};

fn facts() -> ChainFacts {
    ChainFacts {
        chain_id: 16602,
        registry: Address::repeat_byte(0x11),
        gateway: Address::repeat_byte(0x22),
        operator: Address::repeat_byte(0x33),
        challenge_block: BlockReference {
            number: 41,
            hash: B256::repeat_byte(0x44),
        },
    }
}

fn enclave_key() -> SigningKey {
    SigningKey::from_slice(&[0x0b; 32]).expect("a scalar")
}

fn binding() -> Binding {
    let facts = facts();
    let context = Context {
        chain_id: facts.chain_id,
        registry: facts.registry.into(),
        gateway: facts.gateway.into(),
        operator: facts.operator.into(),
        boot_id: [0x55; 32],
        configuration_hash: [0x66; 32],
    };
    let point = enclave_key().verifying_key().to_encoded_point(false);
    Binding {
        platform: Platform::SimNitro,
        purpose: VERDICT_KEY.to_owned(),
        challenge: challenge(16602, [0x11; 20], [0x33; 20], 41, [0x44; 32]),
        public_key: point.as_bytes().try_into().expect("65 bytes"),
        context: context.encode(),
    }
}

fn envelope_of(binding: &Binding) -> Vec<u8> {
    let evidence = SimulatedNitro::measure(&MEASURED, || NOW)
        .collect(binding)
        .expect("evidence");
    Envelope::seal(binding, KeyOrigin::GeneratedInside, evidence)
        .expect("an envelope")
        .encode()
}

/// An envelope of another simulated vendor, with what the host hands in beside the evidence.
fn envelope_from(collector: &dyn Collector) -> Vec<u8> {
    let binding = Binding {
        platform: collector.platform(),
        ..binding()
    };
    let collected = collector.collect(&binding).expect("evidence");
    Envelope::seal(&binding, KeyOrigin::GeneratedInside, collected)
        .expect("an envelope")
        .encode()
}

fn listed() -> B256 {
    let registers = SimulatedNitro::measure(&MEASURED, || NOW).registers().map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
}

fn policy() -> AdmissionPolicy {
    let allowed = AllowedMeasurement::by_id(listed().0, "release 1");
    AdmissionPolicy::of(Policy {
        measurements: Some(vec![allowed]),
        ..Policy::built_in()
    })
}

fn roots() -> Roots {
    Roots::with_simulator(root_der()).expect("the simulator's root")
}

fn judged(envelope: &[u8], facts: &ChainFacts) -> Result<AdmissionDecision, AttesterError> {
    admit(envelope, facts, NOW, &roots(), &policy(), &Collateral::none())
}

#[test]
fn a_bound_and_listed_key_is_admitted() {
    let envelope = envelope_of(&binding());
    let decision = judged(&envelope, &facts()).expect("admitted");
    let admission = decision.admission();
    assert_eq!(admission.key, Address::from_private_key(&enclave_key()));
    assert_eq!(admission.operator, facts().operator);
    assert_eq!(&admission.platform[..10], b"sim-nitro\0");
    assert_eq!(admission.measurement, listed());
    assert_eq!(admission.evidenceRoot.0, merkle::root_of(&envelope).expect("a root").0);
    assert_eq!(admission.challengeBlock, 41);
    assert_eq!(admission.platformTier, 0);
    assert_eq!(decision.tier(), PlatformTier::Simulated);
    assert_eq!(admission.verdicts, 1024);
}

#[test]
fn a_key_is_admitted_on_every_simulated_vendors_word_and_never_beyond_its_collateral() {
    let roots = Trust::Simulator.roots().expect("the simulator's roots");
    let from = NOW.minus_seconds(86_400);
    let domain = SimulatedTdx::measure(&MEASURED, from, || NOW).expect("a platform");
    let guest = SimulatedSnp::measure(&MEASURED, from).expect("a chip");
    for collector in [&domain as &dyn Collector, &guest] {
        let envelope = envelope_from(collector);
        let platform = collector.platform();
        let unlisted = admit(&envelope, &facts(), NOW, &roots, &policy(), &Collateral::none());
        assert!(
            matches!(unlisted, Err(AttesterError::Refused(_))),
            "{platform}: {unlisted:?}"
        );

        let expected = ExpectedBinding::To(Envelope::decode(&envelope).expect("an envelope").binding());
        let evidence = Envelope::decode(&envelope).expect("an envelope");
        let mut collateral = Collateral::none();
        collateral
            .add(evidence.collateral.as_deref().expect("collateral"))
            .expect("collateral");
        let built_in = Policy::built_in();
        let verified = verify(&evidence.evidence, &collateral, NOW, &roots, &built_in, &expected).expect("authentic");
        let listed = AdmissionPolicy::of(Policy {
            measurements: Some(vec![AllowedMeasurement::by_id(
                measurement_id(verified.claims()),
                "release 1",
            )]),
            ..Policy::built_in()
        });
        let decision = admit(&envelope, &facts(), NOW, &roots, &listed, &Collateral::none()).expect("admitted");
        assert_eq!(decision.platform(), platform);
        let end = verified.claims().validity.not_after.min(NOW.plus_seconds(listed.life));
        assert_eq!(decision.expires_at(), end, "{platform}");
        let after = verified.claims().validity.not_after.plus_seconds(1);
        let late = admit(&envelope, &facts(), after, &roots, &listed, &Collateral::none());
        assert!(
            matches!(late, Err(AttesterError::NotAuthentic(_))),
            "{platform}: {late:?}"
        );
    }
}

#[test]
fn an_admission_never_outlives_its_evidence() {
    let envelope = envelope_of(&binding());
    let ends = NOW.plus_seconds(3 * 60 * 60);
    assert_eq!(judged(&envelope, &facts()).expect("admitted").expires_at(), ends);
    let short = AdmissionPolicy { life: 60, ..policy() };
    let decision = admit(&envelope, &facts(), NOW, &roots(), &short, &Collateral::none()).expect("admitted");
    assert_eq!(decision.expires_at(), NOW.plus_seconds(60));
    let last = admit(&envelope, &facts(), ends, &roots(), &policy(), &Collateral::none());
    assert!(
        matches!(last, Err(AttesterError::NoTimeLeft(end)) if end == ends),
        "{last:?}"
    );
}

#[test]
fn an_admission_never_outlives_its_measurements_time() {
    let mut allowed = AllowedMeasurement::by_id(listed().0, "release 1");
    allowed.valid_until = Some(NOW.plus_seconds(600));
    let dated = AdmissionPolicy::of(Policy {
        measurements: Some(vec![allowed]),
        ..Policy::built_in()
    });
    let envelope = envelope_of(&binding());
    let decision = admit(&envelope, &facts(), NOW, &roots(), &dated, &Collateral::none()).expect("admitted");
    assert_eq!(decision.expires_at(), NOW.plus_seconds(600));
}

#[test]
fn a_context_or_challenge_that_the_chain_does_not_know_is_refused() {
    let envelope = envelope_of(&binding());
    let contradicted = |bend: fn(&mut ChainFacts)| {
        let mut other = facts();
        bend(&mut other);
        match judged(&envelope, &other) {
            Err(AttesterError::Contradiction { fact, .. }) => fact,
            other => panic!("expected a contradiction, got {other:?}"),
        }
    };
    assert_eq!(contradicted(|facts| facts.chain_id = 1), Fact::Chain);
    assert_eq!(contradicted(|facts| facts.registry = Address::ZERO), Fact::Registry);
    assert_eq!(contradicted(|facts| facts.gateway = Address::ZERO), Fact::Gateway);
    assert_eq!(contradicted(|facts| facts.operator = Address::ZERO), Fact::Operator);
    assert_eq!(contradicted(|facts| facts.challenge_block.number = 42), Fact::Challenge);
    assert_eq!(
        contradicted(|facts| facts.challenge_block.hash = B256::ZERO),
        Fact::Challenge
    );
}

#[test]
fn a_key_that_is_not_in_the_evidence_is_refused() {
    let honest = binding();
    let evidence = SimulatedNitro::measure(&MEASURED, || NOW)
        .collect(&honest)
        .expect("evidence");
    let mut stolen = honest;
    let other = SigningKey::from_slice(&[0x0c; 32]).expect("a scalar");
    stolen.public_key = other
        .verifying_key()
        .to_encoded_point(false)
        .as_bytes()
        .try_into()
        .expect("65 bytes");
    let envelope = Envelope::seal(&stolen, KeyOrigin::GeneratedInside, evidence)
        .expect("an envelope")
        .encode();
    match judged(&envelope, &facts()) {
        Err(AttesterError::Refused(refused)) => {
            let names: Vec<_> = refused.failed.iter().map(|check| check.name).collect();
            assert_eq!(names, [CheckName::PublicKey, CheckName::BindingDigest]);
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn another_purpose_is_refused() {
    let mut other = binding();
    other.purpose = "channel-key".to_owned();
    let refused = judged(&envelope_of(&other), &facts());
    assert!(matches!(refused, Err(AttesterError::Purpose(purpose)) if purpose == "channel-key"));
}

#[test]
fn simulated_evidence_is_refused_under_production_roots() {
    let refused = admit(
        &envelope_of(&binding()),
        &facts(),
        NOW,
        &Roots::production(),
        &policy(),
        &Collateral::none(),
    );
    assert!(matches!(
        refused,
        Err(AttesterError::NotAuthentic(VerifyError::NoRoot(Platform::SimNitro)))
    ));
}

#[test]
fn an_unlisted_measurement_is_refused_and_a_policy_without_a_list_admits_nobody() {
    let envelope = envelope_of(&binding());
    let with = |evidence| {
        admit(
            &envelope,
            &facts(),
            NOW,
            &roots(),
            &AdmissionPolicy::of(evidence),
            &Collateral::none(),
        )
    };
    let empty = with(Policy {
        measurements: Some(vec![]),
        ..Policy::built_in()
    });
    assert!(matches!(empty, Err(AttesterError::Refused(_))));
    assert!(matches!(
        with(Policy::built_in()),
        Err(AttesterError::PolicyWithoutMeasurements)
    ));
}

#[test]
fn a_policy_beyond_the_chains_bounds_is_refused() {
    let envelope = envelope_of(&binding());
    let with = |policy| admit(&envelope, &facts(), NOW, &roots(), &policy, &Collateral::none());
    for life in [0, 86_401] {
        let refused = with(AdmissionPolicy { life, ..policy() });
        assert!(matches!(refused, Err(AttesterError::PolicyLife(found)) if found == life));
    }
    for verdicts in [0, 1025] {
        let refused = with(AdmissionPolicy { verdicts, ..policy() });
        assert!(matches!(refused, Err(AttesterError::PolicyVerdicts(found)) if found == verdicts));
    }
}

#[test]
fn the_digest_is_that_of_the_contracts_type_and_domain() {
    let decision = judged(&envelope_of(&binding()), &facts()).expect("admitted");
    let quorum = Address::repeat_byte(0x77);
    let word = |address: Address| address.into_word().to_vec();
    let number = |number: u64| B256::left_padding_from(&number.to_be_bytes()).to_vec();
    let admission = decision.admission();
    let contents = [
        keccak256(
            "Admission(address key,address operator,bytes32 platform,bytes32 measurement,bytes32 evidenceRoot,\
             uint64 challengeBlock,uint64 expiresAt,uint32 verdicts,uint8 platformTier,bytes32 challenge)",
        )
        .to_vec(),
        word(admission.key),
        word(admission.operator),
        admission.platform.to_vec(),
        admission.measurement.to_vec(),
        admission.evidenceRoot.to_vec(),
        number(admission.challengeBlock),
        number(admission.expiresAt),
        number(admission.verdicts.into()),
        number(admission.platformTier.into()),
        decision.challenge().to_vec(),
    ]
    .concat();
    let domain = [
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)").to_vec(),
        keccak256("orv").to_vec(),
        keccak256("1").to_vec(),
        number(16602),
        word(quorum),
    ]
    .concat();
    let separated = [
        &[0x19, 0x01][..],
        keccak256(domain).as_slice(),
        keccak256(contents).as_slice(),
    ]
    .concat();
    assert_eq!(admission_digest(&decision, quorum), keccak256(separated));
}

#[test]
fn a_proof_is_the_signatures_ascending_by_signer() {
    let decision = judged(&envelope_of(&binding()), &facts()).expect("admitted");
    let quorum = Address::repeat_byte(0x77);
    let keys = [[1; 32], [2; 32], [3; 32]].map(|bytes| SigningKey::from_slice(&bytes).expect("a scalar"));
    let mut signatures: Vec<_> = keys
        .iter()
        .map(|key| sign(&decision, quorum, key).expect("signed"))
        .collect();
    signatures.push(signatures[0]);
    let proof = proof(signatures);
    assert_eq!(proof.len(), 3 * 65);
    let digest = admission_digest(&decision, quorum);
    let signers: Vec<Address> = proof
        .chunks(65)
        .map(|bytes| {
            assert!(matches!(bytes[64], 27 | 28));
            let signature = Signature::from_raw(bytes).expect("a signature");
            assert!(signature.normalize_s().is_none(), "low s");
            signature.recover_address_from_prehash(&digest).expect("a signer")
        })
        .collect();
    assert!(signers.is_sorted());
    let mut expected: Vec<_> = keys.iter().map(Address::from_private_key).collect();
    expected.sort();
    assert_eq!(signers, expected);
}
