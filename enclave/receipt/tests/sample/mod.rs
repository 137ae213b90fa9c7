//! A genuine receipt, made the way the enclave makes one: a small project with an exact metric, and an improvement.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code)]

use alloy_primitives::{Address, B256, I256, U256};
use k256::ecdsa::SigningKey;
use orv_content::identity::{ContentKind, MatchedHash, identify};
use orv_content::oci::{read_layout, write_single_layer};
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_content::{Root, Sha256, archive, merkle};
use orv_evidence::{Binding, Collector, Context, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY, challenge};
use orv_protocol::judgement::{Arm, Judgement, Speed, Step};
use orv_protocol::seed::trial_seed;
use orv_receipt::rule::{Documents, case_of, statement_of};
use orv_receipt::*;
use orv_simulator::{Measured, SimulatedNitro};

pub const PROTOCOL: &str = include_str!("../../../../images/example/project/protocol.json");
const PROJECT: &str = include_str!("../../../../images/example/project/benchmark/openresearch.json");
const NO_IMAGE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The enclave's key of every sample.
pub fn key() -> SigningKey {
    SigningKey::from_slice(&[0x42; 32]).unwrap()
}

pub fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, content) in files {
        let node = Node::File {
            executable: Executable::No,
            content: content.to_string().into(),
        };
        tree.insert(TreePath::new(*path).unwrap(), node).unwrap();
    }
    tree
}

fn artifact(role: Role, tree: &Tree) -> Artifact {
    let bytes = archive::write(tree);
    let hash = merkle::root_of(&bytes).unwrap();
    assert_eq!(
        identify(&bytes, &hash.0, ContentKind::Tar).unwrap().matched,
        MatchedHash::ZeroGRoot
    );
    let files = tree.manifest().into_iter().map(|entry| FileRecord {
        path: entry.path.as_str().to_owned(),
        mode: entry.mode,
        size: entry.size,
        sha256: entry.sha256,
    });
    Artifact {
        role,
        hash: B256::from(hash.0),
        matched: Matched::Root,
        size: bytes.len() as u64,
        tree: tree.hash(),
        files: files.collect(),
    }
}

fn process(ending: Ending) -> ProcessReport {
    ProcessReport {
        ending,
        number: 0,
        wall_nanoseconds: 12_000_000,
        cpu_nanoseconds: 9_000_000,
        peak_memory: 3 << 20,
        memory_kills: 0,
        process_limit_hits: 0,
        log: b"packed\n".to_vec(),
        work_left: left_by(ending, 1 << 26),
        temporary_left: left_by(ending, 1 << 20),
    }
}

/// Nobody sees what a process leaves that the runner ends.
fn left_by(ending: Ending, bytes: u64) -> Option<Left> {
    (ending == Ending::Exited).then_some(Left {
        bytes: Some(bytes),
        files: Some(4096),
    })
}

pub fn observation(metric: &str) -> Observation {
    Observation {
        measured: process(Ending::Exited),
        candidate: Some(process(Ending::Dismissed)),
        metric: format!("{metric}\n").into_bytes(),
        violation: None,
        windows: 40,
        window_nanoseconds: 8_000_000,
        conditions: Conditions {
            stolen_nanoseconds: 10_000_000,
            unaccounted_nanoseconds: 3_000_000,
            load_nanoseconds: 0,
        },
    }
}

