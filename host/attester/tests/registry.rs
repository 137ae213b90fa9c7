//! The contracts themselves, in an EVM, take what the attesters sign.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolConstructor};
use k256::ecdsa::SigningKey;
use orv_attester::{
    AdmissionDecision, AdmissionPolicy, BlockReference, ChainFacts, admission_digest, admit, proof, sign,
};
use orv_contracts::admission::{AttesterQuorum, EnclaveRegistry, MeasurementPolicy};
use orv_evidence::{Binding, Collector, Context, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY, challenge};
use orv_simulator::{Measured, SimulatedNitro, root_der};
use orv_verify::{AllowedMeasurement, Collateral, Policy, Register, Roots, nitro_measurement_id};
use revm::context::{BlockEnv, TxEnv};
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::primitives::TxKind;
use revm::{ExecuteCommitEvm, MainBuilder, MainContext};

const CHAIN: u64 = 16602;
const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
const OWNER: Address = Address::repeat_byte(0x01);
const OPERATOR: Address = Address::repeat_byte(0x33);
const GATEWAY: Address = Address::repeat_byte(0x22);
const CHALLENGE_BLOCK: u64 = 41;
const MEASURED: Measured<'_> = Measured {
    executable: b"enclave",
    configuration: b"settings",
    ramdisk: b"",
};

/// A chain of one block, number 42, at `NOW`.
struct Chain {
    database: InMemoryDB,
}

impl Chain {
    fn run(&mut self, caller: Address, kind: TxKind, data: Vec<u8>) -> ExecutionResult {
        let block = BlockEnv {
            number: U256::from(CHALLENGE_BLOCK + 1),
            timestamp: U256::from(NOW.seconds()),
            ..BlockEnv::default()
        };
        let transaction = TxEnv {
            caller,
            kind,
            data: data.into(),
            gas_limit: 12_000_000,
            chain_id: Some(CHAIN),
            ..TxEnv::default()
        };
        let context = revm::Context::mainnet()
            .with_db(&mut self.database)
            .with_block(block)
            .modify_cfg_chained(|configuration| {
                configuration.chain_id = CHAIN;
                configuration.disable_nonce_check = true;
            });
        context
            .build_mainnet()
            .transact_commit(transaction)
            .expect("a transaction that may run")
    }

    fn deploy(&mut self, code: &Bytes, arguments: Vec<u8>) -> Address {
        match self.run(OWNER, TxKind::Create, [code.to_vec(), arguments].concat()) {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } => address,
            other => panic!("not deployed: {other:?}"),
        }
    }

    fn call<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, Bytes> {
        match self.run(OPERATOR, TxKind::Call(to), call.abi_encode()) {
            ExecutionResult::Success { output, .. } => {
                Ok(C::abi_decode_returns(output.data()).expect("the call's type"))
            }
            ExecutionResult::Revert { output, .. } => Err(output),
            other => panic!("halted: {other:?}"),
        }
    }
}

struct Deployed {
    chain: Chain,
    registry: Address,
    quorum: Address,
}

fn measurement() -> B256 {
    let registers = SimulatedNitro::measure(&MEASURED, || NOW).registers().map(Register);
    B256::from(nitro_measurement_id(Platform::SimNitro, registers))
}

fn deployed(attesters: &[SigningKey]) -> Deployed {
    let mut chain = Chain {
        database: InMemoryDB::default(),
    };
    let initial = vec![MeasurementPolicy::ListedMeasurement {
        measurement: measurement(),
        platform: B256::right_padding_from(b"sim-nitro"),
        platformTier: 0,
        timedAllowed: true,
    }];
    let arguments = MeasurementPolicy::constructorCall {
        owner_: OWNER,
        delay_: 3600,
        initial,
    }
    .abi_encode();
    let policy = chain.deploy(&MeasurementPolicy::BYTECODE, arguments);
    let arguments = AttesterQuorum::constructorCall {
        owner_: OWNER,
        delay_: 3600,
        attesters: attesters.iter().map(Address::from_private_key).collect(),
        threshold_: u32::try_from(attesters.len()).expect("few"),
    };
    let quorum = chain.deploy(&AttesterQuorum::BYTECODE, arguments.abi_encode());
    let arguments = EnclaveRegistry::constructorCall {
        owner_: OWNER,
        delay_: 3600,
        policy_: policy,
        admissionVerifier_: quorum,
        challengeDelay_: 0,
    };
    let registry = chain.deploy(&EnclaveRegistry::BYTECODE, arguments.abi_encode());
    Deployed {
        chain,
        registry,
        quorum,
    }
}

fn attesters() -> [SigningKey; 2] {
    [[1; 32], [2; 32]].map(|bytes| SigningKey::from_slice(&bytes).expect("a scalar"))
}

