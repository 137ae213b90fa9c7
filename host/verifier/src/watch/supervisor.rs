//! Who works on what: rounds look at chain and journal, tasks do the work side by side.
//!
//! Each enclave has one task at a time; everything else (preparing, settling, looking again) is an errand, of which so
//! many run at a time as the configuration says. A task that hangs keeps its own proposal and its own enclave, and no
//! other.

use super::circuit::Permission;
use super::errand::{Outcome, Shared, taken_over};
use super::lane::Lane;
use super::pause::{Pause, rule};
use super::queue::Queue;
use super::stage::{Errand, Stage};
use super::{Failure, Phase};
use crate::duty;
use crate::error::VerifierError;
use crate::intake::Intake;
use crate::journal::{Record, State, View};
use crate::notice::Notice;
use crate::run::{self, Care};
use crate::ticket::{Allowance, TicketCount};
use orv_chain::ProposalId;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest time of one errand: content of many gigabytes may have to be fetched.
const LONGEST_ERRAND: Duration = Duration::from_secs(3600);

/// One task that ended.
pub(super) struct Ended {
    proposal: Option<ProposalId>,
    work: Work,
    outcome: Result<Outcome, VerifierError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Errand(Errand),
    /// In the enclave of this number.
    Attempt(usize),
    /// Care for the idle enclave of this number.
    Tend(usize, Care),
    /// What is left to do once proposals are decided.
    Duty,
}

pub(super) struct Supervisor {
    pub(super) shared: Shared,
    pub(super) intake: Intake,
    pub(super) lanes: Vec<Lane>,
    pub(super) queue: Queue,
    pub(super) pause: Pause,
    /// Failures of the present round.
    pub(super) failures: Vec<Failure>,
    /// Why nothing was begun, when that was last told.
    pub(super) told_pause: Option<String>,
    /// Tickets that this run of the daemon opens.
    pub(super) tickets: TicketCount,
    /// What the next round looks at.
    pub(super) view: View,
    /// The care for idle enclaves: who works once pays for no key that no proposal needs.
    pub(super) care: Care,
    tasks: JoinSet<Ended>,
    errands: usize,
    /// Those of them that only look.
    looks: usize,
    /// Those of them that prepare an attempt: a storage network that hangs keeps each for long.
    preparing: usize,
    on_duty: bool,
}

