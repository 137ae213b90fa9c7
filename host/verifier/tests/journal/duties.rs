//! What is left to do on chain.

use orv_chain::primitives::{Address, B256};
use orv_chain::{ProjectId, ProposalId};
use orv_verifier::journal::{DueDuty, Duty};

on_both_databases! {
    async fn a_duty_is_due_from_its_time_until_it_is_done(stage: Stage) {
        let journal = stage.open().await;
        let expire = Duty::Expire(ProposalId::from(4));
        let withdraw = Duty::Withdraw { project: ProjectId::from(4), operator: Address::repeat_byte(1) };
        journal.owe(expire, 200, 0).await.unwrap();
        journal.owe(withdraw, 100, 0).await.unwrap();
        assert_eq!(journal.due(99).await.unwrap(), []);
        assert_eq!(journal.due(100).await.unwrap(), [DueDuty { duty: withdraw, due_at: 100 }]);
        let other = stage.open_as(2).await;
        assert_eq!(other.due(200).await.unwrap().len(), 2);
        other.discharge(DueDuty { duty: withdraw, due_at: 100 }, Some(B256::repeat_byte(9))).await.unwrap();
        other.discharge(DueDuty { duty: expire, due_at: 200 }, None).await.unwrap();
        assert_eq!(journal.due(u64::MAX >> 1).await.unwrap(), []);
    }

    async fn a_duty_can_be_put_off_and_comes_again(stage: Stage) {
        let journal = stage.open().await;
        let duty = Duty::Expire(ProposalId::from(4));
        journal.owe(duty, 100, 0).await.unwrap();
        journal.owe(duty, 300, 0).await.unwrap();
        assert_eq!(journal.due(299).await.unwrap(), []);
        journal.discharge(DueDuty { duty, due_at: 300 }, None).await.unwrap();
        journal.owe(duty, 400, 0).await.unwrap();
        assert_eq!(journal.due(400).await.unwrap(), [DueDuty { duty, due_at: 400 }]);
    }

    /// A withdrawal that failed rests, and another verdict of its project notes it anew.
    async fn what_rests_is_not_hurried_by_being_noted_again(stage: Stage) {
        let journal = stage.open().await;
        let duty = Duty::Withdraw { project: ProjectId::from(4), operator: Address::repeat_byte(1) };
        journal.owe(duty, 0, 0).await.unwrap();
        let seen = journal.due(0).await.unwrap()[0];
        assert!(journal.take_duty(seen, 150).await.unwrap().is_some());
        journal.owe(duty, 0, 0).await.unwrap();
        assert_eq!(journal.due(150).await.unwrap(), [], "somebody is about it");
        journal.owe(duty, 86_400, 0).await.unwrap();
        journal.owe(duty, 0, 0).await.unwrap();
        assert_eq!(journal.due(86_400).await.unwrap(), []);
        let rested = journal.due(86_401).await.unwrap()[0];
        // Nothing of it is left once it is done.
        journal.discharge(rested, None).await.unwrap();
        journal.owe(duty, 0, 0).await.unwrap();
        assert_eq!(journal.due(0).await.unwrap(), [DueDuty { duty, due_at: 0 }]);
    }

    /// An endpoint's head was years ahead when the withdrawal was taken.
    async fn a_time_beyond_every_rest_gives_way_to_the_next_note(stage: Stage) {
        let journal = stage.open().await;
        let duty = Duty::Withdraw { project: ProjectId::from(4), operator: Address::repeat_byte(1) };
        let (now, wrong) = (1_700_000_000, 4_000_000_000);
        journal.owe(duty, 0, now).await.unwrap();
        let seen = journal.due(wrong).await.unwrap()[0];
        assert!(journal.take_duty(seen, wrong + 150).await.unwrap().is_some());
        assert_eq!(journal.due(now).await.unwrap(), []);
        journal.owe(duty, 0, now).await.unwrap();
        let seen = journal.due(now).await.unwrap()[0];
        // A rest that is as long as one can be is kept.
        let rested = now + Duty::LONGEST_REST;
        assert!(journal.take_duty(seen, rested).await.unwrap().is_some());
        journal.owe(duty, 0, now).await.unwrap();
        assert_eq!(journal.due(rested).await.unwrap(), []);
        assert_eq!(journal.due(rested + 1).await.unwrap().len(), 1);
    }

    /// A verdict is settled between the withdrawal of another daemon and its word that it is done.
    async fn what_is_noted_while_somebody_is_about_it_is_not_done_with_it(stage: Stage) {
        let (journal, other) = (stage.open().await, stage.open_as(2).await);
        let duty = Duty::Withdraw { project: ProjectId::from(4), operator: Address::repeat_byte(1) };
        for noted in [0, 150, 400] {
            journal.owe(duty, 0, 0).await.unwrap();
            let seen = journal.due(0).await.unwrap()[0];
            let taken = journal.take_duty(seen, 150).await.unwrap().unwrap();
            other.owe(duty, noted, 0).await.unwrap();
            journal.discharge(taken, Some(B256::repeat_byte(9))).await.unwrap();
            let left = other.due(400).await.unwrap()[0];
            assert!(left.due_at > 150, "noted for {noted}");
            let again = other.take_duty(left, 600).await.unwrap().unwrap();
            other.discharge(again, None).await.unwrap();
            assert_eq!(journal.due(u64::MAX >> 1).await.unwrap(), []);
        }
    }

    async fn of_two_daemons_one_gets_a_due_duty_and_it_comes_again(stage: Stage) {
        let (journal, other) = (stage.open().await, stage.open_as(2).await);
        let duty = Duty::Expire(ProposalId::from(4));
        journal.owe(duty, 100, 0).await.unwrap();
        let (seen, too) = (journal.due(100).await.unwrap()[0], other.due(100).await.unwrap()[0]);
        assert!(journal.take_duty(seen, 220).await.unwrap().is_some());
        assert!(other.take_duty(too, 220).await.unwrap().is_none());
        assert_eq!(other.due(219).await.unwrap(), []);
        let again = other.due(220).await.unwrap()[0];
        let taken = other.take_duty(again, 340).await.unwrap().unwrap();
        // Whose turn is over has nothing to say any more.
        journal.discharge(DueDuty { duty, due_at: 220 }, None).await.unwrap();
        assert_eq!(journal.due(340).await.unwrap(), [taken]);
        other.discharge(taken, None).await.unwrap();
        assert!(other.take_duty(taken, 460).await.unwrap().is_none());
    }
}
