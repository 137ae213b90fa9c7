//! One proposal's life, across restarts.

use crate::sample::{LEASE, apply, judged, mined, proposal, receipt, statement, ticket, watched};
use crate::stage::GATEWAY;
use orv_chain::primitives::{Address, B256};
use orv_chain::{BlockReference, ProposalId};
use orv_verifier::journal::{
    DaemonId, Detail, Ending, Event, FailedSettlements, Journal, JournalError, KeyRecord, Settlement, State, View,
    WaitCause,
};
use orv_verifier::status;

const APPROVED: Event = Event::Finish(Ending::Settled(Settlement::Approved));

on_both_databases! {
    /// The daemon's first start, and somebody who asks for its status meanwhile.
    async fn a_new_journal_can_be_opened_by_several_at_once(stage: Stage) {
        let opened = tokio::join!(stage.open(), stage.open_as(2), stage.open_as(3));
        for journal in [opened.0, opened.1, opened.2] {
            assert!(journal.all().await.unwrap().is_empty());
        }
    }

    async fn everything_is_there_after_a_restart(stage: Stage) {
        let before = {
            let journal = stage.open().await;
            let id = judged(&journal, proposal(4, 0)).await;
            journal.get(id).await.unwrap()
        };
        let journal = stage.open().await;
        let record = journal.get(before.proposal).await.unwrap();
        assert_eq!(record, before);
        assert_eq!(record.state, State::Judged);
        assert_eq!(record.ticket, Some(ticket()));
        assert_eq!(record.statement, Some(statement()));
        assert_eq!(record.submission.unwrap().stake, proposal(4, 0).stake);
        assert_eq!(record.runs, 1);
        let changes = journal.changes(before.proposal).await.unwrap();
        let way: Vec<_> = changes.into_iter().map(|change| change.to).collect();
        assert_eq!(way, [State::TicketOpen, State::Running, State::Judged]);
    }

    async fn a_receipt_is_there_with_its_statement_for_every_daemon(stage: Stage) {
        let journal = stage.open().await;
        judged(&journal, proposal(4, 0)).await;
        let other = stage.open_as(2).await;
        assert_eq!(other.receipt(ticket().id).await.unwrap(), Some(receipt()));
        assert_eq!(other.receipt(B256::ZERO).await.unwrap(), None);
        // The first that was kept is the one that was judged by.
        other.keep_receipt(ProposalId::from(4), ticket().id, vec![1], 20).await.unwrap();
        assert_eq!(other.receipt(ticket().id).await.unwrap(), Some(receipt()));
    }

    /// Each costs its operator gas: they are counted over restarts, and for one ticket.
    async fn what_was_paid_for_in_vain_is_counted_until_another_ticket(stage: Stage) {
        let journal = stage.open().await;
        let id = judged(&journal, proposal(4, 0)).await;
        for at in [100, 160] {
            journal.settlement_failed(id, at).await.unwrap();
        }
        let other = stage.open_as(2).await;
        let refused = other.settlement_failed(id, 170).await;
        assert!(matches!(refused, Err(JournalError::ClaimLost { .. })), "{refused:?}");
        let failed = other.get(id).await.unwrap().failed;
        assert_eq!(failed, FailedSettlements { times: 2, last_at: 160 });
        apply(&journal, id, Event::LoseTicket).await;
        journal
            .transition(id, Event::OpenTicket, "test", Detail::Ticket(ticket()), 200)
            .await
            .unwrap();
        assert_eq!(journal.get(id).await.unwrap().failed, FailedSettlements::default());
    }

    /// An enclave that is booted anew has another key.
    async fn only_the_newest_key_of_each_enclave_is_present(stage: Stage) {
        let (one, two) = (stage.open().await, stage.open_as(2).await);
        let key = |number: u8| KeyRecord {
            address: Address::repeat_byte(number),
            challenge_block: BlockReference {
                number: 1,
                hash: B256::repeat_byte(number),
            },
            envelope: vec![number],
        };
        one.keep_key(&key(1), "unix:a", 5).await.unwrap();
        two.keep_key(&key(2), "unix:a", 6).await.unwrap();
        one.keep_key(&key(3), "unix:b", 7).await.unwrap();
        one.keep_key(&key(4), "unix:a", 8).await.unwrap();
        let present: Vec<_> = two.present_keys().await.unwrap().into_iter().collect();
        assert_eq!(present, [2, 3, 4].map(Address::repeat_byte));
    }

    async fn a_settled_proposal_takes_no_event_after_a_restart(stage: Stage) {
        let id = {
            let journal = stage.open().await;
            let id = judged(&journal, proposal(4, 0)).await;
            apply(&journal, id, Event::Settle).await;
            journal.transition(id, APPROVED, "test", Detail::Transaction(mined()), 13).await.unwrap();
            id
        };
        let journal = stage.open().await;
        for event in [
            Event::OpenTicket,
            Event::Start,
            Event::Retry,
            Event::Wait(WaitCause::KeyNotLive),
            Event::LoseTicket,
            Event::Reopen,
        ] {
            let refused = journal.transition(id, event, "again", Detail::None, 14).await;
            assert!(matches!(refused, Err(JournalError::Transition { .. })), "{event:?}");
        }
        journal.note(&proposal(4, 0), 15).await.unwrap();
        let record = journal.get(id).await.unwrap();
        assert_eq!(record.state, State::Settled(Settlement::Approved));
        assert_eq!(record.transaction, Some(mined()));
    }

    async fn a_settlement_is_watched_until_it_is_deep_and_can_be_taken_back(stage: Stage) {
        let journal = stage.open().await;
        let id = judged(&journal, proposal(4, 0)).await;
        judged(&journal, proposal(5, 0)).await;
        apply(&journal, id, Event::Settle).await;
        journal.transition(id, APPROVED, "test", Detail::Transaction(mined()), 13).await.unwrap();
        let watched = async || watched(&journal).await;
        assert_eq!(watched().await, [id]);
        apply(&journal, id, Event::TakeBack).await;
        let record = journal.get(id).await.unwrap();
        assert_eq!((record.state, record.transaction, record.statement), (State::Judged, None, Some(statement())));
        assert_eq!(watched().await, []);
        // Nothing is watched in a state that says nothing about the chain.
        journal.confirm(id).await.unwrap();
        assert!(!journal.get(id).await.unwrap().confirmed);
        apply(&journal, id, Event::Settle).await;
        journal.transition(id, APPROVED, "test", Detail::Transaction(mined()), 14).await.unwrap();
        assert_eq!(watched().await, [id]);
        journal.confirm(id).await.unwrap();
        assert!(journal.get(id).await.unwrap().confirmed);
        assert_eq!(watched().await, []);
    }

    async fn what_is_recorded_deep_and_without_another_attempt_is_looked_at_once_in_a_life(stage: Stage) {
        let journal = stage.open().await;
        let id = judged(&journal, proposal(4, 0)).await;
        apply(&journal, id, Event::Settle).await;
        let inconclusive = Event::Finish(Ending::Inconclusive);
        journal.transition(id, inconclusive, "test", Detail::Transaction(mined()), 13).await.unwrap();
        let seen = async |view: View| journal.in_view(view).await.unwrap().len();
        let (once, twice) = (View::Changing { attempts: 1 }, View::Changing { attempts: 2 });
        assert_eq!((seen(View::Whole).await, seen(once).await, seen(twice).await), (1, 1, 1));
        journal.confirm(id).await.unwrap();
        assert_eq!((seen(View::Whole).await, seen(once).await, seen(twice).await), (1, 0, 1));
        stage.meddle("UPDATE proposals SET attempt = 3").await;
        assert_eq!(seen(twice).await, 0, "the gateway grants no fourth one");
        assert_eq!(journal.states().await.unwrap(), [(id, State::Inconclusive)].into());
    }

    async fn what_is_held_or_recorded_is_watched_too(stage: Stage) {
        let journal = stage.open().await;
        for (number, event) in [(1, Event::Hold), (2, Event::Finish(Ending::Inconclusive)), (3, Event::Finish(Ending::SetAside))] {
            let id = judged(&journal, proposal(number, 0)).await;
            apply(&journal, id, Event::Settle).await;
            apply(&journal, id, event).await;
        }
        let watched = watched(&journal).await;
        assert_eq!(watched.len(), 3);
        for id in watched {
            apply(&journal, id, Event::TakeBack).await;
            assert_eq!(journal.get(id).await.unwrap().state, State::Judged);
        }
    }

    async fn a_refused_event_writes_nothing(stage: Stage) {
        let journal = stage.open().await;
        let id = ProposalId::from(1);
        journal.note(&proposal(1, 0), 10).await.unwrap();
        journal.claim(id, LEASE).await.unwrap();
        let refused = journal.transition(id, Event::Judge, "no", crate::sample::judgement(), 11).await;
        assert!(matches!(refused, Err(JournalError::Transition { .. })));
        let record = journal.get(id).await.unwrap();
        assert_eq!((record.state, record.statement), (State::Seen, None));
        assert!(journal.changes(id).await.unwrap().is_empty());
        assert_eq!(journal.receipt(ticket().id).await.unwrap(), None);
    }

    async fn proposals_come_by_project_and_then_by_number(stage: Stage) {
        let journal = stage.open().await;
        for (number, project) in [(10, 0), (3, 1), (2, 0)] {
            journal.note(&proposal(number, project), 1).await.unwrap();
        }
        let order = |records: Vec<orv_verifier::journal::Record>| -> Vec<_> {
            records.iter().map(|record| record.proposal.to_string()).collect()
        };
        assert_eq!(order(journal.all().await.unwrap()), ["2", "10", "3"]);
        assert_eq!(order(journal.workable().await.unwrap()), ["2", "10", "3"]);
    }

    async fn two_gateways_share_a_database_and_nothing_else(stage: Stage) {
        let journal = stage.open().await;
        journal.note(&proposal(1, 0), 1).await.unwrap();
        let other = Journal::open(&stage.place, Address::repeat_byte(8), DaemonId::new([1; 16])).await.unwrap();
        assert!(other.all().await.unwrap().is_empty());
        assert!(matches!(other.claim(ProposalId::from(1), LEASE).await, Err(JournalError::Unknown(_))));
    }

    async fn the_newest_key_comes_first_and_an_enclave_has_its_own(stage: Stage) {
        let (journal, other) = (stage.open().await, stage.open_as(2).await);
        let key = |byte| KeyRecord {
            address: Address::repeat_byte(byte),
            challenge_block: BlockReference { number: u64::from(byte), hash: B256::repeat_byte(byte) },
            envelope: vec![byte],
        };
        journal.keep_key(&key(1), "vsock:16:5000", 5).await.unwrap();
        journal.keep_key(&key(2), "vsock:17:5000", 5).await.unwrap();
        other.keep_key(&key(3), "vsock:16:5000", 5).await.unwrap();
        let keys: Vec<_> = journal.keys().await.unwrap().iter().map(|key| key.envelope.clone()).collect();
        assert_eq!(keys, [[3], [2], [1]]);
        assert_eq!(journal.newest_key("vsock:16:5000").await.unwrap(), Some(key(1)));
        assert_eq!(other.newest_key("vsock:16:5000").await.unwrap(), Some(key(3)));
        assert_eq!(other.newest_key("vsock:17:5000").await.unwrap(), None);
        journal.keep_key(&key(1), "vsock:16:5000", 6).await.unwrap();
        assert_eq!(journal.keys().await.unwrap().first(), Some(&key(1)));
    }

    /// Until one of them is admitted, nobody knows which.
    async fn a_key_keeps_its_newest_evidences(stage: Stage) {
        let journal = stage.open().await;
        let evidence = |byte: u8| KeyRecord {
            address: Address::repeat_byte(1),
            challenge_block: BlockReference { number: u64::from(byte), hash: B256::repeat_byte(byte) },
            envelope: vec![byte],
        };
        for byte in 1..=20 {
            journal.keep_key(&evidence(byte), "vsock:16:5000", 5).await.unwrap();
        }
        let kept = journal.evidence_of(Address::repeat_byte(1)).await.unwrap();
        assert_eq!(kept, (13..=20).rev().map(evidence).collect::<Vec<_>>());
        assert_eq!(journal.evidence_of(Address::repeat_byte(2)).await.unwrap(), []);
    }

    async fn status_tells_what_was_claimed_and_what_was_measured(stage: Stage) {
        let journal = stage.open().await;
        judged(&journal, proposal(4, 0)).await;
        let rows = status(&journal).await.unwrap();
        let [row] = rows.as_slice() else { panic!("one row") };
        assert_eq!((row.claimed_score.as_str(), row.score.as_deref()), ("1", Some("20")));
        assert_eq!((row.verdict, row.reason.as_deref()), (Some("approve"), Some("improved")));
        let json: serde_json::Value = serde_json::to_value(row).unwrap();
        assert_eq!(json["state"], "judged");
    }

    async fn a_damaged_row_is_a_typed_error(stage: Stage) {
        let journal = stage.open().await;
        journal.note(&proposal(4, 0), 1).await.unwrap();
        stage.meddle("UPDATE proposals SET state = 'winning'").await;
        let read = journal.all().await;
        assert!(matches!(read, Err(JournalError::Content { column: "state", .. })));
        stage.meddle("UPDATE proposals SET state = 'seen', runs = -1").await;
        let read = journal.get(ProposalId::from(4)).await;
        assert!(matches!(read, Err(JournalError::Content { column: "runs", .. })));
    }

    async fn a_cause_of_any_text_is_written(stage: Stage) {
        let journal = stage.open().await;
        let id = ProposalId::from(4);
        journal.note(&proposal(4, 0), 1).await.unwrap();
        journal.claim(id, LEASE).await.unwrap();
        let cause = "\u{0}'; DROP TABLE proposals; -- $1 \u{1f980}".repeat(1000);
        journal.transition(id, Event::Wait(WaitCause::LowBalance), &cause, Detail::None, 2).await.unwrap();
        let written = journal.get(id).await.unwrap().cause;
        assert!(written.starts_with("'; DROP TABLE proposals; -- $1 \u{1f980}'"));
        assert_eq!(written.chars().count(), 1000);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused() {
    let stage = crate::stage::Stage::file();
    drop(stage.open().await);
    stage.meddle("PRAGMA user_version = 99").await;
    let newer = Journal::open(&stage.place, GATEWAY, DaemonId::READER).await;
    assert!(matches!(newer, Err(JournalError::NewerSchema { found: 99, .. })));
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let Some(stage) = crate::stage::Stage::postgres() else {
        return;
    };
    drop(stage.open().await);
    stage.meddle("UPDATE journal_schema SET version = 99").await;
    let newer = Journal::open(&stage.place, GATEWAY, DaemonId::READER).await;
    assert!(matches!(newer, Err(JournalError::NewerSchema { found: 99, .. })));
}
