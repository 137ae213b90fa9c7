//! The bytes of every message are fixed, and whatever comes instead is refused with a typed error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

use alloy_primitives::{Address, B256, I256, U256, hex};
use orv_receipt::{Domain, IncumbentFacts, ProjectFacts, ProposalFacts};
use orv_wire::*;
use proptest::prelude::*;

const DOMAIN: Domain = Domain {
    chain_id: 16602,
    gateway: Address::repeat_byte(0x60),
};

fn job() -> Job {
    Job {
        domain: DOMAIN,
        ledger: Address::repeat_byte(1),
        registry: Address::repeat_byte(2),
        ticket: B256::repeat_byte(3),
        project: ProjectFacts {
            id: U256::from(4),
            protocol_hash: B256::repeat_byte(5),
            repo_snapshot_hash: B256::repeat_byte(6),
            benchmark_hash: B256::repeat_byte(7),
            baseline_score: I256::try_from(-8).unwrap(),
            baseline_metrics_hash: B256::repeat_byte(9),
            token: Address::repeat_byte(10),
            creator: Address::repeat_byte(11),
            created_at: 12,
        },
        proposal: ProposalFacts {
            id: U256::from(13),
            project_id: U256::from(4),
            miner: Address::repeat_byte(14),
            reward_recipient: Address::repeat_byte(15),
            code_hash: B256::repeat_byte(16),
            benchmark_log_hash: B256::repeat_byte(17),
            claimed_score: I256::try_from(-18).unwrap(),
            stake: U256::from(19),
            submitted_at: 20,
        },
        incumbent: IncumbentFacts {
            code_hash: B256::ZERO,
            score: I256::try_from(-8).unwrap(),
        },
    }
}

/// One message of each kind that has a fixed example.
fn examples() -> Vec<(&'static str, Message)> {
    vec![
        (
            "hello",
            Message::Hello(Hello {
                version: WIRE_VERSION,
                challenge: B256::repeat_byte(1),
                domain: DOMAIN,
                registry: Address::repeat_byte(2),
                operator: Address::repeat_byte(3),
            }),
        ),
        (
            "identity",
            Message::Identity(Identity {
                version: WIRE_VERSION,
                envelope: vec![1, 2, 3],
            }),
        ),
        ("job", Message::Job(Box::new(job()))),
        (
            "want",
            Message::Want(Want {
                hash: B256::repeat_byte(1),
                offset: 2,
                length: 3,
            }),
        ),
        (
            "segment",
            Message::Segment(Segment {
                hash: B256::repeat_byte(1),
                offset: 2,
                total: 9,
                bytes: vec![4],
            }),
        ),
        (
            "progress",
            Message::Progress(Progress {
                stage: Stage::Trials,
                done: 1,
                total: 0,
            }),
        ),
        (
            "error",
            Message::Error(Failure {
                code: FailureCode::Missing,
                detail: "no such bytes".into(),
            }),
        ),
        ("cancel", Message::Cancel(Cancel {})),
        (
            "exit",
            Message::Exit(Exit {
                code: ExitCode::Keeper,
                detail: "the keeper is gone".into(),
            }),
        ),
    ]
}

#[test]
fn every_message_has_its_fixed_bytes() {
    let lines: Vec<String> = examples()
        .into_iter()
        .map(|(name, message)| format!("{name} {}", hex::encode(message.to_frame(7).to_bytes().unwrap())))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_message_is_read_back_from_its_own_frame() {
    for (name, message) in examples() {
        assert_eq!(Message::from_frame(&message.to_frame(7)).unwrap(), message, "{name}");
    }
}

proptest! {
    #[test]
    fn any_payload_of_any_kind_is_a_message_with_these_bytes_or_a_typed_error(
        kind in proptest::sample::select(Kind::ALL),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let frame = Frame { kind, stream: 1, payload };
        if let Ok(message) = Message::from_frame(&frame) {
            prop_assert_eq!(message.to_frame(1), frame);
        }
    }

    #[test]
    fn a_changed_message_is_another_message_or_refused(
        example in any::<proptest::sample::Index>(),
        index in any::<proptest::sample::Index>(),
        value in any::<u8>(),
    ) {
        let examples = examples();
        let (_, message) = &examples[example.index(examples.len())];
        let mut frame = message.to_frame(1);
        let index = index.index(frame.payload.len());
        frame.payload[index] = value;
        if let Ok(changed) = Message::from_frame(&frame) {
            prop_assert_eq!(changed.to_frame(1), frame);
        }
    }
}
