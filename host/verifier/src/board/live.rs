//! The fold: one notice after another, with the time at which it came.

use super::failures::{Failures, Seen, Settling};
use crate::journal::{Settlement, State};
use crate::notice::{Notice, Surroundings};
use orv_chain::ProposalId;
use orv_wire::Stage;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most proposals that are followed at a time; there are as many in flight as enclaves and settlements.
const MOST_FLIGHTS: usize = 256;

/// Upper ends of the buckets of [`Histogram`], in seconds.
pub const RUN_BOUNDS: [u64; 10] = [1, 5, 15, 60, 180, 600, 1800, 3600, 7200, 14_400];

/// What is known of the daemon now.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// When the program began, since the Unix epoch.
    pub begun: Duration,
    /// When the last notice came.
    pub heard: Option<Duration>,
    /// Rounds since the program began.
    pub rounds: u64,
    /// What was seen in the last round, and when.
    pub surroundings: Option<(Duration, Surroundings)>,
    /// Proposals that have a ticket, a run or an unsettled statement, as far as this program moved them.
    pub flights: BTreeMap<ProposalId, Flight>,
    /// Changes since the program began, by the state they led to.
    pub changes: BTreeMap<String, u64>,
    /// How long runs took that ended with a statement.
    pub runs: Histogram,
    /// What failed.
    pub failures: Failures,
    /// When the configuration was last read again, as far as the daemon works by it; nothing while it works by the one
    /// that it began with.
    pub reloaded: Option<Duration>,
}

/// A proposal in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Where it is.
    pub state: State,
    /// When it came there.
    pub since: Duration,
    /// The run, while there is one.
    pub run: Option<Run>,
}

/// A run inside an enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// What is being done.
    pub stage: Stage,
    /// Steps done.
    pub done: u64,
    /// Steps expected, 0 where unknown.
    pub total: u64,
    /// When the enclave last told.
    pub told: Duration,
}

/// Times in buckets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Histogram {
    /// How many are not longer than the bound at the same place of [`RUN_BOUNDS`].
    pub within: [u64; RUN_BOUNDS.len()],
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
}

impl Histogram {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        let bounds = RUN_BOUNDS.map(Duration::from_secs);
        for (within, bound) in self.within.iter_mut().zip(bounds) {
            *within += u64::from(time <= bound);
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(time);
    }
}

impl Live {
    /// Nothing has been told yet.
    pub fn begun(at: Duration) -> Self {
        Self {
            begun: at,
            heard: None,
            rounds: 0,
            surroundings: None,
            flights: BTreeMap::new(),
            changes: BTreeMap::new(),
            runs: Histogram::default(),
            failures: Failures::default(),
            reloaded: None,
        }
    }

    /// Takes one notice.
    pub fn fold(&mut self, notice: &Notice, at: Duration) {
        self.heard = Some(at);
        match notice {
            Notice::Observed(surroundings) => {
                self.rounds += 1;
                self.surroundings = Some((at, surroundings.as_ref().clone()));
            }
            Notice::Reloaded { .. } => self.reloaded = Some(at),
            Notice::Changed { proposal, state, .. } => self.changed(*proposal, *state, at),
            Notice::Progress {
                proposal,
                stage,
                done,
                total,
            } => self.progress(
                *proposal,
                Run {
                    stage: *stage,
                    done: *done,
                    total: *total,
                    told: at,
                },
            ),
            Notice::Failed {
                proposal,
                code,
                message,
                advice,
            } => self.failed(Seen {
                at,
                proposal: *proposal,
                code,
                message: message.clone(),
                advice,
                times: 1,
            }),
            // What is not written yet may never be, and which key is live the surroundings say.
            _ => {}
        }
    }

    fn changed(&mut self, proposal: ProposalId, state: State, at: Duration) {
        *self.changes.entry(state.to_string()).or_default() += 1;
        let before = self.flights.remove(&proposal);
        if let Some(flight) = &before
            && (flight.state, state) == (State::Running, State::Judged)
        {
            self.runs.add(at.saturating_sub(flight.since));
        }
        if is_in_flight(state) {
            let flight = Flight {
                state,
                since: at,
                run: None,
            };
            self.follow(proposal, flight);
        }
    }

    fn progress(&mut self, proposal: ProposalId, run: Run) {
        match self.flights.get_mut(&proposal) {
            Some(flight) => flight.run = Some(run),
            // Begun before this program was.
            None => self.follow(
                proposal,
                Flight {
                    state: State::Running,
                    since: run.told,
                    run: Some(run),
                },
            ),
        }
    }

    fn failed(&mut self, failure: Seen) {
        let flight = failure.proposal.and_then(|proposal| self.flights.get(&proposal));
        let has_statement = |flight: &Flight| matches!(flight.state, State::Judged | State::Settling);
        let settling = if flight.is_some_and(has_statement) {
            Settling::Yes
        } else {
            Settling::No
        };
        self.failures.add(failure, settling);
    }

