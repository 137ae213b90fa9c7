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
    order: Vec<ProposalId>,
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
        self.order = in_order(candidates, urgency);
        self.records = records.into_iter().map(|record| (record.proposal, record)).collect();
        self.rested.clear();
        self.steps.clear();
        self.ready.retain(|id| self.records.contains_key(id));
        // Enclaves come and go: whose key a ticket has is asked anew.
        self.strangers.clear();
        // Whatever changed since is to be confirmed again, and may be another proposal under the same number.
        self.done
            .retain(|id| self.records.get(id).is_some_and(|record| record.confirmed));
    }

    /// The proposals in their order that somebody may work on now, with what they ask for.
    pub(super) fn open(&self) -> impl Iterator<Item = (&Record, Stage)> {
        let free = self
            .order
            .iter()
            .filter(|id| !self.busy.contains(*id) && !self.rested.contains(*id) && !self.done.contains(*id));
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
        self.rested.insert(proposal);
    }

    /// Nothing more with the present settings.
    pub(super) fn finish(&mut self, proposal: ProposalId) {
        self.rest(proposal);
        self.done.insert(proposal);
    }

    /// What was finished may go on under other settings.
    pub(super) fn reopen(&mut self) {
        self.done.clear();
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
        let steps = self.steps.entry(proposal).or_default();
        *steps = steps.saturating_add(1);
        if *steps > STEPS {
            self.rested.insert(proposal);
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
    fn what_is_done_and_confirmed_is_left_alone() {
        let mut queue = Queue::default();
        let ended = row(State::Inconclusive, true);
        queue.begin_round(vec![ended.clone()], &URGENCY);
        queue.finish(ended.proposal);
        queue.begin_round(vec![ended], &URGENCY);
        assert_eq!(stages(&queue), []);
    }
}
