//! What the host takes from an enclave, and what it does not.
//!
//! A statement that is refused here never becomes a receipt, and only a receipt can be settled: no transaction is sent.

#![allow(clippy::unwrap_used, clippy::panic)]

mod fake;

use fake::{Script, Seen, WANTED, binding, block, enclave, job, key};
use orv_chain::primitives::B256;
use orv_receipt::check::{CheckResult, check};
use orv_receipt::{Receipt, address_of};
use orv_verifier::VerifierError;
use orv_verifier::enclave::{Content, ContentSource, Distrust, EnclaveError, Session, Work};
use orv_wire::{FailureCode, Progress, Stage};
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tempfile::NamedTempFile;

/// One content under one hash, or none, or a machine that fails.
enum Shelf {
    Holding(NamedTempFile),
    Empty,
    Broken,
}

impl Shelf {
    fn of(bytes: &[u8]) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Self::Holding(file)
    }
}

impl ContentSource for Shelf {
    fn find(&mut self, hash: B256) -> Result<Option<Content>, String> {
        assert_eq!(hash, WANTED);
        match self {
            Self::Holding(file) => Ok(Some(Content::open(file.path()).unwrap())),
            Self::Empty => Ok(None),
            Self::Broken => Err("the disk is full".to_owned()),
        }
    }
}

struct Told {
    result: Result<Receipt, EnclaveError>,
    seen: Seen,
    progress: Vec<Progress>,
}

fn judge_with(script: Script, mut shelf: Shelf, stop: bool, time: Duration) -> Told {
    let (stream, thread) = enclave(script);
    let mut session = Session::new(stream);
    let mut progress = Vec::new();
    let result = session.introduce(&binding(), block()).and_then(|identity| {
        let mut note = |step: &Progress| progress.push(step.clone());
        session.judge(Work {
            job: &job(),
            identity: &identity,
            binding: &binding(),
            contents: &mut shelf,
            progress: &mut note,
            stop: &AtomicBool::new(stop),
            time,
        })
    });
    drop(session);
    Told {
        result,
        seen: thread.join().unwrap(),
        progress,
    }
}

fn judge(script: Script) -> Told {
    judge_with(script, Shelf::of(b"{}"), false, Duration::from_secs(60))
}

fn distrust(script: Script) -> Distrust {
    match judge(script).result {
        Err(EnclaveError::Distrusted(distrust)) => distrust,
        other => panic!("{script:?} gave {other:?}"),
    }
}

#[test]
fn an_honest_enclave_gives_a_receipt_that_passes_every_check() {
    let told = judge(Script::MissingBytes);
    let receipt = told.result.unwrap();
    assert!(check(&receipt).iter().all(|check| check.result == CheckResult::Pass));
    assert_eq!(receipt.run.ticket, job().ticket);
    assert_eq!(told.seen.content.as_deref(), Some(b"{}".as_slice()));
    assert_eq!(
        told.progress,
        [Progress {
            stage: Stage::Fetch,
            done: 0,
            total: 5
        }]
    );
}

#[test]
fn the_key_is_the_one_in_the_envelope() {
    let (stream, thread) = enclave(Script::MissingBytes);
    let mut session = Session::new(stream);
    let identity = session.introduce(&binding(), block()).unwrap();
    assert_eq!(identity.key, address_of(key(1).verifying_key()));
    session.keep_open().unwrap();
    drop(session);
    assert!(thread.join().unwrap().cancelled);
}

#[test]
fn content_of_many_segments_arrives_whole() {
    let bytes: Vec<u8> = (0..3_000_001_u32).map(|number| number.to_le_bytes()[1]).collect();
    let told = judge_with(Script::MissingBytes, Shelf::of(&bytes), false, Duration::from_secs(60));
    assert!(told.result.is_ok());
    assert!(told.seen.content == Some(bytes));
}

