//! Why no new attempt is begun, where none is: pure, with time as an argument.

use super::circuit::{Circuit, CircuitRule, Permission, Trials};
use crate::configuration::PauseSettings;
use crate::journal::{State, WaitCause};
use crate::notice::Surroundings;

/// What keeps the daemon from beginning attempts. What is in flight goes on.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// Settlements that fail.
    settlements: Circuit,
    /// A chain that does not answer, or whose newest block is old.
    chain: Circuit,
    /// Why the chain counts as failing.
    chain_fault: String,
    /// Free bytes, where there are too few.
    disk_free: Option<u64>,
}

impl Pause {
    /// A statement's proposal came into a state. Only the chain's word that it has the statement says that settlements
    /// work: one that failed comes back to be sent again, too.
    pub(super) fn statement_came_to(&mut self, state: State) {
        match state {
            State::Settled(_) | State::Inconclusive | State::SetAside | State::Waiting(WaitCause::HeldForQuorum) => {
                self.settlements.worked()
            }
            _ => self.settlements.trial_said_nothing(),
        }
    }

    /// A statement did not reach the chain, and not for the chain's own rules; or a ticket was paid for in vain.
    pub(super) fn not_settled(&mut self, settings: &PauseSettings, now: u64) {
        let rule = rule(settings.failed_settlements, settings);
        self.settlements.failed(&rule, now);
    }

    /// What a round saw. A chain without an answer is one fault, a newest block that is too old another; both are mended
    /// by the first round that does not see them.
    pub(super) fn observe(&mut self, settings: &PauseSettings, seen: &Surroundings, fault: Option<String>, now: u64) {
        self.disk_free = seen.disk_free.filter(|free| *free < settings.least_disk_bytes);
        let age = seen.head_time.map(|time| now.saturating_sub(time));
        let stale = age
            .filter(|age| *age > settings.stale_head_seconds && settings.stale_head_seconds > 0)
            .map(|age| format!("the newest block is {age} s old"));
        match fault.or(stale) {
            None => self.chain.worked(),
            Some(fault) => {
                self.chain_fault = fault;
                // It stays broken from the first time on; only a trial that ends in another failure counts again.
                if self.chain.in_a_row() == 0 || self.chain.permission(now) == Permission::Granted {
                    self.chain.failed(&rule(1, settings), now);
                }
            }
        }
    }

    /// Whether an attempt may begin now.
    pub(super) fn permission(&self, now: u64) -> Permission {
        if self.disk_free.is_some() {
            return Permission::Refused(now);
        }
        let (one, other) = (self.settlements.permission(now), self.chain.permission(now));
        match (one, other) {
            (Permission::Refused(at), Permission::Refused(or)) => Permission::Refused(at.max(or)),
            (Permission::Refused(at), _) | (_, Permission::Refused(at)) => Permission::Refused(at),
            (Permission::Trial, _) | (_, Permission::Trial) => Permission::Trial,
            (Permission::Granted, Permission::Granted) => Permission::Granted,
        }
    }

    /// The one trial begins.
    pub(super) fn begin_trial(&mut self, now: u64) {
        self.settlements.begin_trial(now);
        self.chain.begin_trial(now);
    }

    /// The trial's attempt ended without a settlement: that says nothing about settlements.
    pub(super) fn trial_said_nothing(&mut self) {
        self.settlements.trial_said_nothing();
        self.chain.trial_said_nothing();
    }

    /// Why nothing is begun, in words.
    pub(super) fn reason(&self, settings: &PauseSettings, now: u64) -> Option<String> {
        let mut reasons = Vec::new();
        if self.settlements.permission(now) != Permission::Granted {
            reasons.push(format!("{} settlements failed in a row", self.settlements.in_a_row()));
        }
        if self.chain.permission(now) != Permission::Granted {
            reasons.push(self.chain_fault.clone());
        }
        if let Some(free) = self.disk_free {
            reasons.push(format!(
                "{free} bytes are free in the data directory, {} are asked for",
                settings.least_disk_bytes
            ));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// When failures of this many in a row pause.
pub(super) fn rule(failures: u32, settings: &PauseSettings) -> CircuitRule {
    CircuitRule {
        failures,
        retry_seconds: settings.retry_seconds,
        trials: Trials::Dear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(head_time: u64, disk_free: u64) -> Surroundings {
        Surroundings {
            head_time: Some(head_time),
            disk_free: Some(disk_free),
            ..Surroundings::default()
        }
    }

    #[test]
    fn a_full_disk_pauses_until_there_is_space() {
        let (mut pause, settings) = (Pause::default(), PauseSettings::default());
        pause.observe(&settings, &seen(100, 5), None, 100);
        assert_eq!(pause.permission(100), Permission::Refused(100));
        assert!(pause.reason(&settings, 100).unwrap().contains("5 bytes"));
        pause.observe(&settings, &seen(100, 1 << 40), None, 101);
        assert_eq!(pause.permission(101), Permission::Granted);
        assert_eq!(pause.reason(&settings, 101), None);
    }

    #[test]
    fn an_old_head_pauses_and_one_attempt_is_tried_since_only_it_may_make_a_block() {
        let (mut pause, settings) = (Pause::default(), PauseSettings::default());
        for now in [1000, 1010, 1059] {
            pause.observe(&settings, &seen(100, u64::MAX), None, now);
            assert_eq!(pause.permission(now), Permission::Refused(1060));
        }
        pause.observe(&settings, &seen(100, u64::MAX), None, 1060);
        assert_eq!(pause.permission(1060), Permission::Trial);
        pause.begin_trial(1060);
        pause.observe(&settings, &seen(1061, u64::MAX), None, 1062);
        assert_eq!(pause.permission(1062), Permission::Granted);
    }

    #[test]
    fn settlements_that_fail_in_a_row_pause_and_one_that_works_ends_it() {
        let (mut pause, settings) = (Pause::default(), PauseSettings::default());
        for _ in 0..3 {
            pause.not_settled(&settings, 50);
            pause.statement_came_to(State::Judged);
        }
        assert!(matches!(pause.permission(51), Permission::Refused(_)));
        assert_eq!(pause.reason(&settings, 51).unwrap(), "3 settlements failed in a row");
        pause.statement_came_to(State::Waiting(WaitCause::TicketLost));
        assert!(matches!(pause.permission(51), Permission::Refused(_)));
        pause.statement_came_to(State::Inconclusive);
        assert_eq!(pause.permission(51), Permission::Granted);
    }

    #[test]
    fn a_chain_without_an_answer_pauses_with_its_own_words() {
        let (mut pause, settings) = (Pause::default(), PauseSettings::default());
        pause.observe(&settings, &Surroundings::default(), Some("no answer".to_owned()), 9);
        assert_eq!(pause.reason(&settings, 9).unwrap(), "no answer");
    }
}
