//! The tables: the same on both databases, and old files become new ones.

use crate::sample::{proposal, receipt};
use crate::stage::{GATEWAY, Stage};
use orv_chain::ProposalId;
use orv_chain::intake::Cursor;
use orv_chain::primitives::{Address, B256};
use orv_verifier::journal::{Journal, JournalError, Noted, Settlement, State};
use sqlx::{AnyConnection, Row};
use std::path::PathBuf;

/// What the first program wrote.
const FIRST_SCHEMA: &str = concat!(
    "PRAGMA journal_mode = WAL;",
    include_str!("../../migrations/sqlite/0001_journal.sql"),
    "PRAGMA user_version = 1;",
    "INSERT INTO proposals (gateway, proposal, project, claimed_score, state, cause, attempt, runs, ticket, ticket_key,
        closes_at, incumbent_code_hash, incumbent_score, verdict, reason, score, lower, upper, bundle_root,
        receipt_path, transaction_hash, gas_used, changed_at) VALUES
        ('0x0707070707070707070707070707070707070707', '4', '0', '1', 'settled:approved', 'done', 1, 1,
         '0x0101010101010101010101010101010101010101010101010101010101010101',
         '0x0202020202020202020202020202020202020202', 5000,
         '0x0000000000000000000000000000000000000000000000000000000000000000', '-12', 1, 'improved', '20', '19', '21',
         '0x0303030303030303030303030303030303030303030303030303030303030303', '/receipts/0-4-1.orv',
         '0x0909090909090909090909090909090909090909090909090909090909090909', 235000, 13);",
    "INSERT INTO proposals (gateway, proposal, project, claimed_score, state, cause, changed_at) VALUES
        ('0x0707070707070707070707070707070707070707', '5', '0', '1', 'waiting:low-balance', 'poor', 14);",
    "INSERT INTO transitions (gateway, proposal, state_from, state_to, cause, changed_at) VALUES
        ('0x0707070707070707070707070707070707070707', '5', 'seen', 'waiting:low-balance', 'poor', 14);",
    "INSERT INTO cursors VALUES ('0x0707070707070707070707070707070707070707', 1000);",
    "INSERT INTO keys (gateway, address, challenge_block, challenge_hash, envelope, noted_at) VALUES
        ('0x0707070707070707070707070707070707070707', '0x0202020202020202020202020202020202020202', 2,
         '0x0202020202020202020202020202020202020202020202020202020202020202', x'02', 6),
        ('0x0707070707070707070707070707070707070707', '0x0101010101010101010101010101010101010101', 1,
         '0x0101010101010101010101010101010101010101010101010101010101010101', x'01', 5);",
);