impl Supervisor {
    pub(super) fn new(shared: Shared, intake: Intake, lanes: Vec<Lane>) -> Self {
        Self {
            shared,
            intake,
            lanes,
            queue: Queue::default(),
            pause: Pause::default(),
            failures: Vec::new(),
            told_pause: None,
            tickets: TicketCount::default(),
            view: View::Whole,
            care: Care::KeepOpen,
            tasks: JoinSet::new(),
            errands: 0,
            looks: 0,
            preparing: 0,
            on_duty: false,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for the next task to end; for ever when there is none. May be dropped while it waits, and nothing is lost:
    /// so what came of the task is taken in apart ([`Self::take_in`]), by somebody whom nothing interrupts.
    ///
    /// # Errors
    /// A task that panicked.
    pub(super) async fn next(&mut self) -> Result<Ended, VerifierError> {
        match self.tasks.join_next().await {
            None => std::future::pending().await,
            Some(ended) => ended.map_err(|_| VerifierError::TaskStopped),
        }
    }

    /// Takes in whatever has ended by now.
    ///
    /// # Errors
    /// As [`Self::take_in`].
    pub(super) async fn take_in_ended(&mut self) -> Result<(), VerifierError> {
        while let Some(ended) = self.tasks.try_join_next() {
            self.take_in(ended.map_err(|_| VerifierError::TaskStopped)?).await?;
        }
        Ok(())
    }

    /// Takes in what came of a task. Not to be dropped before it is done: its proposal would stay busy for ever.
    ///
    /// # Errors
    /// What no waiting mends.
    pub(super) async fn take_in(&mut self, ended: Ended) -> Result<(), VerifierError> {
        let Ended {
            proposal,
            work,
            outcome,
        } = ended;
        match work {
            Work::Duty => self.on_duty = false,
            Work::Errand(errand) => {
                self.errands = self.errands.saturating_sub(1);
                if !errand.is_urgent() {
                    self.looks = self.looks.saturating_sub(1);
                }
                if errand == Errand::Prepare {
                    self.preparing = self.preparing.saturating_sub(1);
                }
            }
            Work::Attempt(lane) | Work::Tend(lane, _) => {
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.end();
                }
            }
        }
        self.learn(work, &outcome);
        let Some(proposal) = proposal else {
            return outcome.map(|_| ()).or_else(|error| self.tell(None, error));
        };
        match outcome {
            Ok(Outcome::Ready) => self.queue.set_ready(proposal),
            Ok(Outcome::Further) => match self.shared.operator.journal.get(proposal).await {
                Ok(record) => {
                    match work {
                        Work::Errand(Errand::Settle | Errand::Reconcile) => self.pause.statement_came_to(record.state),
                        // A trial that brought no statement says nothing about settling.
                        Work::Attempt(_) if record.state != State::Judged => self.pause.trial_said_nothing(),
                        _ => {}
                    }
                    self.queue.go_on(record);
                }
                Err(error) => {
                    self.queue.rest(proposal);
                    self.tell(Some(proposal), error.into())?;
                }
            },
            Ok(Outcome::Rest) => self.queue.rest(proposal),
            Ok(Outcome::Done) => self.queue.finish(proposal),
            Ok(Outcome::OtherKey) => {
                if let Work::Attempt(lane) = work {
                    self.queue.set_stranger(proposal, lane);
                }
            }
            Err(error) => {
                self.queue.rest(proposal);
                self.tell(Some(proposal), error)?;
            }
        }
        Ok(())
    }

    /// What an outcome says about enclaves and settlements.
    fn learn(&mut self, work: Work, outcome: &Result<Outcome, VerifierError>) {
        let operator = &self.shared.operator;
        let (settings, now) = (operator.config().pause.clone(), operator.clock());
        match (work, outcome) {
            (
                Work::Errand(Errand::Settle),
                Err(
                    VerifierError::Send { .. }
                    | VerifierError::Publish { .. }
                    | VerifierError::SettlementGivenUp { .. },
                ),
            ) => self.pause.not_settled(&settings, now),
            (Work::Errand(Errand::Settle | Errand::Reconcile), Ok(Outcome::Rest)) => self.pause.trial_said_nothing(),
            (Work::Attempt(lane), outcome) => {
                match outcome {
                    Ok(Outcome::Further) => {}
                    // Tickets and admissions cost gas as well: what fails on chain is not begun again in every round.
                    Err(error) if error.was_paid_for() => self.pause.not_settled(&settings, now),
                    _ => self.pause.trial_said_nothing(),
                }
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.learn(outcome, &rule(settings.failed_enclave, &settings), now);
                }
            }
            (Work::Tend(lane, care), outcome) => {
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.learn_of_care(care, outcome, &rule(settings.failed_enclave, &settings), now);
                }
            }
            _ => {}
        }
    }

    /// Begins whatever can begin now. Answers whether anything did.
    pub(super) fn dispatch(&mut self) -> bool {
        let before = self.tasks.len();
        let phase = self.shared.operator.controls.phase();
        if phase == Phase::HandBack {
            return false;
        }
        self.dispatch_errands(Errand::is_urgent, self.room());
        if phase == Phase::Work {
            self.dispatch_attempts();
            self.dispatch_beginnings();
            // Looking again never takes all the room: thousands of settlements may be young.
            let looks = self.room().min(self.half_the_room().saturating_sub(self.looks));
            self.dispatch_errands(|errand| !errand.is_urgent(), looks);
        }
        self.tasks.len() > before
    }

    fn room(&self) -> usize {
        let most = self.shared.operator.config().limits.concurrent_settlements;
        most.saturating_sub(self.errands)
    }

    /// How many errands may run at a time that no statement waits for: those that only look, and those that prepare.
    fn half_the_room(&self) -> usize {
        let most = self.shared.operator.config().limits.concurrent_settlements;
        most.div_ceil(2)
    }

    /// Whether another attempt may be prepared: not many more than enclaves can begin, and never so that statements find
    /// no room, whose tickets lapse meanwhile.
    fn may_prepare(&self) -> bool {
        let ahead = self.lanes.len().saturating_add(1).max(self.half_the_room());
        let few = self.queue.ready().saturating_add(self.preparing) < ahead;
        few && self.preparing < self.half_the_room() && self.room() > 0
    }

    fn dispatch_errands(&mut self, wanted: impl Fn(Errand) -> bool, room: usize) {
        if room == 0 {
            return;
        }
        let errands = self.queue.open().filter_map(|(record, stage)| match stage {
            Stage::Errand(errand) if wanted(errand) => Some((errand, record)),
            _ => None,
        });
        let mut errands: Vec<_> = errands.collect();
        errands.sort_by_key(|(errand, _)| *errand);
        let begun = errands.into_iter().take(room);
        let begun: Vec<_> = begun.map(|(errand, record)| (errand, record.clone())).collect();
        for (errand, record) in begun {
            self.spawn_errand(record, errand);
        }
    }

    fn spawn_errand(&mut self, record: Record, errand: Errand) {
        self.errands = self.errands.saturating_add(1);
        if !errand.is_urgent() {
            self.looks = self.looks.saturating_add(1);
        }
        if errand == Errand::Prepare {
            self.preparing = self.preparing.saturating_add(1);
        }
        self.queue.set_busy(record.proposal);
        let shared = self.shared.clone();
        self.tasks.spawn(async move {
            let done = timeout(LONGEST_ERRAND, shared.claimed(errand, &record)).await;
            Ended {
                proposal: Some(record.proposal),
                work: Work::Errand(errand),
                outcome: done.unwrap_or(Err(VerifierError::Overdue(LONGEST_ERRAND))),
            }
        });
    }

    /// Open tickets go to the enclave that has their key.
    fn dispatch_attempts(&mut self) {
        let tickets = self.queue.open().filter(|(_, stage)| *stage == Stage::Attempt);
        let tickets: Vec<_> = tickets.map(|(record, _)| record.clone()).collect();
        for record in tickets {
            match self.lane_of(&record) {
                Keeper::Lane(lane) => self.spawn_attempt(lane, record, None),
                Keeper::Later => {}
                Keeper::Nobody => self.spawn_leave(record),
            }
        }
    }

    fn lane_of(&self, record: &Record) -> Keeper {
        let key = record.ticket.map(|ticket| ticket.key);
        let strangers = self.queue.strangers(record.proposal);
        let mut later = false;
        for (number, lane) in self.lanes.iter().enumerate() {
            if strangers.contains(&number) || lane.key().is_some_and(|known| Some(known) != key) {
                continue;
            }
            if lane.busy {
                later = true;
                continue;
            }
            return Keeper::Lane(number);
        }
        if later { Keeper::Later } else { Keeper::Nobody }
    }

    fn spawn_leave(&mut self, record: Record) {
        self.errands = self.errands.saturating_add(1);
        self.queue.set_busy(record.proposal);
        let shared = self.shared.clone();
        self.tasks.spawn(async move {
            Ended {
                proposal: Some(record.proposal),
                work: Work::Errand(Errand::TakeUp),
                outcome: shared.leave(&record).await,
            }
        });
    }

    /// Proposals are prepared ahead of the enclaves, and begun in their order when one is free.
    fn dispatch_beginnings(&mut self) {
        let waiting = self.queue.open().filter(|(_, stage)| *stage == Stage::Begin);
        let waiting: Vec<_> = waiting.map(|(record, _)| record.proposal).collect();
        for proposal in waiting {
            if !self.may_begin() {
                return;
            }
            let Some(record) = self.queue.record(proposal) else {
                continue;
            };
            if self.queue.is_ready(proposal) {
                let (Some(lane), record) = (self.free_lane(), record.clone()) else {
                    continue;
                };
                self.begin(lane, record);
            } else if self.may_prepare() {
                self.spawn_errand(record.clone(), Errand::Prepare);
            }
        }
    }

    fn begin(&mut self, lane: usize, record: Record) {
        let now = self.shared.operator.clock();
        if self.pause.permission(now) == Permission::Trial {
            self.pause.begin_trial(now);
        }
        if let Some(lane) = self.lanes.get_mut(lane)
            && lane.circuit.permission(now) == Permission::Trial
        {
            lane.circuit.begin_trial(now);
        }
        let allowance = self.tickets.allow();
        self.spawn_attempt(lane, record, Some(allowance));
    }

    fn may_begin(&self) -> bool {
        let operator = &self.shared.operator;
        let most = operator.config().limits.proposals;
        let within = most.is_none_or(|most| self.tickets.allowed() < most);
        within && !matches!(self.pause.permission(operator.clock()), Permission::Refused(_))
    }

    fn free_lane(&self) -> Option<usize> {
        let now = self.shared.operator.clock();
        let free = |lane: &Lane| !lane.busy && !matches!(lane.circuit.permission(now), Permission::Refused(_));
        self.lanes.iter().position(free)
    }

    fn spawn_attempt(&mut self, number: usize, record: Record, allowance: Option<Allowance>) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        lane.begin(Some(record.proposal));
        self.queue.set_busy(record.proposal);
        let (shared, desk, cancel) = (self.shared.clone(), Arc::clone(&lane.desk), Arc::clone(&lane.cancel));
        self.tasks.spawn(async move {
            let mut desk = desk.lock_owned().await;
            let proposal = record.proposal;
            let operator = shared.operator.as_ref();
            let outcome = async {
                if !operator.claim(proposal).await? {
                    return Ok(Outcome::Rest);
                }
                let now = operator.journal.get(proposal).await?;
                let attempted = if now.state == record.state {
                    let attempted = run::attempt(operator, &mut desk, &now, allowance, cancel).await;
                    attempted.map(Outcome::from)
                } else {
                    Ok(Outcome::Further)
                };
                operator.unclaim(proposal).await?;
                attempted
            };
            Ended {
                proposal: Some(proposal),
                work: Work::Attempt(number),
                outcome: taken_over(outcome.await),
            }
        });
    }

    /// Looks after idle enclaves. While nothing is begun, none is admitted either.
    pub(super) fn tend(&mut self) {
        let now = self.shared.operator.clock();
        let wanted = if self.may_begin() { self.care } else { Care::KeepOpen };
        for (number, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| !lane.busy) {
            let care = lane.care(wanted, now);
            lane.begin(None);
            let (shared, desk) = (self.shared.clone(), Arc::clone(&lane.desk));
            self.tasks.spawn(async move {
                let mut desk = desk.lock_owned().await;
                let tended = tokio::select! {
                    tended = desk.tend(&shared.operator, care) => tended,
                    // Nobody waits for a boot or an admission any more: one that is under way is found on chain.
                    () = shared.operator.controls.stopped() => Ok(()),
                };
                Ended {
                    proposal: None,
                    work: Work::Tend(number, care),
                    outcome: tended.map(|()| Outcome::Rest),
                }
            });
        }
    }

    /// One duty a round.
    pub(super) fn dispatch_duty(&mut self) {
        if self.on_duty || self.shared.operator.controls.phase() != Phase::Work {
            return;
        }
        self.on_duty = true;
        let operator = Arc::clone(&self.shared.operator);
        self.tasks.spawn(async move {
            let done = timeout(LONGEST_ERRAND, duty::next(&operator)).await;
            Ended {
                proposal: None,
                work: Work::Duty,
                outcome: done
                    .unwrap_or(Err(VerifierError::Overdue(LONGEST_ERRAND)))
                    .map(|()| Outcome::Rest),
            }
        });
    }

    /// Tells a failure that may pass; one that does not is handed back.
    ///
    /// # Errors
    /// The journal's, unless it may pass.
    pub(super) fn tell(&mut self, proposal: Option<ProposalId>, error: VerifierError) -> Result<(), VerifierError> {
        match error {
            VerifierError::Journal(journal) if !journal.may_pass() => return Err(journal.into()),
            VerifierError::TaskStopped => return Err(error),
            _ => {}
        }
        let (code, advice, message) = (error.code(), error.advice(), error.to_string());
        // Whoever observes is told in full; the log has it for whoever looks closer.
        tracing::debug!(
            code,
            proposal = proposal.map(|id| id.to_string()),
            message,
            "step failed"
        );
        self.shared.operator.observer.notice(&Notice::failed(proposal, &error));
        let failure = Failure {
            proposal: proposal.map(|id| id.to_string()),
            code,
            message,
            advice,
        };
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
        Ok(())
    }

    /// Cancels running jobs and waits a little for their last words; everything else is dropped: the journal knows where
    /// it was. Answers how many were not at their end.
    pub(super) async fn hand_back(&mut self, patience: Duration) -> usize {
        let unfinished = self.tasks.len();
        self.lanes.iter().for_each(Lane::cancel);
        let ending = async {
            while let Some(ended) = self.tasks.join_next().await {
                drop(ended);
            }
        };
        if timeout(patience, ending).await.is_err() {
            self.tasks.shutdown().await;
        }
        unfinished
    }

    /// Gives up the claims of what another daemon could go on with. An open ticket stays claimed for the rest of its
    /// lease: only its own enclave can use it, and this daemon may be back by then.
    ///
    /// # Errors
    /// The journal's.
    pub(super) async fn release_all(&self) -> Result<(), VerifierError> {
        let journal = &self.shared.operator.journal;
        for proposal in journal.claimed().await? {
            let state = journal.get(proposal).await?.state;
            if !matches!(state, State::TicketOpen | State::Running) {
                journal.release(proposal).await?;
            }
        }
        Ok(())
    }
}

/// Which enclave has a ticket's key.
enum Keeper {
    Lane(usize),
    Later,
    Nobody,
}
