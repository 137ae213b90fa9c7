//! What the daemon told, and when.

use orv_chain::ProposalId;
use orv_verifier::journal::State;
use orv_verifier::{Notice, Observer};
use orv_wire::Stage;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A moment on a proposal's way. They come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// The ticket is in a block and in the journal.
    TicketOpen,
    /// The enclave's connection took the job.
    Running,
    /// The enclave asks for the first content.
    Fetching,
    /// Everything has come.
    Preparing,
    /// The first trial begins.
    Trials,
    /// The last has ended.
    Signing,
    /// The statement has passed the daemon's checks and is in the journal.
    Judged,
    /// It is about to be sent.
    Settling,
    /// It is in a block and in the journal.
    Settled,
}

/// Writes down when each proposal came where, the first time.
#[derive(Debug, Default)]
pub(super) struct Record {
    ways: Mutex<BTreeMap<ProposalId, BTreeMap<Moment, Instant>>>,
    failures: Mutex<Vec<String>>,
}

/// One proposal's way, complete.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) proposal: ProposalId,
    moments: BTreeMap<Moment, Instant>,
}

impl Way {
    /// The time between two moments.
    pub(super) fn between(&self, from: Moment, to: Moment) -> Duration {
        match (self.moments.get(&from), self.moments.get(&to)) {
            (Some(from), Some(to)) => to.saturating_duration_since(*from),
            _ => Duration::ZERO,
        }
    }

    /// When it came to a moment.
    pub(super) fn at(&self, moment: Moment) -> Option<Instant> {
        self.moments.get(&moment).copied()
    }
}

impl Record {
    /// The ways that came to their end, in the order of proposals.
    pub(super) fn ways(&self) -> Vec<Way> {
        let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = ways
            .iter()
            .filter(|(_, moments)| moments.contains_key(&Moment::Settled));
        ended
            .map(|(proposal, moments)| Way {
                proposal: *proposal,
                moments: moments.clone(),
            })
            .collect()
    }

    /// What failed, in words.
    pub(super) fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn came(&self, proposal: ProposalId, moment: Moment) {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.entry(proposal)
            .or_default()
            .entry(moment)
            .or_insert_with(Instant::now);
    }
}

impl Observer for Record {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Changed { proposal, state, .. } => {
                if let Some(moment) = of_state(*state) {
                    self.came(*proposal, moment);
                }
            }
            Notice::Progress { proposal, stage, .. } => self.came(*proposal, of_stage(*stage)),
            Notice::Failed { code, message, .. } => {
                let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("{code} {message}"));
            }
            _ => {}
        }
    }
}

fn of_state(state: State) -> Option<Moment> {
    match state {
        State::TicketOpen => Some(Moment::TicketOpen),
        State::Running => Some(Moment::Running),
        State::Judged => Some(Moment::Judged),
        State::Settling => Some(Moment::Settling),
        State::Settled(_) => Some(Moment::Settled),
        _ => None,
    }
}

fn of_stage(stage: Stage) -> Moment {
    match stage {
        Stage::Fetch => Moment::Fetching,
        Stage::Prepare => Moment::Preparing,
        Stage::Trials => Moment::Trials,
        Stage::Sign => Moment::Signing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orv_chain::primitives::U256;

    #[test]
    fn the_first_time_at_each_moment_counts_and_only_complete_ways_are_told() {
        let record = Record::default();
        let proposal = ProposalId(U256::from(1));
        let progress = |stage, done| Notice::Progress {
            proposal,
            stage,
            done,
            total: 0,
        };
        record.notice(&progress(Stage::Trials, 0));
        let first = record.ways.lock().unwrap()[&proposal][&Moment::Trials];
        record.notice(&progress(Stage::Trials, 1));
        assert_eq!(record.ways.lock().unwrap()[&proposal][&Moment::Trials], first);
        assert!(record.ways().is_empty());
        record.came(proposal, Moment::Settled);
        assert_eq!(record.ways()[0].at(Moment::Trials), Some(first));
    }
}