/// The registry's own challenge must be ours, and the evidence answers it.
fn decided(deployed: &mut Deployed) -> AdmissionDecision {
    let hash = alloy::primitives::keccak256(CHALLENGE_BLOCK.to_string());
    let registry = deployed.registry;
    let ours = challenge(CHAIN, registry.into(), OPERATOR.into(), CHALLENGE_BLOCK, hash.0);
    let asked = EnclaveRegistry::challengeAtCall {
        operator: OPERATOR,
        challengeBlock: CHALLENGE_BLOCK,
    };
    let theirs = deployed.chain.call(registry, &asked).expect("a challenge");
    assert_eq!(theirs, B256::from(ours), "the contract recomputes the same challenge");
    let context = Context {
        chain_id: CHAIN,
        registry: registry.into(),
        gateway: GATEWAY.into(),
        operator: OPERATOR.into(),
        boot_id: [5; 32],
        configuration_hash: [6; 32],
    };
    let key = SigningKey::from_slice(&[0x0b; 32]).expect("a scalar");
    let binding = Binding {
        platform: Platform::SimNitro,
        purpose: VERDICT_KEY.to_owned(),
        challenge: ours,
        public_key: key
            .verifying_key()
            .to_encoded_point(false)
            .as_bytes()
            .try_into()
            .expect("65 bytes"),
        context: context.encode(),
    };
    let evidence = SimulatedNitro::measure(&MEASURED, || NOW)
        .collect(&binding)
        .expect("evidence");
    let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, evidence)
        .expect("an envelope")
        .encode();
    let facts = ChainFacts {
        chain_id: CHAIN,
        registry,
        gateway: GATEWAY,
        operator: OPERATOR,
        challenge_block: BlockReference {
            number: CHALLENGE_BLOCK,
            hash,
        },
    };
    let allowed = AllowedMeasurement::by_id(measurement().0, "release 1");
    let policy = AdmissionPolicy::of(Policy {
        measurements: Some(vec![allowed]),
        ..Policy::built_in()
    });
    let roots = Roots::with_simulator(root_der()).expect("a root");
    admit(&envelope, &facts, NOW, &roots, &policy, &Collateral::none()).expect("admitted")
}

#[test]
fn the_registry_admits_a_key_that_every_attester_signed_for() {
    let attesters = attesters();
    let mut deployed = deployed(&attesters);
    let decision = decided(&mut deployed);
    let quorum = deployed.quorum;
    let digest = AttesterQuorum::admissionDigestCall {
        admission: AttesterQuorum::Admission::from(admission_tuple(&decision)),
        challenge: decision.challenge(),
    };
    let theirs = deployed.chain.call(quorum, &digest).expect("a digest");
    assert_eq!(
        theirs,
        admission_digest(&decision, quorum),
        "the contract hashes what we sign"
    );
    let signatures = attesters
        .iter()
        .map(|key| sign(&decision, quorum, key).expect("signed"))
        .collect();
    let admission = EnclaveRegistry::admitCall {
        admission: decision.admission(),
        proof: proof(signatures).into(),
    };
    deployed
        .chain
        .call(deployed.registry, &admission)
        .expect("admitted on chain");
    let live = EnclaveRegistry::isLiveCall { key: decision.key() };
    assert!(deployed.chain.call(deployed.registry, &live).expect("an answer"));
}

#[test]
fn the_registry_refuses_a_missing_or_strange_signature() {
    let attesters = attesters();
    let mut deployed = deployed(&attesters);
    let decision = decided(&mut deployed);
    let quorum = deployed.quorum;
    let one = sign(&decision, quorum, &attesters[0]).expect("signed");
    let stranger = SigningKey::from_slice(&[9; 32]).expect("a scalar");
    let strange = sign(&decision, quorum, &stranger).expect("signed");
    for signatures in [vec![one], vec![one, one], vec![one, strange]] {
        let admission = EnclaveRegistry::admitCall {
            admission: decision.admission(),
            proof: proof(signatures).into(),
        };
        assert!(deployed.chain.call(deployed.registry, &admission).is_err());
    }
    let live = EnclaveRegistry::isLiveCall { key: decision.key() };
    assert!(!deployed.chain.call(deployed.registry, &live).expect("an answer"));
}

type AdmissionTuple = (Address, Address, B256, B256, B256, u64, u64, u32, u8);

/// The bindings give each contract its own type of the one struct.
fn admission_tuple(decision: &AdmissionDecision) -> AdmissionTuple {
    let admission = decision.admission();
    (
        admission.key,
        admission.operator,
        admission.platform,
        admission.measurement,
        admission.evidenceRoot,
        admission.challengeBlock,
        admission.expiresAt,
        admission.verdicts,
        admission.platformTier,
    )
}
