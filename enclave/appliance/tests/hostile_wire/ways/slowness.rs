//! A host that is slow, for an enclave with little patience: twelve seconds for a content, eight for a frame, which is
//! still more than an honest host on a busy machine needs.

use crate::host::hello;
use crate::line::{Line, STREAM, segment};
use crate::scene::Scene;
use crate::way::Expected::{Ended, Says};
use crate::way::{Answer, Expected, Way};
use alloy_primitives::B256;
use orv_wire::FailureCode::Malformed;
use orv_wire::{Cancel, Job, Message, Stage};
use std::io::Read;
use std::time::Duration;

/// What makes an enclave impatient.
pub const IMPATIENT: &[&str] = &["--search-seconds", "12", "--segment-seconds", "8"];

/// Between two bytes: often enough that no pause is ever long, and seldom enough that no frame comes in its time.
const DRIP: Duration = Duration::from_millis(150);

/// Bytes that drip longer than a frame may.
const DRIPPING: usize = 200;

/// Between two pieces that are read, of 4 KiB: a segment would take twice its time.
const SIP: Duration = Duration::from_millis(300);

/// Says nothing more and waits for what comes.
fn stall(mut line: Line<'_>) -> Vec<Answer> {
    vec![line.answer()]
}

/// Stalls when a content is asked for.
fn stall_at(scene: &Scene, hash: impl FnOnce(&Job) -> B256) -> Vec<Answer> {
    let mut line = scene.working();
    let hash = hash(&line.job());
    line.until_wanted(hash);
    stall(line)
}

fn first_segment(scene: &Scene, line: &mut Line<'_>) -> Vec<u8> {
    let hash = line.job().project.benchmark_hash;
    line.until_wanted(hash);
    let first = segment(hash, &scene.shelf.0[&hash], 0);
    Message::Segment(first).to_frame(STREAM).to_bytes().unwrap()
}

/// Floods the enclave with cancels and reads no answer, until it has had enough.
fn flood(line: &mut Line<'_>) {
    let cancel = Message::Cancel(Cancel {});
    while line.send(&cancel) {}
}

/// A job whose record is far longer than what a socket holds, about to be stated: its protocol is mostly blanks.
fn signing(scene: &Scene) -> Line<'_> {
    let mut line = scene.introduced();
    let mut job = scene.job();
    let mut protocol = scene.shelf.0[&job.project.protocol_hash].clone();
    protocol.splice(1..1, vec![b' '; 1_000_000]);
    job.project.protocol_hash = line.shelf.put(protocol);
    line.shelf.0.remove(&job.proposal.code_hash);
    line.ask(job);
    line.until_stage(Stage::Sign);
    line
}

const TIMED_OUT: &[Expected] = &[Says(Malformed, "timed out")];

/// The longest first: they are tried some at a time.
pub const WAYS: &[Way] = &[
    Way {
        name: "a statement whose record is read drop by drop",
        host: |scene| {
            let mut line = signing(scene);
            let mut reading = line.stream();
            // Each drop lets the enclave write another piece.
            while reading.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                std::thread::sleep(SIP);
            }
            vec![line.answer()]
        },
        answers: &[Ended],
    },
    Way {
        name: "a connection that says nothing",
        host: |scene| stall(scene.line()),
        answers: TIMED_OUT,
    },
    Way {
        name: "a connection that says nothing after Hello",
        host: |scene| stall(scene.introduced()),
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall inside a frame's length",
        host: |scene| {
            let mut line = scene.line();
            line.bytes(&[0, 0]);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall inside a frame's payload",
        host: |scene| {
            let mut line = scene.line();
            let bytes = Message::Hello(hello()).to_frame(0).to_bytes().unwrap();
            line.bytes(&bytes[..50]);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a Hello byte by byte",
        host: |scene| {
            let mut line = scene.line();
            let bytes = Message::Hello(hello()).to_frame(0).to_bytes().unwrap();
            line.drip(&bytes, DRIP);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a job byte by byte",
        host: |scene| {
            let mut line = scene.introduced();
            let bytes = Message::Job(Box::new(scene.job())).to_frame(STREAM).to_bytes().unwrap();
            line.drip(&bytes, DRIP);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall when the protocol is wanted",
        host: |scene| stall_at(scene, |job| job.project.protocol_hash),
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall when the snapshot is wanted",
        host: |scene| stall_at(scene, |job| job.project.repo_snapshot_hash),
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall when the benchmark is wanted",
        host: |scene| stall_at(scene, |job| job.project.benchmark_hash),
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall when the candidate is wanted",
        host: |scene| stall_at(scene, |job| job.proposal.code_hash),
        answers: TIMED_OUT,
    },
    Way {
        name: "a stall between two segments",
        host: |scene| {
            let mut line = scene.working();
            let bytes = first_segment(scene, &mut line);
            line.bytes(&bytes);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a segment byte by byte",
        host: |scene| {
            let mut line = scene.working();
            let bytes = first_segment(scene, &mut line);
            line.drip(&bytes[..DRIPPING], DRIP);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a cancel that is begun while trials run, and never ended",
        host: |scene| {
            let mut line = scene.working_at(Stage::Trials);
            line.bytes(&[0, 0, 0]);
            stall(line)
        },
        answers: TIMED_OUT,
    },
    Way {
        name: "a flood of cancels whose answers nobody reads",
        host: |scene| {
            let mut line = scene.introduced();
            flood(&mut line);
            vec![Answer::Closed]
        },
        answers: &[Ended],
    },
    Way {
        name: "a statement whose record nobody reads",
        host: |scene| {
            let mut line = signing(scene);
            flood(&mut line);
            vec![line.answer()]
        },
        answers: &[Ended],
    },
];
