//! The real enclave judges the example's proposals, every container included.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod host;

use alloy_primitives::{B256, I256};
use host::*;
use orv_content::tree::{Executable, TreePath};
use orv_content::{archive, merkle};
use orv_receipt::check::{CheckResult, check};
use orv_receipt::*;
use orv_wire::Job;

/// Verdict, reason and score of a proposal, everything checked as an auditor would.
fn judged(name: &str, ticket: u8) -> (u8, String, I256, Bundle) {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    let envelope = introduce(&mut channel);
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate(name), ticket);
    let (outcome, bundle) = match serve(&mut channel, &job, &shelf) {
        End::Judged(outcome, bundle) => (outcome, bundle),
        End::Refused(failure) => panic!("{name}: {failure:?}"),
    };
    assert_eq!(
        outcome.signature.recover(&outcome.run.signing_hash(&DOMAIN)).unwrap(),
        enclave.key
    );
    let receipt = Receipt {
        version: RECEIPT_VERSION,
        domain: DOMAIN,
        run: outcome.run.clone(),
        signature: outcome.signature,
        bundle: bundle.encode(),
        envelope: envelope.clone(),
        challenge_block: ChallengeBlock {
            number: 0,
            hash: B256::ZERO,
        },
        collateral: None,
    };
    let failed: Vec<_> = check(&receipt)
        .into_iter()
        .filter(|check| check.result == CheckResult::Fail)
        .collect();
    // The test's challenge is not made of a block; all else holds.
    assert_eq!(
        failed.iter().map(|check| check.name).collect::<Vec<_>>(),
        ["challenge"],
        "{failed:?}"
    );
    assert_eq!(outcome.run.evidence_root.0, merkle::root_of(&envelope).unwrap().0);
    assert_eq!(enclave.leftovers(), 0, "a job left something behind");
    let reason = String::from_utf8(outcome.run.reason.0.to_vec())
        .unwrap()
        .trim_end_matches('\0')
        .to_owned();
    (outcome.run.verdict, reason, outcome.run.score, *bundle)
}

#[test]
fn a_real_improvement_is_approved_with_its_own_score() {
    let (verdict, reason, score, bundle) = judged("improvement", 1);
    assert_eq!(
        (verdict, reason.as_str(), score),
        (1, "improved", I256::try_from(-960).unwrap())
    );
    assert_eq!(bundle.trials.len(), 3);
}

#[test]
fn a_copy_without_improvement_is_rejected() {
    let (verdict, reason, score, _) = judged("unchanged-copy", 2);
    assert_eq!(
        (verdict, reason.as_str(), score),
        (2, "no-improvement", I256::try_from(-1117).unwrap())
    );
}

#[test]
fn edits_of_the_harness_are_undone_recorded_and_win_nothing() {
    let (verdict, reason, score, bundle) = judged("forger", 3);
    assert_eq!(
        (verdict, reason.as_str(), score),
        (2, "no-improvement", I256::try_from(-1117).unwrap())
    );
    let undone: Vec<_> = bundle
        .differences
        .iter()
        .map(|difference| difference.path.as_str())
        .collect();
    assert!(undone.contains(&"main.lua"), "{undone:?}");
}

#[test]
fn a_crash_is_inconclusive_and_slashes_nobody() {
    let (verdict, reason, _, _) = judged("crasher", 4);
    assert_eq!((verdict, reason.as_str()), (3, "candidate-exit"));
}

#[test]
fn a_hang_is_inconclusive_after_the_time_limit() {
    let (verdict, reason, _, _) = judged("endless", 5);
    assert_eq!((verdict, reason.as_str()), (3, "candidate-timeout"));
}

#[test]
fn what_a_killed_enclave_left_behind_stops_no_job() {
    let enclave = Enclave::start();
    let left = enclave.leave_behind(1);
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate("improvement"), 7);
    assert!(matches!(serve(&mut channel, &job, &shelf), End::Judged(..)));
    assert!(!left.exists());
}

#[test]
fn an_arm_is_prepared_by_several_commands_one_after_another() {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 6);
    let programs = [("bin/lua", "lua"), ("bin/bash", "plain-shell")];
    job.project.benchmark_hash = shelf.put(benchmark("images/example/project/benchmark", &programs));
    let protocol = std::fs::read_to_string(workspace().join("images/example/project/protocol.json")).unwrap();
    let command = r#""/bin/lua pack.lua""#;
    let prepared = protocol.replace(
        r#""setupCommands": []"#,
        &format!(r#""setupCommands": [{command}, {command}, {command}]"#),
    );
    assert_ne!(prepared, protocol);
    job.project.protocol_hash = shelf.put(prepared.into_bytes());
    let (outcome, bundle) = match serve(&mut channel, &job, &shelf) {
        End::Judged(outcome, bundle) => (outcome, bundle),
        End::Refused(failure) => panic!("{failure:?}"),
    };
    assert_eq!(outcome.run.verdict, 1, "{:?}", bundle.obstacle);
    assert_eq!(enclave.leftovers(), 0, "a preparation left something behind");
}

/// Takes the image out of the benchmark and puts it on the shelf by a root of its own, as large images are published.
fn image_by_its_own_root(shelf: &mut Shelf, job: &mut Job) -> B256 {
    let bytes = shelf.0.remove(&job.project.benchmark_hash).unwrap();
    let mut benchmark = archive::read(bytes.into(), &archive::Quota::project()).unwrap();
    let layout = benchmark.subtree("image").unwrap();
    let root = shelf.put(archive::write(&layout));
    for (path, _) in layout.iter() {
        benchmark.remove(&TreePath::new(format!("image/{path}")).unwrap());
    }
    let text = String::from_utf8(benchmark.file("openresearch.json").unwrap().to_vec()).unwrap();
    let (front, digest) = text.split_once("\"sha256:").unwrap();
    let (digest, rest) = digest.split_at(64);
    let text = format!("{front}\"sha256:{digest}\", \"root\": \"{root}{rest}");
    let manifest = TreePath::new("openresearch.json").unwrap();
    benchmark
        .insert(manifest, file(text.into_bytes(), Executable::No))
        .unwrap();
    job.project.benchmark_hash = shelf.put(archive::write(&benchmark));
    root
}

#[test]
fn an_image_by_its_own_root_is_fetched_checked_and_run() {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    introduce(&mut channel);
    let mut shelf = Shelf::default();
    let mut job = job(&mut shelf, candidate("improvement"), 1);
    let image = image_by_its_own_root(&mut shelf, &mut job);
    let End::Judged(outcome, bundle) = serve(&mut channel, &job, &shelf) else {
        panic!("refused")
    };
    assert_eq!((outcome.run.verdict, bundle.obstacle), (1, None));

    let other = archive::write(&archive::read(candidate("forger").into(), &archive::Quota::project()).unwrap());
    shelf.0.insert(image, other);
    job.ticket = B256::repeat_byte(2);
    let End::Refused(failure) = serve(&mut channel, &job, &shelf) else {
        panic!("another image was run")
    };
    assert!(failure.detail.contains("image: "), "{failure:?}");

    shelf.0.remove(&image);
    job.ticket = B256::repeat_byte(3);
    let End::Judged(outcome, bundle) = serve(&mut channel, &job, &shelf) else {
        panic!("refused")
    };
    assert_eq!(
        (outcome.run.verdict, bundle.obstacle.unwrap().reason.as_str()),
        (3, "missing-bytes")
    );
}
