//! A host that leaves, in the middle of each phase.

use crate::host::hello;
use crate::line::{Line, segment};
use crate::scene::Scene;
use crate::way::Expected::{Ended, Left};
use crate::way::{Answer, Way};
use alloy_primitives::B256;
use orv_wire::{Job, Message, Stage};

/// Leaves a connection as it is.
fn leave(_: Line<'_>) -> Vec<Answer> {
    vec![Answer::Left]
}

/// Leaves when a content is asked for.
fn at(scene: &Scene, hash: impl FnOnce(&Job) -> B256) -> Vec<Answer> {
    let mut line = scene.working();
    let hash = hash(&line.job());
    line.until_wanted(hash);
    leave(line)
}

const LEFT: &[crate::way::Expected] = &[Left];

pub const WAYS: &[Way] = &[
    Way {
        name: "the host leaves without waiting for the Identity",
        host: |scene| {
            let mut line = scene.line();
            line.send_on(0, &Message::Hello(hello()));
            leave(line)
        },
        answers: LEFT,
    },
    Way {
        name: "the host leaves after Hello",
        host: |scene| leave(scene.introduced()),
        answers: LEFT,
    },
    Way {
        name: "the host leaves after asking for a job",
        host: |scene| leave(scene.working()),
        answers: LEFT,
    },
    Way {
        name: "the host leaves when the protocol is wanted",
        host: |scene| at(scene, |job| job.project.protocol_hash),
        answers: LEFT,
    },
    Way {
        name: "the host leaves when the snapshot is wanted",
        host: |scene| at(scene, |job| job.project.repo_snapshot_hash),
        answers: LEFT,
    },
    Way {
        name: "the host leaves when the benchmark is wanted",
        host: |scene| at(scene, |job| job.project.benchmark_hash),
        answers: LEFT,
    },
    Way {
        name: "the host leaves when the candidate is wanted",
        host: |scene| at(scene, |job| job.proposal.code_hash),
        answers: LEFT,
    },
    Way {
        name: "the host leaves between two segments",
        host: |scene| {
            let mut line = scene.working();
            let hash = line.job().project.benchmark_hash;
            line.until_wanted(hash);
            line.send(&Message::Segment(segment(hash, &scene.shelf.0[&hash], 0)));
            leave(line)
        },
        answers: LEFT,
    },
    Way {
        name: "the host leaves inside a segment",
        host: |scene| {
            let mut line = scene.working();
            let hash = line.job().project.benchmark_hash;
            line.until_wanted(hash);
            let part = segment(hash, &scene.shelf.0[&hash], 0);
            let bytes = Message::Segment(part).to_frame(5).to_bytes().unwrap();
            line.bytes(&bytes[..100_000]);
            leave(line)
        },
        answers: LEFT,
    },
    Way {
        name: "the host leaves while trees are laid out",
        host: |scene| leave(scene.working_at(Stage::Prepare)),
        answers: LEFT,
    },
    Way {
        name: "the host leaves while trials run",
        host: |scene| leave(scene.working_at(Stage::Trials)),
        answers: LEFT,
    },
    Way {
        name: "the host leaves before the statement",
        host: |scene| {
            let mut line = scene.working();
            line.until_stage(Stage::Sign);
            leave(line)
        },
        answers: LEFT,
    },
    Way {
        name: "the host says that it will say no more, after Hello",
        host: |scene| {
            let mut line = scene.introduced();
            line.half_close();
            vec![line.answer()]
        },
        answers: &[Ended],
    },
    Way {
        name: "the host says that it will say no more, when bytes are wanted",
        host: |scene| {
            let mut line = scene.working();
            line.until_wanted(line.job().project.benchmark_hash);
            line.half_close();
            vec![line.answer()]
        },
        answers: &[Ended],
    },
    Way {
        name: "the host says that it will say no more, while trials run",
        host: |scene| {
            let mut line = scene.working_at(Stage::Trials);
            line.half_close();
            vec![line.answer()]
        },
        answers: &[Ended],
    },
];
