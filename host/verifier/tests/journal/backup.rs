//! A copy of a journal that is in use.

use crate::crash::check_whole;
use crate::sample::{LEASE, proposal};
use crate::stage::{GATEWAY, Stage};
use orv_chain::ProposalId;
use orv_verifier::journal::{DaemonId, Journal, JournalError, JournalPlace};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn a_copy_that_is_taken_during_writes_opens_and_is_whole() {
    let stage = Stage::file();
    let (writer, copier) = (stage.open().await, stage.open_as(2).await);
    writer.note(&proposal(0, 0), 1).await.unwrap();
    writer.claim(ProposalId::from(0), LEASE).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let ended = Arc::clone(&ended);
        async move {
            let mut written = 0;
            while !ended.load(Ordering::Relaxed) {
                crate::crash::attempt(&writer, written).await.unwrap();
                written += 1;
            }
            written
        }
    });
    let mut lengths = Vec::new();
    for number in 0..8 {
        let path = stage.folder().join(format!("copy {number}.sqlite"));
        copier.backup(&path).await.unwrap();
        let copy = Journal::open(&JournalPlace::File(path), GATEWAY, DaemonId::READER)
            .await
            .unwrap();
        check_whole(&copy).await;
        lengths.push(copy.changes(ProposalId::from(0)).await.unwrap().len());
        tokio::task::yield_now().await;
    }
    ended.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0);
    assert!(lengths.is_sorted());
    check_whole(&copier).await;
}

#[tokio::test]
async fn a_copy_replaces_no_file_and_leaves_nothing_half_behind() {
    let stage = Stage::file();
    let journal = stage.open().await;
    let path = stage.folder().join("kept");
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(journal.backup(&path).await, Err(JournalError::Backup { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let nowhere = stage.folder().join("no such folder").join("copy");
    let refused = journal.backup(&nowhere).await.unwrap_err();
    assert_eq!(refused.code(), "ORV-V-083", "the journal is whole: {refused}");
    // Broken off before: the rest of it is in nobody's way.
    std::fs::write(stage.folder().join("copy.partial"), "half").unwrap();
    journal.backup(&stage.folder().join("copy")).await.unwrap();
    assert!(!stage.folder().join("copy.partial").exists());
}

#[tokio::test]
async fn a_journal_in_postgres_names_the_tool_that_copies_it() {
    let Some(stage) = Stage::postgres() else { return };
    let refused = stage
        .open()
        .await
        .backup(&stage.folder().join("copy"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "ORV-V-082");
    assert!(refused.to_string().contains("pg_dump"));
}
