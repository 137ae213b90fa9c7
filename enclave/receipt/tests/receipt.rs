//! A receipt proves its verdict, and nothing that was touched proves anything.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use alloy_primitives::{Address, B256, I256, U256};
use orv_receipt::check::{CheckResult, check};
use orv_receipt::rule::statement_of;
use orv_receipt::*;
use sample::{bundle, lay_out_nothing, observation, receipt_of, root, run_trials};

fn failed(receipt: &Receipt) -> Vec<&'static str> {
    check(receipt)
        .into_iter()
        .filter(|check| check.result == CheckResult::Fail)
        .map(|check| check.name)
        .collect()
}

#[test]
fn an_honest_receipt_passes_every_check() {
    let receipt = receipt_of(&bundle());
    assert_eq!(failed(&receipt), Vec::<&str>::new());
    assert_eq!((receipt.run.verdict, receipt.run.metric_kind), (1, 1));
    assert_eq!(receipt.run.score, I256::try_from(-960).unwrap());
    assert_eq!(Receipt::decode(&receipt.encode()).unwrap(), receipt);
}

#[test]
fn receipts_of_rejects_and_of_inconclusive_attempts_pass_too() {
    let mut no_better = bundle();
    no_better.trials.clear();
    run_trials(&mut no_better, |_| "1117");
    assert_eq!(receipt_of(&no_better).run.verdict, 2);
    assert_eq!(failed(&receipt_of(&no_better)), Vec::<&str>::new());

    let mut cut_short = bundle();
    cut_short.trials.clear();
    lay_out_nothing(&mut cut_short);
    cut_short.obstacle = Some(Obstacle {
        reason: "missing-bytes".into(),
        detail: "no candidate".into(),
    });
    assert_eq!(receipt_of(&cut_short).run.verdict, 3);
    assert_eq!(failed(&receipt_of(&cut_short)), Vec::<&str>::new());
}

#[test]
fn flipping_any_bit_of_the_file_is_noticed() {
    let bytes = receipt_of(&bundle()).encode();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        // A file that still decodes must fail a check; the evidence inside is pinned by its root.
        if let Ok(receipt) = Receipt::decode(&changed) {
            assert!(
                !failed(&receipt).is_empty(),
                "byte {index} was changed and nothing failed"
            );
        }
    }
}

/// Changes one field of the bundle, makes every hash and the statement anew, and keeps the signature: the attacker has
/// everything but the key.
fn forged(change: impl FnOnce(&mut Bundle)) -> Option<Receipt> {
    let mut bundle = bundle();
    let honest = receipt_of(&bundle);
    change(&mut bundle);
    let bytes = bundle.encode();
    assert_ne!(bytes, honest.bundle, "the change changed nothing");
    let run = statement_of(&bundle, root(&bytes), root(&honest.envelope)).ok();
    // Where the record supports no statement any more, the old one is kept with the new root.
    let run = run.unwrap_or(Run {
        bundle_root: B256::from(root(&bytes).0),
        ..honest.run
    });
    Some(Receipt {
        run,
        bundle: bytes,
        ..honest
    })
}

