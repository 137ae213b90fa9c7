//! Moments for tests.

use super::{Operation, PageSettings, Situation};
use crate::board::Live;
use crate::journal::{Settlement, State};
use crate::notice::{EnclaveSeen, EndpointSeen, Notice, Surroundings};
use crate::status::StatusRow;
use orv_chain::primitives::{Address, B256, U256};
use orv_chain::{BlockReference, NodeHealth, NodeState, ProposalId};
use orv_wire::Stage;
use std::time::Duration;

const NOW: u64 = 1_800_000_000;

/// The newest block that a quorum has.
const HEAD: u64 = 4_200_000;

const COIN: u64 = 1_000_000_000_000_000_000;

pub(super) fn operation() -> Operation {
    Operation {
        chain_id: 16_602,
        gateway: Address::repeat_byte(7),
        operator: Address::repeat_byte(8),
        run_seconds: 3600,
        least_balance: U256::from(COIN / 100),
    }
}

/// A proposal without a verdict.
pub(super) fn row(proposal: u64, state: State) -> StatusRow {
    StatusRow {
        proposal: proposal.to_string(),
        project: "0".to_owned(),
        state,
        cause: "test".to_owned(),
        attempt: None,
        claimed_score: "1".to_owned(),
        incumbent_score: None,
        score: None,
        interval: None,
        verdict: None,
        reason: None,
        gas_used: None,
        transaction: None,
        receipt: None,
        bundle_root: None,
        changed_at: NOW - 60,
        lapses_at: None,
    }
}

/// A daemon that has just begun.
pub(super) fn fresh<T>(make: impl FnOnce(&Situation<'_>) -> T) -> T {
    let now = Duration::from_secs(NOW);
    make(&Situation {
        now,
        settings: &PageSettings::default(),
        operation: &operation(),
        live: &Live::begun(now),
        rows: Some(&[]),
    })
}

/// Surroundings in which everything is as it should be.
pub(super) fn good() -> Surroundings {
    Surroundings {
        head: Some(BlockReference {
            number: HEAD,
            hash: B256::repeat_byte(3),
        }),
        head_time: Some(NOW - 5),
        stale_head_seconds: 600,
        cursor: Some(4_199_990),
        balance: Some(U256::from(COIN)),
        listed: Some(true),
        disk_free: Some(52_000_000_000),
        endpoints: [
            ("https://one.example", NodeState::Serving, HEAD),
            ("https://two.example", NodeState::Lagging { behind: 9 }, HEAD - 9),
        ]
        .map(|(endpoint, state, head)| {
            let (endpoint, head) = (endpoint.to_owned(), Some(head));
            EndpointSeen::of(&NodeHealth { endpoint, state, head }, Some(HEAD))
        })
        .to_vec(),
        enclaves: vec![EnclaveSeen {
            address: "vsock:16:5000".to_owned(),
            key: Some(Address::repeat_byte(9)),
            expires_at: Some(NOW + 40_000),
            verdicts_left: Some(1000),
            revoked: false,
            judging: Some(ProposalId::from(2)),
        }],
        paused: None,
    }
}

/// A daemon that judges one proposal, has settled another, and failed once.
pub(super) fn busy<T>(make: impl FnOnce(&Situation<'_>) -> T) -> T {
    with(good(), make)
}

/// As [`busy`], in other surroundings.
pub(super) fn with<T>(surroundings: Surroundings, make: impl FnOnce(&Situation<'_>) -> T) -> T {
    let mut live = Live::begun(Duration::from_secs(NOW - 1000));
    let changed = |proposal: u64, state| Notice::Changed {
        proposal: ProposalId::from(proposal),
        state,
        cause: "test".to_owned(),
    };
    let notices = [
        Notice::Reloaded { left_out: Vec::new() },
        Notice::Observed(Box::new(surroundings)),
        changed(1, State::Running),
        changed(1, State::Judged),
        Notice::Failed {
            proposal: Some(ProposalId::from(1)),
            code: "ORV-V-013",
            message: "underpriced".to_owned(),
            advice: "Check balance and fees; the step is tried again.",
        },
        changed(1, State::Settled(Settlement::Approved)),
        changed(2, State::Running),
        Notice::Progress {
            proposal: ProposalId::from(2),
            stage: Stage::Trials,
            done: 7,
            total: 52,
        },
    ];
    for (second, notice) in (NOW - 80..).step_by(10).zip(&notices) {
        live.fold(notice, Duration::from_secs(second));
    }
    let approved = StatusRow {
        attempt: Some(1),
        incumbent_score: Some("1000".to_owned()),
        score: Some("1200".to_owned()),
        interval: Some(["1150".to_owned(), "1250".to_owned()]),
        verdict: Some("approve"),
        reason: Some("improved".to_owned()),
        ..row(1, State::Settled(Settlement::Approved))
    };
    make(&Situation {
        now: Duration::from_secs(NOW),
        settings: &PageSettings::default(),
        operation: &operation(),
        live: &live,
        rows: Some(&[approved, row(2, State::Running)]),
    })
}
