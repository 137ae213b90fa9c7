//! Several daemons, interleaved at will, beside a model of what they may do.

use crate::sample::{LEASE, proposal};
use crate::stage::Stage;
use orv_chain::ProposalId;
use orv_verifier::journal::{Claim, Detail, Event, Journal, JournalError, State, WaitCause};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Runtime;

/// Daemons of a model.
const DAEMONS: usize = 3;

/// What one of the daemons does, or what time does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Claim(usize),
    Renew(usize),
    Release(usize),
    Write(usize, WaitCause),
    Restart(usize),
    Lapse,
}

fn act() -> impl Strategy<Value = Act> {
    let daemon = 0..DAEMONS;
    let cause = prop::sample::select(vec![
        WaitCause::LowBalance,
        WaitCause::KeyNotLive,
        WaitCause::OtherTicket,
    ]);
    prop_oneof![
        3 => daemon.clone().prop_map(Act::Claim),
        1 => daemon.clone().prop_map(Act::Renew),
        1 => daemon.clone().prop_map(Act::Release),
        4 => (daemon.clone(), cause).prop_map(|(daemon, cause)| Act::Write(daemon, cause)),
        1 => daemon.prop_map(Act::Restart),
        2 => Just(Act::Lapse),
    ]
}

/// Who has the claim, and what was written.
struct Model {
    owner: Option<usize>,
    live: bool,
    state: State,
    writes: usize,
}

/// A journal in each daemon's hands.
struct Daemons {
    stage: Stage,
    journals: Vec<Journal>,
    id: ProposalId,
}

impl Daemons {
    async fn new(stage: Stage) -> Self {
        let mut journals = Vec::new();
        for daemon in 0..DAEMONS {
            journals.push(stage.open_as(name(daemon)).await);
        }
        Self {
            stage,
            journals,
            id: ProposalId::from(0),
        }
    }

    /// Plays the acts on a proposal of their own and compares each answer with the model's.
    async fn play(&mut self, acts: &[Act]) {
        self.id = ProposalId::from(u64::try_from(self.journals[0].all().await.unwrap().len()).unwrap());
        let number: u64 = self.id.to_string().parse().unwrap();
        self.journals[0].note(&proposal(number, 0), 1).await.unwrap();
        let mut model = Model {
            owner: None,
            live: false,
            state: State::Seen,
            writes: 0,
        };
        for act in acts {
            self.step(&mut model, *act).await;
            let record = self.journals[0].get(self.id).await.unwrap();
            let owner = model.owner.map(|owner| self.journals[owner].daemon());
            assert_eq!(record.claim.map(|claim| claim.by), owner, "after {act:?} of {acts:?}");
            assert_eq!(record.state, model.state, "after {act:?} of {acts:?}");
        }
        let changes = self.journals[0].changes(self.id).await.unwrap();
        assert_eq!(changes.len(), model.writes);
    }

    async fn step(&mut self, model: &mut Model, act: Act) {
        match act {
            Act::Claim(daemon) => {
                let free = !model.live || model.owner.is_none_or(|owner| owner == daemon);
                let claim = self.journals[daemon].claim(self.id, LEASE).await.unwrap();
                assert_eq!(claim == Claim::Taken, free);
                if free {
                    (model.owner, model.live) = (Some(daemon), true);
                }
            }
            Act::Renew(daemon) => {
                let renewed = self.journals[daemon].renew(LEASE).await.unwrap();
                assert_eq!(renewed == 1, model.owner == Some(daemon));
                model.live |= model.owner == Some(daemon);
            }
            Act::Release(daemon) => {
                self.journals[daemon].release(self.id).await.unwrap();
                model.owner = model.owner.filter(|owner| *owner != daemon);
                model.live &= model.owner.is_some();
            }
            Act::Write(daemon, cause) => {
                let event = Event::Wait(cause);
                let written = self.journals[daemon]
                    .transition(self.id, event, "model", Detail::None, 2)
                    .await;
                match model.owner == Some(daemon) {
                    true => {
                        model.state = written.unwrap();
                        model.writes += 1;
                    }
                    false => assert!(matches!(written, Err(JournalError::ClaimLost { .. }))),
                }
            }
            Act::Restart(daemon) => self.journals[daemon] = self.stage.open_as(name(daemon)).await,
            Act::Lapse => {
                self.stage
                    .meddle("UPDATE proposals SET claim_until = 1 WHERE claim_until > 1")
                    .await;
                model.live = false;
            }
        }
    }

    /// No claim of an earlier play is left for [`Journal::renew`] to count.
    async fn forget(&self) {
        self.stage
            .meddle("UPDATE proposals SET claim_owner = NULL, claim_until = NULL")
            .await;
    }
}

fn name(daemon: usize) -> u8 {
    u8::try_from(daemon).unwrap() + 1
}

fn play_at_will(stage: Stage, cases: u32) {
    let runtime = Runtime::new().unwrap();
    let daemons = tokio::sync::Mutex::new(runtime.block_on(Daemons::new(stage)));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let acts = prop::collection::vec(act(), 1..30);
    TestRunner::new(config)
        .run(&acts, |acts| {
            runtime.block_on(async {
                let mut daemons = daemons.lock().await;
                daemons.forget().await;
                daemons.play(&acts).await;
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn interleaved_daemons_behave_as_the_model_on_sqlite() {
    play_at_will(Stage::file(), 40);
}

#[test]
fn interleaved_daemons_behave_as_the_model_on_postgres() {
    if let Some(stage) = Stage::postgres() {
        play_at_will(stage, 40);
    }
}

/// How often each of the daemons below goes round its proposals.
const ROUNDS: u32 = 15;

/// Claims, works, lets go, again and again, and counts who is at work on the same proposal.
async fn work(journal: Journal, at_work: Arc<Vec<AtomicU32>>) -> u32 {
    let mut done = 0;
    for round in 0..ROUNDS {
        for (number, others) in (0..).zip(at_work.iter()) {
            let id = ProposalId::from(number);
            if journal.claim(id, LEASE).await.unwrap() != Claim::Taken {
                continue;
            }
            assert_eq!(others.fetch_add(1, Ordering::SeqCst), 0, "two at work on one proposal");
            let cause = match round % 2 {
                0 => WaitCause::LowBalance,
                _ => WaitCause::KeyNotLive,
            };
            journal
                .transition(id, Event::Wait(cause), "work", Detail::None, 2)
                .await
                .unwrap();
            assert_eq!(others.fetch_sub(1, Ordering::SeqCst), 1, "two at work on one proposal");
            journal.release(id).await.unwrap();
            done += 1;
        }
    }
    done
}

on_both_databases! {
    async fn no_two_daemons_are_ever_at_work_on_one_proposal(stage: Stage) {
        let at_work: Arc<Vec<AtomicU32>> = Arc::new((0..3).map(|_| AtomicU32::new(0)).collect());
        let mut tasks = Vec::new();
        for daemon in 1..=4 {
            let journal = stage.open_as(daemon).await;
            for number in 0..3 {
                journal.note(&proposal(number, 0), 1).await.unwrap();
            }
            tasks.push(tokio::spawn(work(journal, Arc::clone(&at_work))));
        }
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap();
        }
        let journal = stage.open().await;
        let mut written = 0;
        for record in journal.all().await.unwrap() {
            assert_eq!(record.claim, None);
            written += journal.changes(record.proposal).await.unwrap().len();
        }
        assert_eq!(u32::try_from(written).unwrap(), done);
        assert!(done > ROUNDS, "{done}");
    }
}
