//! Messages in the wrong place, and Hellos that ask for what the key is not bound to.

use crate::host::{DOMAIN, hello};
use crate::line::{HONEST, Line, STREAM};
use crate::scene::Scene;
use crate::way::Expected::{Improved, Introduced, Refused, Says};
use crate::way::{Answer, Expected, Way};
use alloy_primitives::{Address, B256, I256};
use orv_receipt::{Domain, Run, Signature};
use orv_wire::{
    Cancel, Exit, ExitCode, Failure, FailureCode, Hello, Identity, Message, Outcome, Progress, Segment, Stage, Want,
};

/// Says something on a connection where no job runs, and has a job judged on the same.
fn between_jobs(scene: &Scene, message: &Message) -> Vec<Answer> {
    let mut line = scene.introduced();
    line.send(message);
    let refused = line.answer();
    line.ask(scene.job());
    vec![refused, line.finish()]
}

const OUT_OF_ORDER: &[Expected] = &[Says(FailureCode::OutOfOrder, "has no place here"), Improved];

/// Asks for another binding.
fn bound_to(scene: &Scene, other: Hello) -> Vec<Answer> {
    vec![scene.line().introduce(other)]
}

/// Says something while a job waits for the benchmark.
fn while_fetching(scene: &Scene, say: impl FnOnce(&mut Line<'_>) -> bool) -> Vec<Answer> {
    let mut line = scene.working();
    line.until_wanted(line.job().project.benchmark_hash);
    say(&mut line);
    vec![line.answer()]
}

/// Says something while trials run.
fn while_trials_run(scene: &Scene, say: impl FnOnce(&mut Line<'_>) -> bool) -> Vec<Answer> {
    let mut line = scene.working_at(Stage::Trials);
    say(&mut line);
    vec![line.answer()]
}

fn cancel() -> Message {
    Message::Cancel(Cancel {})
}

fn statement() -> Message {
    Message::Result(Box::new(Outcome {
        run: Run {
            ledger: Address::ZERO,
            registry: Address::ZERO,
            ticket: B256::ZERO,
            project_id: alloy_primitives::U256::ZERO,
            proposal_id: alloy_primitives::U256::ZERO,
            project_digest: B256::ZERO,
            proposal_digest: B256::ZERO,
            incumbent_code_hash: B256::ZERO,
            incumbent_score: I256::ZERO,
            verdict: 1,
            reason: B256::ZERO,
            score: I256::ZERO,
            lower: I256::ZERO,
            upper: I256::ZERO,
            margin_bips: 0,
            metric_kind: 0,
            metric_channel: 0,
            platform_tier: 0,
            rule_version: 1,
            bundle_root: B256::ZERO,
            evidence_root: B256::ZERO,
        },
        signature: Signature([0; 65]),
    }))
}

pub const WAYS: &[Way] = &[
    Way {
        name: "a Hello of version 0",
        host: |scene| bound_to(scene, Hello { version: 0, ..hello() }),
        answers: &[Refused(FailureCode::Version)],
    },
    Way {
        name: "a Hello of version 65535",
        host: |scene| {
            bound_to(
                scene,
                Hello {
                    version: 65535,
                    ..hello()
                },
            )
        },
        answers: &[Refused(FailureCode::Version)],
    },
    Way {
        name: "a Hello for another registry",
        host: |scene| {
            let registry = Address::ZERO;
            bound_to(scene, Hello { registry, ..hello() })
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "a Hello for another operator",
        host: |scene| {
            let operator = Address::ZERO;
            bound_to(scene, Hello { operator, ..hello() })
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "a Hello for another chain",
        host: |scene| {
            let domain = Domain { chain_id: 1, ..DOMAIN };
            bound_to(scene, Hello { domain, ..hello() })
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "a Hello for another gateway",
        host: |scene| {
            let gateway = Address::ZERO;
            let domain = Domain { gateway, ..DOMAIN };
            bound_to(scene, Hello { domain, ..hello() })
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "two Hellos with two challenges: the statement names the evidence of the second",
        host: |scene| {
            let mut line = scene.introduced();
            let challenge = B256::repeat_byte(0x78);
            let second = line.introduce(Hello { challenge, ..hello() });
            line.ask(scene.job());
            vec![second, line.finish()]
        },
        answers: &[Introduced, Improved],
    },
    Way {
        name: "a hundred Hellos with a hundred challenges",
        host: |scene| {
            let mut line = scene.line();
            let challenges = (0..100).map(B256::repeat_byte);
            let answers = challenges.map(|challenge| line.introduce(Hello { challenge, ..hello() }));
            answers.fold(Vec::new(), |_, last| vec![last])
        },
        answers: &[Introduced],
    },
    Way {
        name: "a job before Hello",
        host: |scene| {
            let mut line = scene.line();
            line.ask(scene.job());
            vec![line.answer()]
        },
        answers: &[Refused(FailureCode::NoIdentity)],
    },
    Way {
        name: "a job after a Hello that was refused",
        host: |scene| {
            let mut line = scene.line();
            let refused = line.introduce(Hello { version: 2, ..hello() });
            line.ask(scene.job());
            vec![refused, line.answer()]
        },
        answers: &[Refused(FailureCode::Version), Refused(FailureCode::NoIdentity)],
    },
    Way {
        name: "a job for another chain than the key's",
        host: |scene| {
            let mut line = scene.introduced();
            let domain = Domain { chain_id: 1, ..HONEST };
            line.ask(orv_wire::Job { domain, ..scene.job() });
            vec![line.answer()]
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "a job for another gateway than the key's",
        host: |scene| {
            let mut line = scene.introduced();
            let gateway = Address::ZERO;
            let domain = Domain { gateway, ..HONEST };
            line.ask(orv_wire::Job { domain, ..scene.job() });
            vec![line.answer()]
        },
        answers: &[Refused(FailureCode::OtherBinding)],
    },
    Way {
        name: "an Identity from the host",
        host: |scene| {
            let envelope = vec![7; 5000];
            between_jobs(scene, &Message::Identity(Identity { version: 1, envelope }))
        },
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "a Result from the host",
        host: |scene| between_jobs(scene, &statement()),
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "an Exit from the host",
        host: |scene| between_jobs(scene, &Message::Exit(Exit::new(ExitCode::Keeper, "end"))),
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "a Want from the host",
        host: |scene| {
            let hash = scene.job().proposal.code_hash;
            between_jobs(
                scene,
                &Message::Want(Want {
                    hash,
                    offset: 0,
                    length: 1 << 20,
                }),
            )
        },
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "Progress from the host",
        host: |scene| {
            let stage = Stage::Sign;
            between_jobs(
                scene,
                &Message::Progress(Progress {
                    stage,
                    done: 1,
                    total: 1,
                }),
            )
        },
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "an Error from the host",
        host: |scene| {
            let (code, detail) = (FailureCode::Internal, "x".repeat(900_000));
            between_jobs(scene, &Message::Error(Failure { code, detail }))
        },
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "a segment where no job runs",
        host: |scene| {
            let (hash, bytes) = (scene.job().proposal.code_hash, vec![0; 100]);
            between_jobs(
                scene,
                &Message::Segment(Segment {
                    hash,
                    offset: 0,
                    total: 100,
                    bytes,
                }),
            )
        },
        answers: OUT_OF_ORDER,
    },
    Way {
        name: "a Hello in the middle of a job's bytes",
        host: |scene| while_fetching(scene, |line| line.send(&Message::Hello(hello()))),
        answers: &[Says(FailureCode::OutOfOrder, "Hello")],
    },
    Way {
        name: "a Result in the middle of a job's bytes",
        host: |scene| while_fetching(scene, |line| line.send(&statement())),
        answers: &[Says(FailureCode::OutOfOrder, "Result")],
    },
    Way {
        name: "a failure of another kind than missing bytes in the middle of them",
        host: |scene| {
            while_fetching(scene, |line| {
                let (code, detail) = (FailureCode::Internal, String::new());
                line.send(&Message::Error(Failure { code, detail }))
            })
        },
        answers: &[Says(FailureCode::OutOfOrder, "Error")],
    },
    Way {
        name: "a broken frame in the middle of a job's bytes",
        host: |scene| while_fetching(scene, |line| line.frame(5, STREAM, &[0xff])),
        answers: &[Says(FailureCode::Malformed, "Segment")],
    },
    Way {
        name: "a Hello while trials run",
        host: |scene| while_trials_run(scene, |line| line.send(&Message::Hello(hello()))),
        answers: &[Says(FailureCode::OutOfOrder, "Hello")],
    },
    Way {
        name: "a broken frame while trials run",
        host: |scene| while_trials_run(scene, |line| line.frame(99, STREAM, &[])),
        answers: &[Says(FailureCode::Malformed, "unknown frame kind")],
    },
    Way {
        name: "a cancel before Hello",
        host: |scene| {
            let mut line = scene.line();
            line.send(&cancel());
            vec![line.answer()]
        },
        answers: &[Says(FailureCode::Cancelled, "no job runs")],
    },
    Way {
        name: "a cancel in the middle of a job's bytes",
        host: |scene| while_fetching(scene, |line| line.send(&cancel())),
        answers: &[Refused(FailureCode::Cancelled)],
    },
    Way {
        name: "a cancel while trees are laid out",
        host: |scene| {
            let mut line = scene.working_at(Stage::Prepare);
            line.send(&cancel());
            vec![line.answer()]
        },
        answers: &[Refused(FailureCode::Cancelled)],
    },
    Way {
        name: "a cancel while trials run",
        host: |scene| while_trials_run(scene, |line| line.send(&cancel())),
        answers: &[Refused(FailureCode::Cancelled)],
    },
    Way {
        name: "a cancel of another stream while trials run",
        host: |scene| while_trials_run(scene, |line| line.send_on(STREAM + 1, &cancel())),
        answers: &[Says(FailureCode::OutOfOrder, "stream 6")],
    },
    Way {
        name: "a cancel after the statement",
        host: |scene| {
            let mut line = scene.working();
            let stated = line.finish();
            line.send(&cancel());
            vec![stated, line.answer()]
        },
        answers: &[Improved, Says(FailureCode::Cancelled, "no job runs")],
    },
    Way {
        name: "a flood of cancels whose answers are read",
        host: |scene| {
            let mut line = scene.introduced();
            let answers = (0..3000).map(|_| {
                line.send(&cancel());
                line.answer()
            });
            answers.fold(Vec::new(), |_, last| vec![last])
        },
        answers: &[Refused(FailureCode::Cancelled)],
    },
    Way {
        name: "a flood of Progress in the middle of a job's bytes",
        host: |scene| {
            while_fetching(scene, |line| {
                let (stage, done, total) = (Stage::Trials, 1, 1);
                (0..200).all(|_| line.send(&Message::Progress(Progress { stage, done, total })))
            })
        },
        answers: &[Says(FailureCode::OutOfOrder, "Progress")],
    },
];
