//! What there is to do, in its order, and what of it has been done in this round.

use super::stage::{Stage, stage};
use crate::intake::{Candidate, Urgency, in_order};
use crate::journal::Record;
use orv_chain::primitives::U256;
use orv_chain::{ProjectId, ProposalId};
use std::collections::{BTreeMap, BTreeSet};

/// Most steps of one proposal in one round: a whole attempt takes five.
const STEPS: u32 = 12;

/// The proposals that something may be done for.
#[derive(Debug, Default)]
pub(super) struct Queue {
    records: BTreeMap<ProposalId, Record>,
    /// Where each proposal stands in the round's order.
    ranks: BTreeMap<ProposalId, usize>,
    /// Those of them that something may yet be done for in this round: who asks does not walk past all who wait.
    standing: BTreeMap<usize, ProposalId>,
    /// Worked on by a task of this process.
    busy: BTreeSet<ProposalId>,
    /// Nothing more can be done for these in this round.
    rested: BTreeSet<ProposalId>,
    /// Nothing more can be done for these with the present settings.
    done: BTreeSet<ProposalId>,
    /// Everything that an attempt at these needs is there.
    ready: BTreeSet<ProposalId>,
    /// Enclaves that do not have the key of an open ticket, by their number.
    strangers: BTreeMap<ProposalId, BTreeSet<usize>>,
    steps: BTreeMap<ProposalId, u32>,
}

impl Queue {
    /// Begins a round with what the journal says.
    pub(super) fn begin_round(&mut self, records: Vec<Record>, urgency: &Urgency) {
        let candidates = records.iter().map(candidate).collect();
        let order = in_order(candidates, urgency);
        self.ranks = order.iter().enumerate().map(|(rank, id)| (*id, rank)).collect();
        self.records = records.into_iter().map(|record| (record.proposal, record)).collect();
        self.rested.clear();
        self.steps.clear();
        self.ready.retain(|id| self.records.contains_key(id));
        // Enclaves come and go: whose key a ticket has is asked anew.
        self.strangers.clear();
        // Whatever changed since is to be confirmed again, and may be another proposal under the same number.
        self.done
            .retain(|id| self.records.get(id).is_some_and(|record| record.confirmed));
        let standing = order.into_iter().enumerate().filter(|(_, id)| !self.done.contains(id));
        self.standing = standing.collect();
    }

    /// The proposals in their order that somebody may work on now, with what they ask for.
    pub(super) fn open(&self) -> impl Iterator<Item = (&Record, Stage)> {
        let free = self.standing.values().filter(|id| !self.busy.contains(*id));
        free.filter_map(|id| self.records.get(id))
            .map(|record| (record, stage(record)))
            .filter(|(_, stage)| *stage != Stage::Nothing)
    }

    /// The projects in which somebody is yet to begin.
    pub(super) fn projects_to_begin(&self) -> BTreeSet<ProjectId> {
        self.open()
            .filter(|(_, stage)| *stage == Stage::Begin)
            .map(|(record, _)| record.project)
            .collect()
    }

    /// The row of a proposal as it was read last.
    pub(super) fn record(&self, proposal: ProposalId) -> Option<&Record> {
        self.records.get(&proposal)
    }

    pub(super) fn is_ready(&self, proposal: ProposalId) -> bool {
        self.ready.contains(&proposal)
    }