#[tokio::test]
async fn a_file_of_the_first_schema_is_read_on() {
    let stage = Stage::file();
    stage.meddle(FIRST_SCHEMA).await;
    let journal = stage.open().await;
    let settled = journal.get(ProposalId::from(4)).await.unwrap();
    assert_eq!(settled.state, State::Settled(Settlement::Approved));
    assert_eq!(settled.transaction.unwrap().gas_used, 235_000);
    // Its receipt stays the file that it is.
    assert_eq!(settled.statement.unwrap().receipt, PathBuf::from("/receipts/0-4-1.orv"));
    assert_eq!(journal.receipt(B256::repeat_byte(1)).await.unwrap(), None);
    assert_eq!(
        (settled.submission, settled.confirmed, settled.claim),
        (None, false, None)
    );
    let workable: Vec<_> = journal
        .workable()
        .await
        .unwrap()
        .iter()
        .map(|record| record.proposal)
        .collect();
    assert_eq!(workable, [ProposalId::from(5)]);
    assert_eq!(journal.changes(ProposalId::from(5)).await.unwrap().len(), 1);
    assert_eq!(journal.cursor().await.unwrap(), Some(Cursor::before(1000 - 32)));
    let keys: Vec<_> = journal.keys().await.unwrap().iter().map(|key| key.address).collect();
    assert_eq!(keys, [2, 1].map(Address::repeat_byte));
    let newest = journal.newest_key("unix:/run/orv.sock").await.unwrap();
    assert_eq!(newest.map(|key| key.address), Some(Address::repeat_byte(2)));
    // What intake knows now is filled in.
    assert_eq!(journal.note(&proposal(5, 0), 20).await.unwrap(), Noted::Known);
    let filled = journal.get(ProposalId::from(5)).await.unwrap();
    assert_eq!(filled.submission.unwrap().miner, proposal(5, 0).miner);
    journal
        .keep_receipt(ProposalId::from(5), B256::repeat_byte(5), receipt(), 21)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_only_reads_makes_no_file_and_changes_no_tables() {
    let stage = Stage::file();
    let read = async || Journal::open_to_read(&stage.place, GATEWAY).await;
    assert!(matches!(read().await, Err(JournalError::NotYet(_))));
    assert_eq!(std::fs::read_dir(stage.folder()).unwrap().count(), 0);
    stage.meddle(FIRST_SCHEMA).await;
    assert!(matches!(read().await, Err(JournalError::OlderSchema { found: 1, .. })));
    let mut connection = stage.connect().await;
    let schema: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(schema, 1, "the program that works with it still can");
    drop(stage.open().await);
    let journal = read().await.unwrap();
    assert_eq!(journal.all().await.unwrap().len(), 2);
    journal.backup(&stage.folder().join("copy")).await.unwrap();
    assert!(journal.claim(ProposalId::from(5), 60).await.is_err());
}

#[tokio::test]
async fn who_only_reads_makes_no_tables_in_a_database() {
    let Some(stage) = Stage::postgres() else { return };
    let read = async || Journal::open_to_read(&stage.place, GATEWAY).await;
    assert!(matches!(read().await, Err(JournalError::NotYet(_))));
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    let tables: i64 = sqlx::query_scalar(tables)
        .fetch_one(&mut stage.connect().await)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    drop(stage.open().await);
    assert!(read().await.unwrap().all().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_old_file_that_two_programs_open_at_once_is_brought_up_to_date_once() {
    for _ in 0..10 {
        let stage = Stage::file();
        stage.meddle(FIRST_SCHEMA).await;
        let (one, two, three) = tokio::join!(stage.open(), stage.open_as(2), stage.open_as(3));
        for journal in [one, two, three] {
            assert_eq!(journal.all().await.unwrap().len(), 2);
        }
    }
}

/// Table, column, kind and whether it may be empty, in order.
async fn columns(mut connection: AnyConnection, statement: &'static str) -> Vec<[String; 4]> {
    let rows = sqlx::query(statement).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .map(|row| [0, 1, 2, 3].map(|column| row.get(column)))
        .collect()
}

#[tokio::test]
async fn both_databases_have_the_same_columns() {
    let (file, Some(server)) = (Stage::file(), Stage::postgres()) else {
        return;
    };
    file.open().await;
    server.open().await;
    let of_file = "SELECT m.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' \
         ELSE lower(c.type) END, CASE WHEN c.\"notnull\" OR c.pk THEN 'NO' ELSE 'YES' END \
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid";
    let of_server = "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'journal_schema' \
         ORDER BY table_name COLLATE \"C\", ordinal_position";
    let (left, right) = (
        columns(file.connect().await, of_file).await,
        columns(server.connect().await, of_server).await,
    );
    assert_eq!(left, right);
    assert!(left.len() > 50, "{}", left.len());
}

/// Thousands of proposals are done, and a round of the daemon must not read them.
#[tokio::test]
async fn what_is_final_is_not_read_to_find_what_is_workable() {
    let stage = Stage::file();
    stage.open().await;
    let mut connection = stage.connect().await;
    for condition in ["final = 0", "final = 1 AND confirmed = 0"] {
        let plan = format!("EXPLAIN QUERY PLAN SELECT * FROM proposals WHERE gateway = $1 AND {condition}");
        let row = sqlx::query(sqlx::AssertSqlSafe(plan))
            .bind("0x")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let plan: String = row.get("detail");
        assert!(
            plan.contains("USING INDEX proposals_workable") || plan.contains("USING INDEX proposals_unconfirmed"),
            "{plan}"
        );
    }
}