#[test]
fn a_bundle_with_any_one_field_changed_and_every_hash_made_anew_is_refused() {
    type Change = fn(&mut Bundle);
    let changes: &[(&str, Change)] = &[
        ("version", |b| b.version = 2),
        ("ledger", |b| b.ledger = Address::ZERO),
        ("registry", |b| b.registry = Address::ZERO),
        ("ticket", |b| b.ticket = B256::ZERO),
        ("project.id", |b| b.project.id += U256::ONE),
        ("project.protocol_hash", |b| b.project.protocol_hash = B256::ZERO),
        ("project.repo_snapshot_hash", |b| {
            b.project.repo_snapshot_hash = B256::ZERO
        }),
        ("project.benchmark_hash", |b| b.project.benchmark_hash = B256::ZERO),
        ("project.baseline_score", |b| b.project.baseline_score -= I256::ONE),
        ("project.baseline_metrics_hash", |b| {
            b.project.baseline_metrics_hash = B256::ZERO
        }),
        ("project.token", |b| b.project.token = Address::ZERO),
        ("project.creator", |b| b.project.creator = Address::ZERO),
        ("project.created_at", |b| b.project.created_at += 1),
        ("proposal.id", |b| b.proposal.id += U256::ONE),
        ("proposal.project_id", |b| b.proposal.project_id += U256::ONE),
        ("proposal.miner", |b| b.proposal.miner = Address::ZERO),
        ("proposal.reward_recipient", |b| {
            b.proposal.reward_recipient = Address::ZERO
        }),
        ("proposal.code_hash", |b| b.proposal.code_hash = B256::ZERO),
        ("proposal.benchmark_log_hash", |b| {
            b.proposal.benchmark_log_hash = B256::ZERO
        }),
        ("proposal.claimed_score", |b| b.proposal.claimed_score += I256::ONE),
        ("proposal.stake", |b| b.proposal.stake += U256::ONE),
        ("proposal.submitted_at", |b| b.proposal.submitted_at += 1),
        ("incumbent.code_hash", |b| b.incumbent.code_hash = B256::repeat_byte(1)),
        ("incumbent.score", |b| b.incumbent.score -= I256::ONE),
        ("protocol_json", |b| b.protocol_json.push(b' ')),
        ("project_json", |b| b.project_json = None),
        ("artifacts.role", |b| b.artifacts[0].role = Role::Incumbent),
        ("artifacts.hash", |b| b.artifacts[0].hash = B256::ZERO),
        ("artifacts.matched", |b| b.artifacts[0].matched = Matched::Sha256),
        ("artifacts.size", |b| b.artifacts[0].size += 1),
        ("artifacts.tree", |b| b.artifacts[0].tree.0[0] ^= 1),
        ("artifacts.files.path", |b| b.artifacts[0].files[0].path.push('x')),
        ("artifacts.files.mode", |b| b.artifacts[0].files[0].mode = 0o100_755),
        ("artifacts.files.size", |b| b.artifacts[0].files[0].size += 1),
        ("artifacts.files.sha256", |b| b.artifacts[0].files[0].sha256.0[0] ^= 1),
        ("image", |b| b.image = None),
        ("image.manifest", |b| b.image.as_mut().unwrap().manifest.push(b' ')),
        ("image.config", |b| b.image.as_mut().unwrap().config.push(b' ')),
        ("candidate_tree", |b| b.candidate_tree.0[0] ^= 1),
        ("differences.path", |b| b.differences[0].path.push('x')),
        ("differences.kind", |b| b.differences[0].kind = 2),
        ("secret", |b| b.secret = B256::ZERO),
        ("seed", |b| b.seed = B256::ZERO),
        ("platform_tier", |b| b.platform_tier = 1),
        ("trials.arm", |b| b.trials[0].arm ^= 1),
        ("trials.metric", |b| b.trials[0].observation = observation("1")),
        ("trials.violation", |b| {
            b.trials[0].observation.violation = Some(Breach::EarlyAnswer)
        }),
        ("trials.windows", |b| b.trials[0].observation.windows += 1),
        ("trials.window_nanoseconds", |b| {
            b.trials[0].observation.window_nanoseconds += 1
        }),
        ("trials.candidate", |b| b.trials[0].observation.candidate = None),
        ("trials.measured.ending", |b| {
            b.trials[0].observation.measured.ending = Ending::WallLimit
        }),
        ("trials.measured.number", |b| {
            b.trials[0].observation.measured.number = 1
        }),
        ("trials.measured.wall", |b| {
            b.trials[0].observation.measured.wall_nanoseconds += 1
        }),
        ("trials.measured.cpu", |b| {
            b.trials[0].observation.measured.cpu_nanoseconds += 1
        }),
        ("trials.measured.memory", |b| {
            b.trials[0].observation.measured.peak_memory += 1
        }),
        ("trials.measured.memory_kills", |b| {
            b.trials[0].observation.measured.memory_kills += 1
        }),
        ("trials.measured.process_limit_hits", |b| {
            b.trials[0].observation.measured.process_limit_hits += 1
        }),
        ("trials.measured.work_left", |b| {
            b.trials[0].observation.measured.work_left = None
        }),
        ("trials.measured.temporary_left", |b| {
            b.trials[0].observation.measured.temporary_left = None
        }),
        ("trials.measured.log", |b| {
            b.trials[0].observation.measured.log.push(b'x')
        }),
        ("trials", |b| b.trials.truncate(1)),
        ("obstacle", |b| {
            b.obstacle = Some(Obstacle {
                reason: "cancelled".into(),
                detail: String::new(),
            })
        }),
        ("missing_protections", |b| b.missing_protections.clear()),
        ("advice", |b| b.advice = None),
        ("incumbent_unreadable", |b| {
            b.incumbent_unreadable = Some("no tar".into())
        }),
    ];
    for (name, change) in changes {
        let receipt = forged(change).unwrap();
        let names = failed(&receipt);
        assert!(names.contains(&"signature"), "{name}: only {names:?} failed");
    }
}

