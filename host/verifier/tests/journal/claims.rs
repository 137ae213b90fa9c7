//! Of several daemons one works on a proposal.

use crate::sample::{LEASE, apply, judged, proposal};
use orv_chain::ProposalId;
use orv_verifier::journal::{Claim, DaemonId, Detail, Event, Journal, JournalError, State, WaitCause};

const ID: fn() -> ProposalId = || ProposalId::from(4);

/// Ends a lease, as time would.
async fn lapse(stage: &crate::stage::Stage) {
    stage.meddle("UPDATE proposals SET claim_until = 1").await;
}

async fn wait(journal: &Journal) -> Result<State, JournalError> {
    let event = Event::Wait(WaitCause::LowBalance);
    journal.transition(ID(), event, "test", Detail::None, 12).await
}

fn is_held_by(claim: Claim, daemon: u8) -> bool {
    matches!(claim, Claim::Held { by, until } if by == DaemonId::new([daemon; 16]) && until > 1_700_000_000)
}

on_both_databases! {
    async fn a_proposal_that_one_daemon_has_is_held_for_the_others(stage: Stage) {
        let (one, two) = (stage.open_as(1).await, stage.open_as(2).await);
        one.note(&proposal(4, 0), 1).await.unwrap();
        assert_eq!(one.claim(ID(), LEASE).await.unwrap(), Claim::Taken);
        assert_eq!(one.claim(ID(), LEASE).await.unwrap(), Claim::Taken);
        assert!(is_held_by(two.claim(ID(), LEASE).await.unwrap(), 1));
        two.release(ID()).await.unwrap();
        assert!(is_held_by(two.claim(ID(), LEASE).await.unwrap(), 1));
        assert_eq!(one.claimed().await.unwrap(), [ID()]);
        assert_eq!(two.claimed().await.unwrap(), []);
        one.release(ID()).await.unwrap();
        assert_eq!(two.claim(ID(), LEASE).await.unwrap(), Claim::Taken);
    }

    async fn nothing_changes_without_a_claim(stage: Stage) {
        let (one, two) = (stage.open_as(1).await, stage.open_as(2).await);
        one.note(&proposal(4, 0), 1).await.unwrap();
        assert!(matches!(wait(&one).await, Err(JournalError::ClaimLost { holder: None, .. })));
        two.claim(ID(), LEASE).await.unwrap();
        let holder = Some(DaemonId::new([2; 16]));
        assert!(matches!(wait(&one).await, Err(JournalError::ClaimLost { holder: by, .. }) if by == holder));
        assert_eq!(one.get(ID()).await.unwrap().state, State::Seen);
        assert!(one.changes(ID()).await.unwrap().is_empty());
        wait(&two).await.unwrap();
    }

    async fn a_dead_daemons_proposal_is_taken_over_and_it_can_write_nothing_more(stage: Stage) {
        let (one, two) = (stage.open_as(1).await, stage.open_as(2).await);
        judged(&one, proposal(4, 0)).await;
        lapse(&stage).await;
        assert_eq!(two.claim(ID(), LEASE).await.unwrap(), Claim::Taken);
        assert!(matches!(wait(&one).await, Err(JournalError::ClaimLost { .. })));
        assert_eq!(one.renew(LEASE).await.unwrap(), 0);
        one.release(ID()).await.unwrap();
        assert!(is_held_by(one.claim(ID(), LEASE).await.unwrap(), 2));
        apply(&two, ID(), Event::Settle).await;
    }

    /// The database was away for longer than a lease, and what the enclave said meanwhile must not be lost.
    async fn a_claim_that_ran_out_and_that_nobody_took_still_counts(stage: Stage) {
        let one = stage.open_as(1).await;
        judged(&one, proposal(4, 0)).await;
        lapse(&stage).await;
        apply(&one, ID(), Event::Settle).await;
        assert_eq!(one.renew(LEASE).await.unwrap(), 1);
        assert!(is_held_by(stage.open_as(2).await.claim(ID(), LEASE).await.unwrap(), 1));
    }

    async fn a_restarted_daemon_is_the_old_one(stage: Stage) {
        judged(&stage.open_as(1).await, proposal(4, 0)).await;
        let again = stage.open_as(1).await;
        assert_eq!(again.claimed().await.unwrap(), [ID()]);
        apply(&again, ID(), Event::Settle).await;
    }

    async fn what_the_old_owners_enclave_said_is_there_for_the_new_one(stage: Stage) {
        let (one, two) = (stage.open_as(1).await, stage.open_as(2).await);
        one.note(&proposal(4, 0), 1).await.unwrap();
        one.claim(ID(), LEASE).await.unwrap();
        let ticket = crate::sample::ticket();
        one.transition(ID(), Event::OpenTicket, "test", Detail::Ticket(ticket), 2).await.unwrap();
        apply(&one, ID(), Event::Start).await;
        lapse(&stage).await;
        two.claim(ID(), LEASE).await.unwrap();
        let late = one.transition(ID(), Event::Judge, "late", crate::sample::judgement(), 3).await;
        assert!(matches!(late, Err(JournalError::ClaimLost { .. })));
        assert_eq!(two.receipt(ticket.id).await.unwrap(), None);
        one.keep_receipt(ID(), ticket.id, crate::sample::receipt(), 3).await.unwrap();
        assert_eq!(two.receipt(ticket.id).await.unwrap(), Some(crate::sample::receipt()));
    }

    async fn a_reader_claims_nothing(stage: Stage) {
        stage.open().await.note(&proposal(4, 0), 1).await.unwrap();
        let reader = Journal::open(&stage.place, crate::stage::GATEWAY, DaemonId::READER).await.unwrap();
        assert!(matches!(reader.claim(ID(), LEASE).await, Err(JournalError::ClaimLost { .. })));
        assert!(matches!(wait(&reader).await, Err(JournalError::ClaimLost { .. })));
        assert_eq!(reader.get(ID()).await.unwrap().claim, None);
    }

    async fn a_lease_that_fits_no_clock_is_refused(stage: Stage) {
        let one = stage.open().await;
        one.note(&proposal(4, 0), 1).await.unwrap();
        assert!(matches!(one.claim(ID(), u64::MAX).await, Err(JournalError::TooLarge(_))));
        assert!(matches!(one.renew(u64::MAX / 1000).await, Err(JournalError::TooLarge(_))));
    }

    async fn of_eight_that_claim_at_once_exactly_one_wins(stage: Stage) {
        let mut daemons = Vec::new();
        for daemon in 1..=8 {
            daemons.push(stage.open_as(daemon).await);
        }
        for number in 0..30 {
            let id = ProposalId::from(number);
            daemons[0].note(&proposal(number, 0), 1).await.unwrap();
            let start = std::sync::Arc::new(tokio::sync::Barrier::new(daemons.len()));
            let tries: Vec<_> = daemons.iter().cloned().map(|journal| {
                let start = std::sync::Arc::clone(&start);
                tokio::spawn(async move {
                    start.wait().await;
                    (journal.daemon(), journal.claim(id, LEASE).await.unwrap())
                })
            }).collect();
            let mut winners = Vec::new();
            for tried in tries {
                let (daemon, claim) = tried.await.unwrap();
                if claim == Claim::Taken {
                    winners.push(daemon);
                }
            }
            let holder = daemons[0].get(id).await.unwrap().claim.unwrap().by;
            assert_eq!(winners, [holder]);
        }
    }
}
