//! Two jobs at once, the same job twice, and tickets that are tried again.

use crate::line::STREAM;
use crate::scene::Scene;
use crate::way::Expected::{Improved, Inconclusive, Left, Refused, Says};
use crate::way::{Answer, Way};
use alloy_primitives::{B256, I256, U256};
use orv_wire::FailureCode::{Cancelled, Malformed, OutOfOrder, TicketUsed};
use orv_wire::{Cancel, Job, Message, Stage};

/// Has a job judged, and then another with the same ticket, on another connection.
fn again(scene: &Scene, change: impl FnOnce(&mut Job)) -> Vec<Answer> {
    let mut line = scene.working();
    let stated = line.finish();
    let mut job = line.job();
    change(&mut job);
    let mut line = scene.introduced();
    line.ask(job);
    // Not a byte is wanted for it.
    vec![stated, line.answer()]
}

pub const WAYS: &[Way] = &[
    Way {
        name: "a second job on the same stream while the first fetches",
        host: |scene| {
            let mut line = scene.working();
            line.skip_to(line.job().project.protocol_hash);
            line.send(&Message::Job(Box::new(scene.job())));
            vec![line.answer()]
        },
        answers: &[Says(OutOfOrder, "Job")],
    },
    Way {
        name: "a second job on another stream while the first fetches",
        host: |scene| {
            let mut line = scene.working();
            line.skip_to(line.job().project.protocol_hash);
            line.send_on(STREAM + 1, &Message::Job(Box::new(scene.job())));
            vec![line.answer()]
        },
        answers: &[Says(OutOfOrder, "stream 6")],
    },
    Way {
        name: "a second job while trials of the first run",
        host: |scene| {
            let mut line = scene.working_at(Stage::Trials);
            line.send(&Message::Job(Box::new(scene.job())));
            vec![line.answer()]
        },
        answers: &[Says(OutOfOrder, "Job")],
    },
    Way {
        name: "two jobs on two connections: the second waits for its turn",
        host: |scene| {
            let mut first = scene.working();
            first.until_stage(Stage::Prepare);
            let mut second = scene.working();
            let answer = first.finish();
            vec![answer, second.finish()]
        },
        answers: &[Improved, Improved],
    },
    Way {
        name: "a cancel of a job that waits for its turn",
        host: |scene| {
            let mut first = scene.working();
            first.until_stage(Stage::Prepare);
            let mut second = scene.working();
            second.send(&Message::Cancel(Cancel {}));
            let answer = first.finish();
            vec![answer, second.answer()]
        },
        answers: &[Improved, Refused(Cancelled)],
    },
    Way {
        name: "a job that waits for its turn is left alone",
        host: |scene| {
            let mut first = scene.working();
            first.until_stage(Stage::Prepare);
            drop(scene.working());
            vec![first.finish(), Answer::Left]
        },
        answers: &[Improved, Left],
    },
    Way {
        name: "the same job on two connections at once",
        host: |scene| {
            let mut first = scene.working();
            first.until_stage(Stage::Prepare);
            let mut second = scene.introduced();
            second.ask(first.job());
            let answer = first.finish();
            vec![answer, second.finish()]
        },
        answers: &[Improved, Refused(TicketUsed)],
    },
    Way {
        name: "the same job twice, one after the other",
        host: |scene| again(scene, |_| {}),
        answers: &[Improved, Refused(TicketUsed)],
    },
    Way {
        name: "the same job with a lower score to beat",
        host: |scene| {
            again(scene, |job| {
                job.incumbent.score = I256::MIN / I256::try_from(4).unwrap()
            })
        },
        answers: &[Improved, Refused(TicketUsed)],
    },
    Way {
        name: "the same job with another incumbent",
        host: |scene| again(scene, |job| job.incumbent.code_hash = job.project.repo_snapshot_hash),
        answers: &[Improved, Refused(TicketUsed)],
    },
    Way {
        name: "the same ticket for another proposal",
        host: |scene| {
            again(scene, |job| {
                job.proposal.id = U256::from(8);
                job.proposal.code_hash = job.project.repo_snapshot_hash;
            })
        },
        answers: &[Improved, Refused(TicketUsed)],
    },
    Way {
        name: "a job broken off while its trials run, asked for again",
        host: |scene| {
            let line = scene.working_at(Stage::Trials);
            let job = line.job();
            drop(line);
            let mut line = scene.introduced();
            line.ask(job);
            vec![line.answer()]
        },
        answers: &[Refused(TicketUsed)],
    },
    Way {
        name: "a job whose bytes were missing, asked for again with them",
        host: |scene| {
            let mut line = scene.working();
            let job = line.job();
            line.shelf.0.remove(&job.proposal.code_hash);
            let stated = line.finish();
            let mut line = scene.introduced();
            line.ask(job);
            vec![stated, line.answer()]
        },
        answers: &[Inconclusive("missing-bytes"), Refused(TicketUsed)],
    },
    Way {
        name: "a job whose first bytes were wrong, asked for again with the right ones",
        host: |scene| {
            let mut line = scene.working();
            let hash = line.job().proposal.code_hash;
            line.shelf.0.insert(hash, vec![7; 5000]);
            let refused = line.finish();
            let honest = scene.shelf.0[&hash].clone();
            line.shelf.0.insert(hash, honest);
            line.ask(line.job());
            vec![refused, line.finish()]
        },
        answers: &[Says(Malformed, "not those of the hash"), Improved],
    },
    Way {
        name: "a proposal of another project than the job's",
        host: |scene| {
            let mut line = scene.introduced();
            let mut job = scene.job();
            job.proposal.project_id = U256::MAX;
            line.ask(job);
            vec![line.answer()]
        },
        answers: &[Says(Malformed, "of project")],
    },
    Way {
        name: "a job of nothing but zeros",
        host: |scene| {
            let mut line = scene.introduced();
            let mut job = scene.job();
            job.project.protocol_hash = B256::ZERO;
            job.project.repo_snapshot_hash = B256::ZERO;
            job.project.benchmark_hash = B256::ZERO;
            job.proposal.code_hash = B256::ZERO;
            line.ask(job);
            vec![line.finish()]
        },
        answers: &[Inconclusive("missing-bytes")],
    },
];