    /// How many are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn strangers(&self, proposal: ProposalId) -> BTreeSet<usize> {
        self.strangers.get(&proposal).cloned().unwrap_or_default()
    }

    pub(super) fn set_busy(&mut self, proposal: ProposalId) {
        self.busy.insert(proposal);
    }

    pub(super) fn set_ready(&mut self, proposal: ProposalId) {
        self.busy.remove(&proposal);
        self.ready.insert(proposal);
    }

    /// Nothing more in this round.
    pub(super) fn rest(&mut self, proposal: ProposalId) {
        self.busy.remove(&proposal);
        self.ready.remove(&proposal);
        self.step_back(proposal);
    }

    fn step_back(&mut self, proposal: ProposalId) {
        self.rested.insert(proposal);
        if let Some(rank) = self.ranks.get(&proposal) {
            self.standing.remove(rank);
        }
    }

    /// Stands in its place of the order again, unless it rests or is done.
    fn step_up(&mut self, proposal: ProposalId) {
        let rank = self.ranks.get(&proposal);
        let rank = rank.filter(|_| !self.rested.contains(&proposal) && !self.done.contains(&proposal));
        if let Some(rank) = rank {
            self.standing.insert(*rank, proposal);
        }
    }

    /// Nothing more with the present settings.
    pub(super) fn finish(&mut self, proposal: ProposalId) {
        self.rest(proposal);
        self.done.insert(proposal);
    }

    /// What was finished may go on under other settings.
    pub(super) fn reopen(&mut self) {
        for proposal in std::mem::take(&mut self.done) {
            self.step_up(proposal);
        }
    }

    /// An enclave does not have the key.
    pub(super) fn set_stranger(&mut self, proposal: ProposalId, enclave: usize) {
        self.busy.remove(&proposal);
        self.strangers.entry(proposal).or_default().insert(enclave);
    }

    /// Goes on with another state, unless it went through too many in this round.
    pub(super) fn go_on(&mut self, record: Record) {
        let proposal = record.proposal;
        self.busy.remove(&proposal);
        self.ready.remove(&proposal);
        self.strangers.remove(&proposal);
        self.done.remove(&proposal);
        self.step_up(proposal);
        let steps = self.steps.entry(proposal).or_default();
        *steps = steps.saturating_add(1);
        if *steps > STEPS {
            self.step_back(proposal);
        }
        // What stands in nobody's way any more lets the next one of its project begin in this very round.
        if !matches!(stage(&record), Stage::Begin | Stage::Attempt) {
            self.wake_next(record.project);
        }
        self.records.insert(proposal, record);
    }

    fn wake_next(&mut self, project: ProjectId) {
        let next = self.records.values().find(|record| {
            record.project == project && stage(record) == Stage::Begin && !self.busy.contains(&record.proposal)
        });
        if let Some(next) = next.map(|record| record.proposal) {
            self.rested.remove(&next);
            self.step_up(next);
        }
    }

    /// Those whose attempt has not begun, behind their project's turn.
    pub(super) fn behind(&self, project: ProjectId, turn: ProposalId) -> Vec<Record> {
        let waiting = self
            .open()
            .filter(|(record, stage)| *stage == Stage::Begin && record.project == project && record.proposal > turn);
        waiting.map(|(record, _)| record.clone()).collect()
    }
}

fn candidate(record: &Record) -> Candidate {
    let (stake, submitted_at) = record
        .submission
        .map_or((U256::ZERO, 0), |known| (known.stake, known.submitted_at));
    Candidate {
        proposal: record.proposal,
        project: record.project,
        stake,
        submitted_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{CloseCause, State};

    const URGENCY: Urgency = Urgency {
        now: 1000,
        expiry_window: 700,
        urgent_before: 100,
    };

    fn row(state: State, confirmed: bool) -> Record {
        Record {
            confirmed,
            ..Record::bare(state)
        }
    }

    fn stages(queue: &Queue) -> Vec<Stage> {
        queue.open().map(|(_, stage)| stage).collect()
    }

    #[test]
    fn a_number_that_was_withdrawn_and_is_given_again_is_begun() {
        let mut queue = Queue::default();
        let withdrawn = row(State::Closed(CloseCause::Withdrawn), true);
        queue.begin_round(vec![withdrawn.clone()], &URGENCY);
        queue.finish(withdrawn.proposal);
        queue.begin_round(vec![row(State::Seen, false)], &URGENCY);
        assert_eq!(stages(&queue), [Stage::Begin]);
    }

    #[test]
    fn who_rests_stands_in_its_place_again_once_it_is_woken_or_the_round_begins() {
        let mut queue = Queue::default();
        let one = Record {
            proposal: ProposalId::from(5),
            ..row(State::Seen, true)
        };
        let other = row(State::Seen, true);
        let order = |queue: &Queue| queue.open().map(|(record, _)| record.proposal).collect::<Vec<_>>();
        queue.begin_round(vec![one.clone(), other.clone()], &URGENCY);
        let both = order(&queue);
        assert_eq!(both.len(), 2);
        queue.rest(both[0]);
        assert_eq!(order(&queue), both[1..]);

        let last = if both[1] == one.proposal { &one } else { &other };
        queue.set_busy(both[1]);
        assert_eq!(order(&queue), []);
        queue.go_on(Record {
            state: State::Judged,
            ..last.clone()
        });
        assert_eq!(order(&queue), both, "the next of the project is woken");

        queue.finish(both[0]);
        queue.finish(both[1]);
        queue.begin_round(vec![one.clone(), other.clone()], &URGENCY);
        assert_eq!(order(&queue), [], "what is done stays so");
        queue.reopen();
        assert_eq!(order(&queue), both);
    }

    #[test]
    fn what_is_done_and_confirmed_is_left_alone() {
        let mut queue = Queue::default();
        let ended = row(State::Inconclusive, true);
        queue.begin_round(vec![ended.clone()], &URGENCY);
        queue.finish(ended.proposal);
        queue.begin_round(vec![ended], &URGENCY);
        assert_eq!(stages(&queue), []);
    }
}
