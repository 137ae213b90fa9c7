//! The daemon before chains and storage that misbehave: production's daemon and the real enclave judge proposals whose
//! right verdicts are known, through endpoints that lose, delay, repeat, reorder, refuse, hide and lie, over a chain that
//! is reorganised up to ten blocks deep and storage that gives wrong bytes. Afterwards the chain's own word, the journal
//! and the receipts are compared: nothing may be wrong, locked or lost.
//!
//! An endpoint that lies alone beside honest ones is outvoted, and everything is decided. The only endpoint may delay
//! with its lies, and the gateway keeps them from settling anything wrong. `ORV_SEED` repeats a run's faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../enclave/appliance/tests/host/mod.rs"]
mod host;
#[allow(dead_code)]
#[path = "../operator/network.rs"]
mod network;
#[allow(dead_code)]
#[path = "../operator/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../operator/project.rs"]
mod project;
mod scenario;
#[path = "../operator/standing.rs"]
mod standing;
mod truth;

use orv_devnet::hostile::RpcFault::{self, *};
use scenario::{Beneath, Expectation, Scenario};

/// One endpoint that does these things.
fn alone(name: &'static str, faults: &'static [(RpcFault, u16)]) -> Scenario {
    Scenario {
        name,
        ways: vec![faults],
        quorum: 1,
        beneath: Beneath::Calm,
        expectation: Expectation::NothingWrong,
    }
}

#[test]
fn requests_and_answers_are_lost() {
    alone("lost", &[(LoseRequest, 60), (LoseAnswer, 60)]).run();
}

#[test]
fn requests_are_late_doubled_and_overtaken() {
    alone(
        "late, doubled, overtaken",
        &[(Delay, 100), (Duplicate, 100), (Reorder, 60)],
    )
    .run();
}

#[test]
fn the_only_endpoint_refuses_and_hides_receipts() {
    alone("refused, hidden", &[(Refuse, 100), (HideReceipt, 400)]).run();
}

#[test]
fn the_only_endpoint_lies_about_logs_and_the_head() {
    let lies: &[_] = &[
        (OmitLog, 150),
        (RepeatLog, 150),
        (InventLog, 150),
        (OldHead, 60),
        (AbsurdHead, 40),
    ];
    alone("lies about logs and head", lies).run();
}

#[test]
fn an_endpoint_that_lies_about_everything_beside_one_honest_one_decides_nothing() {
    Scenario {
        name: "one liar of two",
        ways: vec![
            &[
                (AlterCall, 100),
                (OmitLog, 150),
                (InventLog, 150),
                (OldHead, 60),
                (AbsurdHead, 60),
                (WrongCount, 100),
            ],
            &[],
        ],
        quorum: 2,
        beneath: Beneath::Calm,
        expectation: Expectation::NothingWrong,
    }
    .run();
}

#[test]
fn an_endpoint_that_lies_about_everything_beside_two_honest_ones_is_harmless() {
    Scenario {
        name: "one liar of three",
        ways: vec![
            &[],
            &[],
            &[
                (AlterCall, 900),
                (OmitLog, 300),
                (InventLog, 300),
                (AbsurdHead, 300),
                (WrongCount, 300),
            ],
        ],
        quorum: 2,
        beneath: Beneath::Calm,
        expectation: Expectation::EverythingDecided,
    }
    .run();
}

#[test]
fn the_chain_is_reorganised_up_to_ten_blocks_deep() {
    Scenario {
        beneath: Beneath::Reorganised,
        ..alone("reorganised", &[])
    }
    .run();
}

#[test]
fn storage_gives_errors_and_wrong_bytes() {
    Scenario {
        beneath: Beneath::BadStorage,
        ..alone("bad storage", &[])
    }
    .run();
}

#[test]
fn everything_at_once() {
    let bad: &[_] = &[
        (LoseRequest, 15),
        (LoseAnswer, 15),
        (Delay, 40),
        (Duplicate, 40),
        (Reorder, 20),
        (Refuse, 30),
        (HideReceipt, 100),
        (OmitLog, 40),
        (RepeatLog, 40),
        (InventLog, 40),
        (OldHead, 20),
        (AbsurdHead, 20),
    ];
    Scenario {
        name: "everything",
        ways: vec![bad, bad, &[]],
        quorum: 2,
        beneath: Beneath::Both,
        expectation: Expectation::NothingWrong,
    }
    .run();
}