    fn follow(&mut self, proposal: ProposalId, flight: Flight) {
        if self.flights.len() < MOST_FLIGHTS {
            self.flights.insert(proposal, flight);
        }
    }

    /// Statements that ended on chain since the program began, by how.
    pub fn verdicts(&self) -> [(&'static str, u64); 4] {
        let count = |state: State| self.changes.get(&state.to_string()).copied().unwrap_or_default();
        [
            ("approve", count(State::Settled(Settlement::Approved))),
            ("reject", count(State::Settled(Settlement::Rejected))),
            ("inconclusive", count(State::Inconclusive)),
            ("set_aside", count(State::SetAside)),
        ]
    }
}

/// Whether a state lies between a ticket and the chain.
pub(crate) fn is_in_flight(state: State) -> bool {
    matches!(
        state,
        State::TicketOpen | State::Running | State::Judged | State::Settling
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn changed(proposal: u64, state: State) -> Notice {
        Notice::Changed {
            proposal: ProposalId::from(proposal),
            state,
            cause: "test".to_owned(),
        }
    }

    fn progress(proposal: u64, done: u64) -> Notice {
        Notice::Progress {
            proposal: ProposalId::from(proposal),
            stage: Stage::Trials,
            done,
            total: 52,
        }
    }

    fn failed(proposal: u64) -> Notice {
        Notice::Failed {
            proposal: Some(ProposalId::from(proposal)),
            code: "ORV-V-013",
            message: "no".to_owned(),
            advice: "wait",
        }
    }

    fn folded(notices: &[Notice]) -> Live {
        let mut live = Live::begun(at(0));
        for (second, notice) in (1..).zip(notices) {
            live.fold(notice, at(second));
        }
        live
    }

    #[test]
    fn a_run_is_followed_from_its_ticket_to_its_statement() {
        let way = [
            changed(4, State::TicketOpen),
            changed(4, State::Running),
            progress(4, 7),
        ];
        let live = folded(&way);
        let flight = &live.flights[&ProposalId::from(4)];
        assert_eq!((flight.state, flight.since), (State::Running, at(2)));
        assert_eq!(flight.run.map(|run| (run.done, run.total)), Some((7, 52)));
        let ended = [way.to_vec(), vec![changed(4, State::Judged)]].concat();
        let live = folded(&ended);
        assert_eq!(live.flights[&ProposalId::from(4)].run, None);
        assert_eq!((live.runs.count, live.runs.sum), (1, at(2)));
    }

    #[test]
    fn what_is_settled_is_followed_no_more_and_counts_as_a_verdict() {
        let approved = State::Settled(Settlement::Approved);
        let live = folded(&[
            changed(4, State::Settling),
            changed(4, approved),
            changed(5, State::Inconclusive),
        ]);
        assert!(live.flights.is_empty());
        assert_eq!(live.verdicts().map(|(_, count)| count), [1, 0, 1, 0]);
    }

    #[test]
    fn only_a_failure_with_a_statement_at_hand_is_one_of_settling() {
        let live = folded(&[
            changed(4, State::Running),
            failed(4),
            changed(4, State::Judged),
            failed(4),
        ]);
        assert_eq!(live.failures.steps["ORV-V-013"], 2);
        assert_eq!(live.failures.settlements["ORV-V-013"], 1);
    }

    #[test]
    fn a_surrounding_that_is_not_seen_any_more_is_gone() {
        let seen = Surroundings {
            cursor: Some(9),
            ..Surroundings::default()
        };
        let live = folded(&[Notice::Observed(Box::new(seen)), Notice::Observed(Box::default())]);
        let (when, surroundings) = live.surroundings.unwrap();
        assert_eq!((when, surroundings.cursor, live.rounds), (at(2), None, 2));
    }

    #[test]
    fn the_last_reload_is_known_and_none_before_it() {
        let reloaded = |left_out: &[&'static str]| Notice::Reloaded {
            left_out: left_out.to_vec(),
        };
        assert_eq!(folded(&[Notice::Observed(Box::default())]).reloaded, None);
        let live = folded(&[reloaded(&[]), Notice::Observed(Box::default()), reloaded(&["wallet"])]);
        assert_eq!(live.reloaded, Some(at(3)));
    }

    #[test]
    fn a_time_on_a_buckets_bound_is_in_it() {
        let mut histogram = Histogram::default();
        histogram.add(at(5));
        histogram.add(at(100_000));
        assert_eq!(histogram.within, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!((histogram.count, histogram.sum), (2, at(100_005)));
    }

    proptest! {
        #[test]
        fn no_flood_of_notices_makes_it_grow_without_end(proposals in prop::collection::vec(0..5000_u64, 0..2000)) {
            let notices: Vec<_> = proposals.iter().flat_map(|id| [progress(*id, 1), failed(*id)]).collect();
            let live = folded(&notices);
            prop_assert!(live.flights.len() <= MOST_FLIGHTS);
            prop_assert!(live.failures.last.len() <= 20);
        }
    }
}
