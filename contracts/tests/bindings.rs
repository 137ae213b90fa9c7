//! The bindings are those of the deployed protocol, of the published statement and of the committed artifacts.

use std::{collections::BTreeSet, fs, path::Path};

use alloy::{
    primitives::{B256, keccak256},
    sol_types::{SolCall, SolEvent, SolInterface, SolStruct},
};
use orv_contracts::{
    admission::{AttesterQuorum, EnclaveRegistry, MeasurementPolicy, signed},
    development::{FixedPrice, Flow, GenerationOneSubmit, GenerationThreeSubmit},
    gateway::{SharedProjects, VerifierGateway},
    upstream::{ProjectRegistry, ProjectToken, ProposalLedger, VerifierRegistry},
};

/// `Run` as every part of the project writes it (DESIGN 5.9).
const RUN_TYPE: &str = "Run(address ledger,address registry,bytes32 ticket,uint256 projectId,uint256 proposalId,\
    bytes32 projectDigest,bytes32 proposalDigest,bytes32 incumbentCodeHash,int256 incumbentScore,uint8 verdict,\
    bytes32 reason,int256 score,int256 lower,int256 upper,uint16 marginBips,uint8 metricKind,uint8 metricChannel,\
    uint8 platformTier,uint16 ruleVersion,bytes32 bundleRoot,bytes32 evidenceRoot)";

/// The standard selectors of an ERC-20 with name, symbol and decimals.
const ERC20: [&str; 9] = [
    "06fdde03", "95d89b41", "313ce567", "18160ddd", "70a08231", "a9059cbb", "dd62ed3e", "095ea7b3", "23b872dd",
];

fn selectors<Interface: SolInterface>() -> BTreeSet<String> {
    Interface::selectors().map(hex::encode).collect()
}

fn listed(selectors: &[&str]) -> BTreeSet<String> {
    selectors.iter().map(|selector| (*selector).to_owned()).collect()
}

#[test]
fn the_project_registry_answers_exactly_the_deployed_calls() {
    let deployed = [
        "c9892888", "3b8673e7", "f0f3f2c8", "e935b7b1", "7fbf85e7", "ea78803f", "ef8a01b4",
    ];
    assert_eq!(selectors::<ProjectRegistry::ProjectRegistryCalls>(), listed(&deployed));
}

#[test]
fn the_proposal_ledger_answers_exactly_the_deployed_calls() {
    let deployed = [
        "a8d269ba", "3e3f1b98", "7b322d43", "6be1320b", "98795cb9", "bf81bf43", "ae169a50", "a0c7f71c", "c7f758a8",
        "2ab09d14", "7b103999", "86a23a6b", "e1a45218", "0d23482b", "fd5a0898", "f6e2f5e0", "0696c674",
    ];
    assert_eq!(selectors::<ProposalLedger::ProposalLedgerCalls>(), listed(&deployed));
}

#[test]
fn the_proposal_ledger_knows_exactly_the_deployed_errors() {
    let deployed = [
        "056c9347", "104a1b9e", "f6fafba0", "24663556", "969bf728", "3ee5aeb5", "7946f0e5", "5274afe7", "591ab7ed",
        "6631410f", "5d5d3ca0", "2c54bfbb", "023fd95d", "8e78f0cb", "150a67e9",
    ];
    assert_eq!(selectors::<ProposalLedger::ProposalLedgerErrors>(), listed(&deployed));
}

#[test]
fn the_verifier_registry_answers_exactly_the_deployed_calls() {
    let deployed = [
        "9000b3d6", "ca2dfd0a", "33105218", "ac1eff68", "fb4adf52", "8da5cb5b", "f2fde38b", "715018a6",
    ];
    assert_eq!(
        selectors::<VerifierRegistry::VerifierRegistryCalls>(),
        listed(&deployed)
    );
}

#[test]
fn the_project_token_answers_exactly_the_deployed_calls() {
    let own = [
        "a6f2ae3a", "e4849b32", "4beb394c", "a64190c4", "44523922", "9dab2054", "c7876ea4", "83caf275", "0da4412c",
        "16ade3ab", "7fbf85e7", "fa607f65", "d49b3f7f",
    ];
    let deployed = listed(&own).union(&listed(&ERC20)).cloned().collect::<BTreeSet<_>>();
    assert_eq!(selectors::<ProjectToken::ProjectTokenCalls>(), deployed);
}

#[test]
fn the_run_is_typed_as_published_and_the_gateway_holds_that_type_hash() {
    assert_eq!(VerifierGateway::Run::eip712_encode_type(), RUN_TYPE);
    assert!(contains(&VerifierGateway::BYTECODE, keccak256(RUN_TYPE)));
}

#[test]
fn the_admission_an_attester_signs_is_the_one_the_quorum_checks() {
    let type_hash = keccak256(signed::Admission::eip712_encode_type().as_bytes());
    assert!(contains(&AttesterQuorum::BYTECODE, type_hash));
}

#[test]
fn flow_speaks_generations_one_and_three() {
    assert_eq!(GenerationOneSubmit::SELECTOR, [0xef, 0x3e, 0x12, 0xdc]);
    assert_eq!(GenerationThreeSubmit::SELECTOR, [0xbc, 0x8c, 0x11, 0xf8]);
    assert_eq!(Flow::marketCall::SELECTOR, [0x80, 0xf5, 0x56, 0x05]);
    assert_eq!(FixedPrice::pricePerSectorCall::SELECTOR, [0x61, 0xec, 0x50, 0x82]);
    assert_eq!(hex::encode(&Flow::Submit::SIGNATURE_HASH[..4]), "167ce04d");
}

#[test]
fn the_deployment_bytecode_is_the_artifacts() {
    let contracts: [(&str, &[u8]); 11] = [
        ("AttesterQuorum", &AttesterQuorum::BYTECODE),
        ("EnclaveRegistry", &EnclaveRegistry::BYTECODE),
        ("FixedPrice", &FixedPrice::BYTECODE),
        ("Flow", &Flow::BYTECODE),
        ("MeasurementPolicy", &MeasurementPolicy::BYTECODE),
        ("ProjectRegistry", &ProjectRegistry::BYTECODE),
        ("ProjectToken", &ProjectToken::BYTECODE),
        ("ProposalLedger", &ProposalLedger::BYTECODE),
        ("SharedProjects", &SharedProjects::BYTECODE),
        ("VerifierGateway", &VerifierGateway::BYTECODE),
        ("VerifierRegistry", &VerifierRegistry::BYTECODE),
    ];
    for (name, bytecode) in contracts {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("artifacts")
            .join(format!("{name}.json"));
        let artifact: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let object = artifact["bytecode"]["object"].as_str().unwrap();
        assert_eq!(object, format!("0x{}", hex::encode(bytecode)), "{name}");
        assert_eq!(artifact["settings"]["evmVersion"], "cancun", "{name}");
    }
}

fn contains(bytecode: &[u8], hash: B256) -> bool {
    bytecode.windows(hash.len()).any(|window| window == hash.as_slice())
}
