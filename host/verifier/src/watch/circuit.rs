//! A breaker: after failures in a row nothing is begun for a while, then one is tried, and what becomes of it decides.

/// When it breaks, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitRule {
    /// Failures in a row that break it; 0 never does.
    pub failures: u32,
    /// Seconds after which one is tried.
    pub retry_seconds: u64,
    /// What another trial costs.
    pub trials: Trials,
}

/// What a trial that fails does to the wait for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trials {
    /// Each costs something: the wait doubles, up to [`LONGEST_WAIT`].
    Dear,
    /// They cost nothing: the wait stays what it is.
    Free,
}

/// Longest time between two trials, in seconds.
pub const LONGEST_WAIT: u64 = 3600;

/// The breaker. Time is an argument, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circuit {
    in_a_row: u32,
    broken: Option<Broken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Broken {
    /// When the next trial may begin.
    retry_at: u64,
    /// Trials that have failed.
    trials: u32,
    /// When the one that is under way began.
    trying: Option<u64>,
}

/// Whether something may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anything.
    Granted,
    /// One, to see whether it works again.
    Trial,
    /// Nothing before this time, in seconds.
    Refused(u64),
}

impl Circuit {
    /// Something failed.
    pub fn failed(&mut self, rule: &CircuitRule, now: u64) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if let Some(broken) = &mut self.broken {
            // What was begun before it broke says nothing new.
            if broken.trying.take().is_some() {
                if rule.trials == Trials::Dear {
                    broken.trials = broken.trials.saturating_add(1);
                }
                broken.retry_at = now.saturating_add(wait(rule, broken.trials));
            }
        } else if rule.failures > 0 && self.in_a_row >= rule.failures {
            self.broken = Some(Broken {
                retry_at: now.saturating_add(wait(rule, 0)),
                trials: 0,
                trying: None,
            });
        }
    }

    /// Something worked: all is well again.
    pub fn worked(&mut self) {
        *self = Self::default();
    }

    /// What may be begun now.
    pub fn permission(&self, now: u64) -> Permission {
        let Some(broken) = self.broken else {
            return Permission::Granted;
        };
        // A trial that is not heard of any more, because others ended its proposal, must not be waited for for ever.
        let next = broken
            .trying
            .map_or(broken.retry_at, |begun| begun.saturating_add(LONGEST_WAIT));
        if now >= next {
            Permission::Trial
        } else {
            Permission::Refused(next)
        }
    }

    /// The one trial begins.
    pub fn begin_trial(&mut self, now: u64) {
        if let Some(broken) = &mut self.broken {
            broken.trying = Some(now);
        }
    }

    /// The trial ended and said nothing about what is wrong: another may begin at once.
    pub fn trial_said_nothing(&mut self) {
        if let Some(broken) = &mut self.broken {
            broken.trying = None;
        }
    }

    /// Failures since it last worked.
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}

fn wait(rule: &CircuitRule, trials: u32) -> u64 {
    let trials = match rule.trials {
        Trials::Dear => trials,
        Trials::Free => 0,
    };
    let doubled = 1_u64.checked_shl(trials).unwrap_or(u64::MAX);
    rule.retry_seconds.saturating_mul(doubled).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: CircuitRule = CircuitRule {
        failures: 3,
        retry_seconds: 60,
        trials: Trials::Dear,
    };

    fn broken() -> Circuit {
        let mut circuit = Circuit::default();
        (0..3).for_each(|_| circuit.failed(&RULE, 1000));
        circuit
    }

    #[test]
    fn it_breaks_at_the_last_failure_in_a_row_and_not_before() {
        let mut circuit = Circuit::default();
        circuit.failed(&RULE, 1);
        circuit.failed(&RULE, 2);
        circuit.worked();
        circuit.failed(&RULE, 3);
        circuit.failed(&RULE, 4);
        assert_eq!(circuit.permission(4), Permission::Granted);
        circuit.failed(&RULE, 5);
        assert_eq!(circuit.permission(5), Permission::Refused(65));
    }

    #[test]
    fn after_the_wait_one_is_tried_and_success_mends_it() {
        let mut circuit = broken();
        assert_eq!(circuit.permission(1060), Permission::Trial);
        circuit.begin_trial(1060);
        assert_eq!(circuit.permission(1061), Permission::Refused(1060 + LONGEST_WAIT));
        circuit.worked();
        assert_eq!(circuit.permission(1061), Permission::Granted);
    }

    #[test]
    fn a_trial_that_is_never_heard_of_again_makes_room_for_another_after_an_hour() {
        let mut circuit = broken();
        circuit.begin_trial(1060);
        assert_eq!(
            circuit.permission(1060 + LONGEST_WAIT - 1),
            Permission::Refused(1060 + LONGEST_WAIT)
        );
        assert_eq!(circuit.permission(1060 + LONGEST_WAIT), Permission::Trial);
    }

    #[test]
    fn each_trial_that_fails_doubles_the_wait_up_to_an_hour() {
        let mut circuit = broken();
        let mut now = 1060;
        let mut waits = Vec::new();
        for _ in 0..8 {
            circuit.begin_trial(now);
            circuit.failed(&RULE, now);
            let Permission::Refused(until) = circuit.permission(now) else {
                panic!("a failed trial leaves it broken");
            };
            waits.push(until - now);
            now = until;
        }
        assert_eq!(waits, [120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    }

    #[test]
    fn a_trial_that_costs_nothing_leaves_the_wait_as_it_is() {
        let free = CircuitRule {
            trials: Trials::Free,
            ..RULE
        };
        let mut circuit = broken();
        for now in [1060, 1120, 1180] {
            circuit.begin_trial(now);
            circuit.failed(&free, now);
            assert_eq!(circuit.permission(now), Permission::Refused(now + 60));
        }
        circuit.begin_trial(1240);
        circuit.failed(&RULE, 1240);
        assert_eq!(
            circuit.permission(1240),
            Permission::Refused(1360),
            "a dear one is the first"
        );
    }

    #[test]
    fn late_failures_of_earlier_work_do_not_postpone_the_trial() {
        let mut circuit = broken();
        circuit.failed(&RULE, 1059);
        assert_eq!(circuit.permission(1060), Permission::Trial);
    }

    proptest! {
        #[test]
        fn it_never_refuses_for_longer_than_an_hour_and_success_always_mends(
            steps in prop::collection::vec((0_u8..4, 0_u64..5000), 0..80),
        ) {
            let (mut circuit, mut now) = (Circuit::default(), 0_u64);
            for (step, pause) in steps {
                now += pause;
                match step {
                    0 => circuit.failed(&RULE, now),
                    1 => circuit.worked(),
                    2 if circuit.permission(now) == Permission::Trial => circuit.begin_trial(now),
                    _ => circuit.trial_said_nothing(),
                }
                if step == 1 {
                    prop_assert_eq!(circuit.permission(now), Permission::Granted);
                }
                if let Permission::Refused(until) = circuit.permission(now) {
                    prop_assert!(until <= now + LONGEST_WAIT);
                }
            }
        }
    }
}