#[test]
fn a_statement_with_any_one_field_changed_is_refused() {
    type Change = fn(&mut Run);
    let changes: &[(&str, Change)] = &[
        ("ledger", |r| r.ledger = Address::ZERO),
        ("registry", |r| r.registry = Address::ZERO),
        ("ticket", |r| r.ticket = B256::ZERO),
        ("project_id", |r| r.project_id += U256::ONE),
        ("proposal_id", |r| r.proposal_id += U256::ONE),
        ("project_digest", |r| r.project_digest = B256::ZERO),
        ("proposal_digest", |r| r.proposal_digest = B256::ZERO),
        ("incumbent_code_hash", |r| r.incumbent_code_hash = B256::repeat_byte(1)),
        ("incumbent_score", |r| r.incumbent_score += I256::ONE),
        ("verdict", |r| r.verdict = 2),
        ("reason", |r| r.reason = B256::ZERO),
        ("score", |r| r.score += I256::ONE),
        ("lower", |r| r.lower += I256::ONE),
        ("upper", |r| r.upper += I256::ONE),
        ("margin_bips", |r| r.margin_bips += 1),
        ("metric_kind", |r| r.metric_kind = 2),
        ("metric_channel", |r| r.metric_channel = 2),
        ("platform_tier", |r| r.platform_tier = 1),
        ("rule_version", |r| r.rule_version += 1),
        ("bundle_root", |r| r.bundle_root = B256::ZERO),
        ("evidence_root", |r| r.evidence_root = B256::ZERO),
    ];
    for (name, change) in changes {
        let mut receipt = receipt_of(&bundle());
        change(&mut receipt.run);
        let names = failed(&receipt);
        assert!(names.contains(&"signature"), "{name}: only {names:?} failed");
    }
}

#[test]
fn domain_challenge_block_envelope_and_version_cannot_be_exchanged() {
    let honest = receipt_of(&bundle());
    let mut other_chain = honest.clone();
    other_chain.domain.chain_id += 1;
    assert!(failed(&other_chain).contains(&"key-binding"));
    let mut other_gateway = honest.clone();
    other_gateway.domain.gateway = Address::ZERO;
    assert!(failed(&other_gateway).contains(&"key-binding"));
    let mut other_block = honest.clone();
    other_block.challenge_block.number += 1;
    assert_eq!(failed(&other_block), ["challenge"]);
    let mut other_hash = honest.clone();
    other_hash.challenge_block.hash = B256::ZERO;
    assert_eq!(failed(&other_hash), ["challenge"]);
    // Fresh evidence of the simulator for the same key has another root.
    let mut other_evidence = honest.clone();
    other_evidence.envelope = sample::envelope(honest.domain, honest.challenge_block);
    other_evidence.run.evidence_root = B256::from(root(&other_evidence.envelope).0);
    assert_eq!(failed(&other_evidence), ["signature"]);
    let other_version = Receipt { version: 2, ..honest };
    assert!(matches!(
        Receipt::decode(&other_version.encode()),
        Err(ReceiptError::Version(2))
    ));
}

#[test]
fn a_signature_has_no_second_form() {
    let honest = receipt_of(&bundle());
    let mut other_parity = honest.clone();
    other_parity.signature.0[64] ^= 7;
    assert!(failed(&other_parity).contains(&"signature"));
    let mut zero = honest;
    zero.signature = Signature([0; 65]);
    assert!(failed(&zero).contains(&"signature"));
}

#[test]
fn a_file_with_anything_after_it_is_no_receipt() {
    let mut bytes = receipt_of(&bundle()).encode();
    bytes.push(0);
    assert!(matches!(Receipt::decode(&bytes), Err(ReceiptError::Encoding(_))));
    assert!(Receipt::decode(&[]).is_err());
}

#[test]
fn collateral_travels_with_the_receipt_and_an_empty_one_has_no_place() {
    let plain = sample::receipt_of(&sample::bundle());
    let pieces = vec![b"published by a vendor".to_vec(), vec![7; 300]];
    let receipt = Receipt {
        collateral: DatedCollateral::of(pieces.clone()).unwrap(),
        ..plain.clone()
    };
    let read = Receipt::decode(&receipt.encode()).unwrap();
    assert_eq!(read, receipt);
    assert!(read.collateral.unwrap().pieces().eq(pieces.iter().map(Vec::as_slice)));
    assert_eq!(DatedCollateral::of(Vec::new()).unwrap(), None);
    assert!(DatedCollateral::of(vec![Vec::new()]).is_err());
    assert!(DatedCollateral::of(vec![vec![0; MAX_COLLATERAL_PIECE + 1]]).is_err());
    assert!(DatedCollateral::of(vec![vec![1]; MAX_COLLATERAL_PIECES + 1]).is_err());

    // The map has one entry more and an empty list: a second way to say that there is none.
    let mut announced = plain.encode();
    announced[0] += 1;
    announced.extend([7, 0x80]);
    assert!(matches!(Receipt::decode(&announced), Err(ReceiptError::Collateral(0))));
}