#[test]
fn content_that_nobody_has_is_said_to_be_missing() {
    let told = judge_with(Script::MissingBytes, Shelf::Empty, false, Duration::from_secs(60));
    assert!(told.result.is_ok());
    assert_eq!(told.seen.content, None);
}

#[test]
fn a_failure_of_this_machine_ends_the_job_rather_than_blaming_the_content() {
    let told = judge_with(Script::MissingBytes, Shelf::Broken, false, Duration::from_secs(60));
    assert!(matches!(told.result, Err(EnclaveError::Contents { hash: WANTED, .. })));
}

#[test]
fn a_wrong_bundle_root_is_refused() {
    assert!(matches!(
        distrust(Script::BundleRoot),
        Distrust::BundleRoot {
            claimed_by: "segments",
            ..
        }
    ));
    assert!(matches!(distrust(Script::BundleBytes), Distrust::BundleRoot { .. }));
}

#[test]
fn a_wrong_signature_is_refused() {
    assert!(matches!(distrust(Script::Signer), Distrust::Signer { .. }));
    assert!(matches!(distrust(Script::Signature), Distrust::Signature(_)));
}

#[test]
fn a_statement_about_something_else_is_refused_with_the_field() {
    for (script, expected) in [
        (Script::Proposal, "proposal id"),
        (Script::Ticket, "ticket"),
        (Script::Incumbent, "incumbent's score"),
    ] {
        match distrust(script) {
            Distrust::OtherStatement { field, .. } => assert_eq!(field, expected),
            other => panic!("{script:?} gave {other:?}"),
        }
    }
}

#[test]
fn a_verdict_that_the_bundle_does_not_support_is_refused() {
    assert!(matches!(
        distrust(Script::Verdict),
        Distrust::Check { name: "statement", .. }
    ));
}

#[test]
fn an_identity_for_another_challenge_or_operator_is_refused() {
    for (script, expected) in [(Script::Challenge, "challenge"), (Script::Operator, "operator")] {
        match judge(script).result {
            Err(EnclaveError::OtherBinding { field, .. }) => assert_eq!(field, expected),
            other => panic!("{script:?} gave {other:?}"),
        }
    }
}

#[test]
fn an_enclave_that_gives_up_leaves_or_hurries_gives_no_receipt() {
    let failed = judge(Script::Failure).result;
    assert!(matches!(&failed, Err(EnclaveError::Refused(failure)) if failure.code == FailureCode::Internal));
    assert!(matches!(judge(Script::Leave).result, Err(EnclaveError::Connection(_))));
    assert!(matches!(
        judge(Script::HalfBundle).result,
        Err(EnclaveError::BundleIncomplete)
    ));
}

#[test]
fn a_job_ends_with_its_ticket_and_the_enclave_is_told() {
    let told = judge_with(Script::Silence, Shelf::Empty, false, Duration::from_millis(300));
    assert!(matches!(told.result, Err(EnclaveError::OutOfTime)));
    assert!(told.seen.cancelled);
}

#[test]
fn a_ticket_that_is_said_to_last_for_ever_is_no_panic() {
    let told = judge_with(Script::MissingBytes, Shelf::of(b"{}"), false, Duration::MAX);
    assert!(told.result.is_ok());
}

#[test]
fn a_stopping_operator_cancels_the_job() {
    let told = judge_with(Script::Silence, Shelf::Empty, true, Duration::from_secs(60));
    assert!(matches!(told.result, Err(EnclaveError::Stopped)));
    assert!(told.seen.cancelled);
}

#[test]
fn every_lie_has_its_own_code_and_an_advice() {
    let codes: Vec<_> = [Script::BundleRoot, Script::Signer, Script::Proposal, Script::Verdict]
        .into_iter()
        .map(|script| VerifierError::from(EnclaveError::from(distrust(script))))
        .map(|error| (error.code(), error.advice().is_empty()))
        .collect();
    assert_eq!(
        codes,
        [
            ("ORV-V-043", false),
            ("ORV-V-044", false),
            ("ORV-V-045", false),
            ("ORV-V-046", false)
        ]
    );
}