/// A bundle whose candidate needs 960 bins where the snapshot needs 1117.
pub fn bundle() -> Bundle {
    let rootfs = tree(&[("bin/lua", "an interpreter")]);
    let (layout, digest) = write_single_layer(&rootfs, Vec::new(), "/work").unwrap();
    let image = read_layout(&layout, &digest, &archive::Quota::image()).unwrap();
    let project_json = PROJECT.replace(NO_IMAGE, &digest.to_string());
    let snapshot = tree(&[("pack.lua", "return 1"), ("main.lua", "loop()")]);
    let candidate = tree(&[
        ("pack.lua", "return 2"),
        ("main.lua", "loop()"),
        ("judge.lua", "forged()"),
    ]);
    let measured = tree(&[
        ("pack.lua", "return 2"),
        ("main.lua", "loop()"),
        ("bins.lua", "return 7"),
    ]);
    let benchmark = tree(&[
        ("openresearch.json", &project_json),
        ("judge/judge.lua", "judge()"),
        ("harness/bins.lua", "return 7"),
    ]);
    let artifacts = vec![
        artifact(Role::Snapshot, &snapshot),
        artifact(Role::Benchmark, &benchmark),
        artifact(Role::Candidate, &candidate),
    ];
    let [snapshot_record, benchmark_record, candidate_record] = artifacts.as_slice() else {
        unreachable!()
    };
    let baseline = I256::try_from(-1117).unwrap();
    let (secret, ticket) = (B256::repeat_byte(9), B256::repeat_byte(8));
    let mut bundle = Bundle {
        version: BUNDLE_VERSION,
        ledger: Address::repeat_byte(1),
        registry: Address::repeat_byte(2),
        ticket,
        project: ProjectFacts {
            id: U256::from(3),
            protocol_hash: B256::from(merkle::root_of(PROTOCOL.trim_end_matches('\0').as_bytes()).unwrap().0),
            repo_snapshot_hash: snapshot_record.hash,
            benchmark_hash: benchmark_record.hash,
            baseline_score: baseline,
            baseline_metrics_hash: B256::repeat_byte(4),
            token: Address::repeat_byte(5),
            creator: Address::repeat_byte(6),
            created_at: 1_790_000_000,
        },
        proposal: ProposalFacts {
            id: U256::from(7),
            project_id: U256::from(3),
            miner: Address::repeat_byte(7),
            reward_recipient: Address::repeat_byte(8),
            code_hash: candidate_record.hash,
            benchmark_log_hash: B256::repeat_byte(9),
            claimed_score: I256::try_from(-960).unwrap(),
            stake: U256::from(11),
            submitted_at: 1_790_000_100,
        },
        incumbent: IncumbentFacts {
            code_hash: B256::ZERO,
            score: baseline,
        },
        protocol_json: PROTOCOL.as_bytes().to_vec(),
        project_json: Some(project_json.into_bytes()),
        candidate_tree: measured.hash(),
        differences: vec![DifferenceRecord {
            path: "judge.lua".into(),
            kind: 3,
        }],
        image: Some(ImageRecord {
            manifest: image.manifest_bytes().to_vec(),
            config: image.config_bytes().to_vec(),
        }),
        secret,
        seed: B256::from(trial_seed(&measured.hash(), &ticket.0, &secret.0)),
        platform_tier: 0,
        trials: Vec::new(),
        obstacle: None,
        missing_protections: vec!["cpu-pinning".into()],
        advice: Some(AdviceRecord {
            findings: vec![FindingRecord {
                gate: 3,
                path: "judge.lua".into(),
                pattern: None,
            }],
            left_out: 0,
            unread: 0,
        }),
        incumbent_unreadable: None,
        artifacts,
    };
    run_trials(&mut bundle, |arm| if arm == Arm::Candidate { "960" } else { "1117" });
    bundle
}

/// As the record of a job stands that ended before anything was laid out.
pub fn lay_out_nothing(bundle: &mut Bundle) {
    bundle.image = None;
    bundle.candidate_tree = Sha256([0; 32]);
    bundle.differences.clear();
    bundle.advice = None;
    bundle.seed = B256::from(trial_seed(&bundle.candidate_tree, &bundle.ticket.0, &bundle.secret.0));
}

/// Drives the rule with a metric for each arm.
pub fn run_trials(bundle: &mut Bundle, metric_of: impl Fn(Arm) -> &'static str) {
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).unwrap();
    let mut judgement = Judgement::begin(case_of(bundle, &documents).unwrap());
    while let Step::Run(arm) = judgement.next() {
        let mut observation = observation(metric_of(arm));
        if judgement.speed() == Speed::Hindered {
            observation.conditions.load_nanoseconds = 11_000_000;
        }
        judgement.record(observation.outcome(&documents)).unwrap();
        bundle.trials.push(TrialReport {
            arm: arm as u8,
            observation,
        });
    }
}

/// The key's envelope from the simulator.
pub fn envelope(domain: Domain, block: ChallengeBlock) -> Vec<u8> {
    let (registry, operator) = ([0x31; 20], [0x32; 20]);
    let context = Context {
        chain_id: domain.chain_id,
        registry,
        gateway: domain.gateway.0.0,
        operator,
        boot_id: [0x33; 32],
        configuration_hash: [0x34; 32],
    };
    let public_key = key()
        .verifying_key()
        .to_encoded_point(false)
        .as_bytes()
        .try_into()
        .unwrap();
    let binding = Binding {
        platform: Platform::SimNitro,
        purpose: VERDICT_KEY.to_owned(),
        challenge: challenge(domain.chain_id, registry, operator, block.number, block.hash.0),
        public_key,
        context: context.encode(),
    };
    let measured = Measured {
        executable: b"enclave",
        configuration: b"settings",
        ramdisk: b"",
    };
    let nitro = SimulatedNitro::measure(&measured, || UnixTime::from_seconds(1_790_000_050));
    let evidence = nitro.collect(&binding).unwrap();
    Envelope::seal(&binding, KeyOrigin::GeneratedInside, evidence)
        .unwrap()
        .encode()
}

/// A whole receipt of a bundle, signed.
pub fn receipt_of(bundle: &Bundle) -> Receipt {
    let domain = Domain {
        chain_id: 16602,
        gateway: Address::repeat_byte(0x60),
    };
    let challenge_block = ChallengeBlock {
        number: 12,
        hash: B256::repeat_byte(0x61),
    };
    let envelope = envelope(domain, challenge_block);
    let bytes = bundle.encode();
    let run = statement_of(bundle, root(&bytes), root(&envelope)).unwrap();
    let signature = Signature::sign(&key(), &run.signing_hash(&domain)).unwrap();
    Receipt {
        version: RECEIPT_VERSION,
        domain,
        run,
        signature,
        bundle: bytes,
        envelope,
        challenge_block,
        collateral: None,
    }
}

pub fn root(bytes: &[u8]) -> Root {
    merkle::root_of(bytes).unwrap()
}
