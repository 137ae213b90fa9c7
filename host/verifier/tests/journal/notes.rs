//! What intake writes.

use crate::sample::{LEASE, apply, judged, proposal, watched};
use orv_chain::ProposalId;
use orv_chain::intake::Cursor;
use orv_chain::primitives::{B256, I256};
use orv_verifier::journal::{CloseCause, Event, NewProposal, Noted, State, WaitCause, Withdrawn};

fn other(number: u64) -> NewProposal {
    NewProposal {
        code_hash: B256::repeat_byte(0xee),
        claimed_score: I256::MINUS_ONE,
        ..proposal(number, 2)
    }
}

fn gone(of: NewProposal) -> Withdrawn {
    Withdrawn {
        proposal: of.proposal,
        code_hash: of.code_hash,
    }
}

on_both_databases! {
    async fn what_is_known_stays_as_it_is(stage: Stage) {
        let journal = stage.open().await;
        assert_eq!(journal.note(&proposal(1, 0), 1).await.unwrap(), Noted::New);
        let before = journal.get(ProposalId::from(1)).await.unwrap();
        assert_eq!(journal.note(&proposal(1, 0), 2).await.unwrap(), Noted::Known);
        assert_eq!(journal.get(ProposalId::from(1)).await.unwrap(), before);
    }

    /// The same transaction in another block.
    async fn a_submission_that_moved_to_another_block_is_the_same(stage: Stage) {
        let journal = stage.open().await;
        judged(&journal, proposal(1, 0)).await;
        let moved = NewProposal { submitted_at: 77, ..proposal(1, 0) };
        assert_eq!(journal.note(&moved, 2).await.unwrap(), Noted::Known);
        let record = journal.get(ProposalId::from(1)).await.unwrap();
        assert_eq!((record.state, record.submission.unwrap().submitted_at), (State::Judged, 77));
    }

    async fn another_submission_of_the_number_starts_anew_and_the_old_one_is_history(stage: Stage) {
        let journal = stage.open().await;
        let id = judged(&journal, proposal(1, 0)).await;
        apply(&journal, id, Event::LoseTicket).await;
        assert_eq!(journal.note(&other(1), 20).await.unwrap(), Noted::Replaced);
        let record = journal.get(id).await.unwrap();
        assert_eq!((record.state, record.ticket, record.statement, record.runs), (State::Seen, None, None, 0));
        assert_eq!((record.project, record.claimed_score), (other(1).project, I256::MINUS_ONE));
        assert_eq!(record.submission.unwrap().code_hash, other(1).code_hash);
        let changes = journal.changes(id).await.unwrap();
        let way: Vec<_> = changes.iter().rev().take(2).map(|change| change.to).collect();
        assert_eq!(way, [State::Seen, State::Closed(CloseCause::Withdrawn)]);
        assert_eq!(journal.note(&other(1), 21).await.unwrap(), Noted::Known);
    }

    async fn an_attempt_in_flight_is_ended_before_its_submission_is_replaced(stage: Stage) {
        let journal = stage.open().await;
        let id = judged(&journal, proposal(1, 0)).await;
        let before = journal.get(id).await.unwrap();
        assert_eq!(journal.note(&other(1), 20).await.unwrap(), Noted::InFlight(State::Judged));
        let batch = journal.note_batch(&[], &[gone(proposal(1, 0))], &Cursor::before(9), 20).await.unwrap();
        assert_eq!(batch, [(id, Noted::InFlight(State::Judged))]);
        assert_eq!(journal.get(id).await.unwrap(), before);
        apply(&journal, id, Event::LoseTicket).await;
        assert_eq!(journal.note(&other(1), 21).await.unwrap(), Noted::Replaced);
    }

    async fn a_withdrawn_submission_is_closed_and_starts_anew_when_it_comes_back(stage: Stage) {
        let journal = stage.open().await;
        journal.note(&proposal(1, 0), 1).await.unwrap();
        let id = ProposalId::from(1);
        let batch = journal.note_batch(&[], &[gone(proposal(1, 0)), gone(proposal(9, 0))], &Cursor::before(3), 2).await;
        assert_eq!(batch.unwrap(), [(id, Noted::Withdrawn), (ProposalId::from(9), Noted::Known)]);
        assert_eq!(journal.get(id).await.unwrap().state, State::Closed(CloseCause::Withdrawn));
        assert!(journal.workable().await.unwrap().is_empty());
        // The endpoint may have been behind, and then no event brings it again.
        assert_eq!(watched(&journal).await, [id]);
        journal.confirm(id).await.unwrap();
        assert!(watched(&journal).await.is_empty());
        assert_eq!(journal.note(&proposal(1, 0), 3).await.unwrap(), Noted::Again);
        assert_eq!(journal.get(id).await.unwrap().state, State::Seen);
        assert_eq!(journal.workable().await.unwrap().len(), 1);
    }

    /// An endpoint that is only some blocks behind reports the same, while an errand or an attempt has the row.
    async fn what_a_daemon_works_on_is_withdrawn_by_that_daemon(stage: Stage) {
        let journal = stage.open().await;
        let id = ProposalId::from(1);
        journal.note(&proposal(1, 0), 1).await.unwrap();
        journal.claim(id, LEASE).await.unwrap();
        let batch = journal.note_batch(&[], &[gone(proposal(1, 0))], &Cursor::before(3), 2).await.unwrap();
        assert_eq!(batch, [(id, Noted::InFlight(State::Seen))]);
        apply(&journal, id, Event::Wait(WaitCause::LowBalance)).await;
        journal.release(id).await.unwrap();
        let batch = journal.note_batch(&[], &[gone(proposal(1, 0))], &Cursor::before(3), 3).await.unwrap();
        assert_eq!(batch, [(id, Noted::Withdrawn)]);
    }

    async fn what_a_daemon_has_claimed_is_not_withdrawn_under_its_hands(stage: Stage) {
        let journal = stage.open().await;
        let id = ProposalId::from(1);
        journal.note(&proposal(1, 0), 1).await.unwrap();
        journal.claim(id, LEASE).await.unwrap();
        let withdraw = async || journal.note_batch(&[], &[gone(proposal(1, 0))], &Cursor::before(3), 2).await.unwrap();
        assert_eq!(withdraw().await, [(id, Noted::InFlight(State::Seen))]);
        journal.release(id).await.unwrap();
        assert_eq!(withdraw().await, [(id, Noted::Withdrawn)]);
    }

    async fn a_withdrawal_of_what_was_replaced_already_withdraws_nothing(stage: Stage) {
        let journal = stage.open().await;
        journal.note(&other(1), 1).await.unwrap();
        let batch = journal.note_batch(&[], &[gone(proposal(1, 0))], &Cursor::before(3), 2).await.unwrap();
        assert_eq!(batch, [(ProposalId::from(1), Noted::Known)]);
        assert_eq!(journal.get(ProposalId::from(1)).await.unwrap().state, State::Seen);
    }

    async fn a_closed_proposal_is_opened_again_when_what_closed_it_is_so_no_more(stage: Stage) {
        let journal = stage.open().await;
        let id = ProposalId::from(1);
        journal.note(&proposal(1, 0), 1).await.unwrap();
        journal.claim(id, LEASE).await.unwrap();
        apply(&journal, id, Event::Close(CloseCause::DecidedElsewhere)).await;
        assert_eq!(watched(&journal).await, [id]);
        apply(&journal, id, Event::Reopen).await;
        assert_eq!(journal.get(id).await.unwrap().state, State::Seen);
        apply(&journal, id, Event::Wait(WaitCause::LowBalance)).await;
        assert!(watched(&journal).await.is_empty());
    }

    async fn a_batch_and_its_cursor_are_written_together_or_not_at_all(stage: Stage) {
        let journal = stage.open().await;
        assert_eq!(journal.cursor().await.unwrap(), None);
        let first = Cursor::before(100);
        let batch = journal.note_batch(&[proposal(1, 0), proposal(2, 0)], &[], &first, 1).await.unwrap();
        assert!(batch.iter().all(|(_, noted)| *noted == Noted::New));
        assert_eq!(journal.cursor().await.unwrap(), Some(first.clone()));
        let impossible = NewProposal { submitted_at: u64::MAX, ..proposal(4, 0) };
        let refused = journal.note_batch(&[proposal(3, 0), impossible], &[], &Cursor::before(200), 2).await;
        assert!(refused.is_err());
        assert_eq!(journal.all().await.unwrap().len(), 2);
        assert_eq!(journal.cursor().await.unwrap(), Some(first));
        journal.save_cursor(&Cursor::before(300)).await.unwrap();
        assert_eq!(journal.cursor().await.unwrap(), Some(Cursor::before(300)));
    }

    async fn two_daemons_that_note_the_same_note_it_once(stage: Stage) {
        let (one, two) = (stage.open_as(1).await, stage.open_as(2).await);
        let many: Vec<_> = (0..50).map(|number| proposal(number, number % 3)).collect();
        let cursor = Cursor::before(7);
        let (left, right) = tokio::join!(
            one.note_batch(&many, &[], &cursor, 1),
            two.note_batch(&many, &[], &cursor, 1),
        );
        let noted = [left.unwrap(), right.unwrap()].concat();
        assert_eq!(noted.iter().filter(|(_, noted)| *noted == Noted::New).count(), 50);
        assert_eq!(one.all().await.unwrap().len(), 50);
    }
}
