//! The EIP-712 hash is the one that every other implementation of the standard computes.

#![allow(clippy::unwrap_used)]

mod sample;

use alloy_primitives::B256;
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use orv_content::Sha256;
use orv_receipt::{
    Artifact, Bundle, Domain, FileRecord, ImageRecord, Matched, Obstacle, ProjectFacts, ProposalFacts, RUN_TYPE, Role,
    Run as OurRun, TrialReport,
};
use sample::{bundle, receipt_of};

sol! {
    struct Run {
        address ledger; address registry; bytes32 ticket; uint256 projectId; uint256 proposalId;
        bytes32 projectDigest; bytes32 proposalDigest; bytes32 incumbentCodeHash; int256 incumbentScore; uint8 verdict;
        bytes32 reason; int256 score; int256 lower; int256 upper; uint16 marginBips; uint8 metricKind;
        uint8 metricChannel; uint8 platformTier; uint16 ruleVersion; bytes32 bundleRoot; bytes32 evidenceRoot;
    }
}

fn independent(run: &OurRun) -> Run {
    Run {
        ledger: run.ledger,
        registry: run.registry,
        ticket: run.ticket,
        projectId: run.project_id,
        proposalId: run.proposal_id,
        projectDigest: run.project_digest,
        proposalDigest: run.proposal_digest,
        incumbentCodeHash: run.incumbent_code_hash,
        incumbentScore: run.incumbent_score,
        verdict: run.verdict,
        reason: run.reason,
        score: run.score,
        lower: run.lower,
        upper: run.upper,
        marginBips: run.margin_bips,
        metricKind: run.metric_kind,
        metricChannel: run.metric_channel,
        platformTier: run.platform_tier,
        ruleVersion: run.rule_version,
        bundleRoot: run.bundle_root,
        evidenceRoot: run.evidence_root,
    }
}

#[test]
fn type_string_domain_and_signing_hash_agree_with_alloy() {
    let receipt = receipt_of(&bundle());
    let Domain { chain_id, gateway } = receipt.domain;
    let theirs = independent(&receipt.run);
    let domain = eip712_domain! { name: "orv", version: "1", chain_id: chain_id, verifying_contract: gateway, };
    assert_eq!(Run::eip712_root_type(), RUN_TYPE);
    assert_eq!(domain.separator(), receipt.domain.separator());
    assert_eq!(theirs.eip712_hash_struct(), receipt.run.struct_hash());
    assert_eq!(
        theirs.eip712_signing_hash(&domain),
        receipt.run.signing_hash(&receipt.domain)
    );
}

#[test]
fn the_layout_of_the_statement_is_fixed() {
    let receipt = receipt_of(&bundle());
    // What follows from the example's files or from fresh randomness is left out.
    let (project_digest, bundle_root, evidence_root) = (B256::ZERO, B256::ZERO, B256::ZERO);
    let run = OurRun {
        project_digest,
        bundle_root,
        evidence_root,
        ..receipt.run
    };
    insta::assert_snapshot!(
        alloy_primitives::hex::encode(orv_receipt::cbor::encode(&run)),
        @"b5005401010101010101010101010101010101010101010154020202020202020202020202020202020202020202582008080808080808080808080808080808080808080808080808080808080808080358200000000000000000000000000000000000000000000000000000000000000003045820000000000000000000000000000000000000000000000000000000000000000705582000000000000000000000000000000000000000000000000000000000000000000658204b8b38ab9e8bfde43820f113e356202bf4167a67c2e7226bb68141ae65af3bcd0758200000000000000000000000000000000000000000000000000000000000000000085820fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffba309010a5820696d70726f7665640000000000000000000000000000000000000000000000000b5820fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc400c5820fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc400d5820fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc400e18640f0110011100120113582000000000000000000000000000000000000000000000000000000000000000001458200000000000000000000000000000000000000000000000000000000000000000"
    );
}

#[test]
fn the_layout_of_the_bundle_is_fixed() {
    let whole = bundle();
    // What follows from the example's files is left out; one trial shows the layout of an observation.
    let bundle = Bundle {
        project: ProjectFacts {
            protocol_hash: B256::ZERO,
            repo_snapshot_hash: B256::ZERO,
            benchmark_hash: B256::ZERO,
            ..whole.project
        },
        proposal: ProposalFacts {
            code_hash: B256::ZERO,
            ..whole.proposal
        },
        protocol_json: b"{}".to_vec(),
        project_json: Some(b"{}".to_vec()),
        artifacts: vec![Artifact {
            role: Role::Snapshot,
            hash: B256::repeat_byte(0x51),
            matched: Matched::Root,
            size: 1024,
            tree: Sha256([0x52; 32]),
            files: vec![FileRecord {
                path: "a".into(),
                mode: 0o100_644,
                size: 1,
                sha256: Sha256([0x53; 32]),
            }],
        }],
        image: Some(ImageRecord {
            manifest: b"m".to_vec(),
            config: b"c".to_vec(),
        }),
        candidate_tree: Sha256([0x54; 32]),
        seed: B256::repeat_byte(0x55),
        trials: vec![TrialReport {
            arm: 2,
            observation: sample::observation("960"),
        }],
        obstacle: Some(Obstacle {
            reason: "job-limit".into(),
            detail: "too long".into(),
        }),
        ..whole
    };
    insta::assert_snapshot!(alloy_primitives::hex::encode(bundle.encode()));
}
