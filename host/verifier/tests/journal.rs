//! The journal outlives the program.

#![allow(clippy::unwrap_used, clippy::panic)]

use orv_chain::primitives::{Address, B256, I256};
use orv_chain::{BlockReference, ProjectId, ProposalId};
use orv_verifier::journal::{
    Detail, Ending, Event, Journal, JournalError, KeyRecord, Settlement, State, Statement, Ticket, Transaction,
    WaitCause,
};
use orv_verifier::status;
use std::path::{Path, PathBuf};

const GATEWAY: Address = Address::repeat_byte(7);

fn ticket() -> Ticket {
    Ticket {
        id: B256::repeat_byte(1),
        key: Address::repeat_byte(2),
        attempt: 1,
        closes_at: 5000,
        incumbent_code_hash: B256::ZERO,
        incumbent_score: I256::try_from(-12).unwrap(),
    }
}

fn statement() -> Statement {
    Statement {
        verdict: 1,
        reason: "improved".to_owned(),
        score: I256::try_from(20).unwrap(),
        lower: I256::try_from(19).unwrap(),
        upper: I256::try_from(21).unwrap(),
        bundle_root: B256::repeat_byte(3),
        receipt: PathBuf::from("/receipts/0-4-1.orv"),
    }
}

async fn open(directory: &Path) -> Journal {
    Journal::open(&directory.join("journal.sqlite"), GATEWAY).await.unwrap()
}

/// Applies the events of a plain attempt up to and including `Judge`.
async fn judged(journal: &Journal, proposal: ProposalId) {
    journal.note(proposal, ProjectId::from(0), I256::ONE, 10).await.unwrap();
    let way = [
        (Event::OpenTicket, Detail::Ticket(ticket())),
        (Event::Start, Detail::None),
        (Event::Judge, Detail::Statement(statement())),
    ];
    for (event, detail) in way {
        journal.transition(proposal, event, "test", detail, 11).await.unwrap();
    }
}

/// The daemon's first start, and somebody who asks for its status meanwhile.
#[tokio::test]
async fn a_new_file_can_be_opened_by_several_at_once() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.sqlite");
        let opened = tokio::join!(
            Journal::open(&path, GATEWAY),
            Journal::open(&path, GATEWAY),
            Journal::open(&path, GATEWAY),
        );
        for journal in [opened.0, opened.1, opened.2] {
            assert!(journal.unwrap().all().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let proposal = ProposalId::from(4);
    let before = {
        let journal = open(directory.path()).await;
        judged(&journal, proposal).await;
        journal.move_cursor(77).await.unwrap();
        journal.get(proposal).await.unwrap()
    };
    let journal = open(directory.path()).await;
    let record = journal.get(proposal).await.unwrap();
    assert_eq!(record, before);
    assert_eq!(record.state, State::Judged);
    assert_eq!(record.ticket, Some(ticket()));
    assert_eq!(record.statement, Some(statement()));
    assert_eq!(record.runs, 1);
    assert_eq!(journal.cursor().await.unwrap(), Some(77));
    let way: Vec<_> = journal
        .changes(proposal)
        .await
        .unwrap()
        .into_iter()
        .map(|change| change.to)
        .collect();
    assert_eq!(way, [State::TicketOpen, State::Running, State::Judged]);
}

#[tokio::test]
async fn a_settled_proposal_takes_no_event_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let proposal = ProposalId::from(4);
    let mined = Transaction {
        hash: B256::repeat_byte(9),
        gas_used: 235_000,
    };
    {
        let journal = open(directory.path()).await;
        judged(&journal, proposal).await;
        journal
            .transition(proposal, Event::Settle, "test", Detail::None, 12)
            .await
            .unwrap();
        let approved = Event::Finish(Ending::Settled(Settlement::Approved));
        journal
            .transition(proposal, approved, "test", Detail::Transaction(mined), 13)
            .await
            .unwrap();
    }
    let journal = open(directory.path()).await;
    for event in [
        Event::OpenTicket,
        Event::Start,
        Event::Retry,
        Event::Wait(WaitCause::KeyNotLive),
        Event::LoseTicket,
    ] {
        let refused = journal.transition(proposal, event, "again", Detail::None, 14).await;
        assert!(matches!(refused, Err(JournalError::Transition { .. })), "{event:?}");
    }
    journal.note(proposal, ProjectId::from(0), I256::ONE, 15).await.unwrap();
    let record = journal.get(proposal).await.unwrap();
    assert_eq!(record.state, State::Settled(Settlement::Approved));
    assert_eq!(record.transaction, Some(mined));
}

