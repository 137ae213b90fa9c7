//! A daemon's board and journal as they may be on some day, and a page over them. Every time is fixed.

#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used)]

mod journal;
mod visitor;

pub use journal::{HOSTILE, prepared};
pub use visitor::{Answer, ask};

use orv_chain::primitives::{Address, B256, U256};
use orv_chain::{BlockReference, NodeHealth, NodeState, ProposalId};
use orv_verifier::journal::State;
use orv_verifier::page::{Operation, Page, PageSettings};
use orv_verifier::{Board, EnclaveSeen, EndpointSeen, Notice, Observer, Silent, Surroundings};
use orv_wire::Stage;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The moment at which everything is looked at.
pub const NOW: u64 = 1_800_000_000;

/// The gateway whose journal it is.
pub const GATEWAY: Address = Address::repeat_byte(7);

/// The newest block that a quorum has.
const HEAD: u64 = 18_442_107;

/// Wei of a coin.
const COIN: u64 = 1_000_000_000_000_000_000;

thread_local! {
    /// The board's time. A test and its server run on one thread.
    static CLOCK: Cell<u64> = const { Cell::new(NOW) };
}

/// A page that is served, and what stands behind it.
pub struct Served {
    pub address: SocketAddr,
    pub board: Arc<Board>,
    _directory: tempfile::TempDir,
}

/// Serves a prepared journal until the test's runtime ends.
pub async fn serve() -> Served {
    serve_with(PageSettings::default()).await
}

/// As [`serve`], with settings of one's own; the port is chosen by the system.
pub async fn serve_with(settings: PageSettings) -> Served {
    let directory = tempfile::tempdir().unwrap();
    let journal = prepared(directory.path()).await;
    CLOCK.set(NOW);
    let board = Board::with_clock(Arc::new(Silent), || Duration::from_secs(CLOCK.get()));
    let settings = PageSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        ..settings
    };
    let page = Page::open(settings, operation(), Arc::clone(&board), journal)
        .await
        .unwrap();
    let address = page.address().unwrap();
    tokio::spawn(page.serve());
    Served {
        address,
        board,
        _directory: directory,
    }
}

pub fn operation() -> Operation {
    Operation {
        chain_id: 16_602,
        gateway: GATEWAY,
        operator: Address::repeat_byte(0x8a),
        run_seconds: 3600,
        least_balance: U256::from(COIN / 100),
    }
}

/// Everything is as it should be, but an endpoint that lags: two enclaves, one of them judging.
pub fn surroundings() -> Surroundings {
    let enclave = |cid: u32, key: u8, hours: u64, verdicts: u32, judging: Option<u64>| EnclaveSeen {
        address: format!("vsock:{cid}:5000"),
        key: Some(Address::repeat_byte(key)),
        expires_at: Some(NOW + hours * 3600 + 720),
        verdicts_left: Some(verdicts),
        revoked: false,
        judging: judging.map(ProposalId::from),
    };
    Surroundings {
        head: Some(BlockReference {
            number: HEAD,
            hash: B256::repeat_byte(3),
        }),
        head_time: Some(NOW - 3),
        stale_head_seconds: 600,
        cursor: Some(18_442_108),
        balance: Some(U256::from(COIN / 1000 * 137)),
        listed: Some(true),
        disk_free: Some(212_400_000_000),
        endpoints: [
            ("https://rpc-1.example", NodeState::Serving, HEAD),
            ("https://rpc-2.example", NodeState::Lagging { behind: 11 }, HEAD - 11),
        ]
        .map(|(endpoint, state, head)| {
            let (endpoint, head) = (endpoint.to_owned(), Some(head));
            EndpointSeen::of(&NodeHealth { endpoint, state, head }, Some(HEAD))
        })
        .to_vec(),
        enclaves: vec![enclave(16, 0xa1, 17, 973, Some(23)), enclave(17, 0xb2, 6, 402, None)],
        ..Surroundings::default()
    }
}

fn changed(proposal: u64, state: State) -> Notice {
    Notice::Changed {
        proposal: ProposalId::from(proposal),
        state,
        cause: String::new(),
    }
}

/// How far the trials of a proposal are.
pub fn trials(proposal: u64, done: u64) -> Notice {
    Notice::Progress {
        proposal: ProposalId::from(proposal),
        stage: Stage::Trials,
        done,
        total: 52,
    }
}

/// A busy day: one run, one settlement, two failures, one of them with hostile words in it.
pub fn busy(board: &Board) {
    let failed = |proposal: Option<u64>, code, message: &str, advice| Notice::Failed {
        proposal: proposal.map(ProposalId::from),
        code,
        message: message.to_owned(),
        advice,
    };
    let unanswered = || {
        failed(
            None,
            "ORV-V-010",
            "the chain gives no usable answer: HTTP status 503",
            "Check the RPC address; the step is tried again.",
        )
    };
    let refused = failed(
        Some(21),
        "ORV-V-032",
        &format!("the enclave refused: {HOSTILE}"),
        "The enclave's own words say what it did not accept.",
    );
    // Each with the seconds that have passed since.
    let day = [
        (2 * 3600, Notice::Reloaded { left_out: Vec::new() }),
        (35 * 60, refused),
        (11 * 60, unanswered()),
        (10 * 60, unanswered()),
        (540, changed(23, State::Running)),
        (120, changed(22, State::Settling)),
        (7, trials(23, 17)),
        (3, Notice::Observed(Box::new(surroundings()))),
    ];
    for (ago, notice) in &day {
        CLOCK.set(NOW - ago);
        board.notice(notice);
    }
    CLOCK.set(NOW);
}