#[tokio::test]
async fn a_refused_event_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    let proposal = ProposalId::from(1);
    journal.note(proposal, ProjectId::from(0), I256::ONE, 10).await.unwrap();
    let refused = journal
        .transition(proposal, Event::Judge, "no", Detail::Statement(statement()), 11)
        .await;
    assert!(matches!(refused, Err(JournalError::Transition { .. })));
    let record = journal.get(proposal).await.unwrap();
    assert_eq!((record.state, record.statement), (State::Seen, None));
    assert!(journal.changes(proposal).await.unwrap().is_empty());
}

#[tokio::test]
async fn proposals_come_by_project_and_then_by_number() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    for (proposal, project) in [(10, 0), (3, 1), (2, 0)] {
        journal
            .note(ProposalId::from(proposal), ProjectId::from(project), I256::ONE, 1)
            .await
            .unwrap();
    }
    let order: Vec<_> = journal
        .all()
        .await
        .unwrap()
        .iter()
        .map(|record| record.proposal.to_string())
        .collect();
    assert_eq!(order, ["2", "10", "3"]);
}

#[tokio::test]
async fn two_gateways_share_a_file_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    journal
        .note(ProposalId::from(1), ProjectId::from(0), I256::ONE, 1)
        .await
        .unwrap();
    drop(journal);
    let path = directory.path().join("journal.sqlite");
    let other = Journal::open(&path, Address::repeat_byte(8)).await.unwrap();
    assert!(other.all().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_newest_key_comes_first() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    for byte in [1, 2] {
        let challenge_block = BlockReference {
            number: u64::from(byte),
            hash: B256::repeat_byte(byte),
        };
        let key = KeyRecord {
            address: Address::repeat_byte(byte),
            challenge_block,
            envelope: vec![byte],
        };
        journal.keep_key(&key, 5).await.unwrap();
    }
    let keys = journal.keys().await.unwrap();
    assert_eq!(keys.first().map(|key| key.envelope.clone()), Some(vec![2]));
}

#[tokio::test]
async fn status_tells_what_was_claimed_and_what_was_measured() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    judged(&journal, ProposalId::from(4)).await;
    let rows = status(&journal).await.unwrap();
    let [row] = rows.as_slice() else { panic!("one row") };
    assert_eq!((row.claimed_score.as_str(), row.score.as_deref()), ("1", Some("20")));
    assert_eq!(
        (row.verdict, row.reason.as_deref()),
        (Some("approve"), Some("improved"))
    );
    let json: serde_json::Value = serde_json::to_value(row).unwrap();
    assert_eq!(json["state"], "judged");
}

#[tokio::test]
async fn a_damaged_row_is_a_typed_error() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path()).await;
    journal
        .note(ProposalId::from(4), ProjectId::from(0), I256::ONE, 1)
        .await
        .unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(directory.path().join("journal.sqlite"));
    let pool = sqlx::sqlite::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql("UPDATE proposals SET state = 'winning'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(matches!(
        journal.all().await,
        Err(JournalError::Content { column: "state", .. })
    ));
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    let newer = Journal::open(&directory.path().join("journal.sqlite"), GATEWAY).await;
    assert!(matches!(newer, Err(JournalError::NewerSchema { found: 99, .. })));
}
