//! The kills of a batch: which process, and when.

use crate::batch::{Batch, QUIET};
use crate::daemon::Order;
use crate::network::TICKET_LIFE;
use crate::operator::Flavour;
use crate::tally::{Moment, Victim};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

impl Batch {
    /// Kills until enough were killed, time is over, or nothing goes on any more.
    pub fn torment(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.node.start();
        for number in 0..self.operators.len() {
            self.start_enclaves(number);
            self.start_daemon(number);
        }
        self.plan_kill();
        while Instant::now() < end && !self.tally().is_closed() {
            let patience = self.next_kill.saturating_duration_since(Instant::now()).min(QUIET);
            match self.heard.recv_timeout(patience) {
                Ok(told) => {
                    self.idle = 0;
                    self.hear(told);
                }
                Err(RecvTimeoutError::Timeout) if patience == QUIET && !self.leap() => return,
                Err(_) => {}
            }
            if Instant::now() >= self.next_kill {
                if self.is_worth_waiting() {
                    self.next_kill = Instant::now() + Duration::from_millis(20);
                } else {
                    self.kill_one();
                    self.plan_kill();
                }
            }
            for number in 0..self.operators.len() {
                self.start_enclaves(number);
            }
        }
    }

    pub(super) fn start_daemon(&mut self, number: usize) {
        let flavour = if !self.tally().wants_rare_changes() && self.random.percent(12) {
            Flavour::Shipped
        } else {
            let spared = self.tally().spared();
            let most = match (self.tally().wants_rare_changes(), spared.is_empty()) {
                (true, _) => 1,
                (false, false) => 3,
                (false, true) => 6,
            };
            let survives = self.random.below(most);
            Flavour::Killing(Order { spared, survives })
        };
        self.operators[number].start_daemon(&flavour, &self.told);
        if matches!(flavour, Flavour::Shipped) {
            self.next_kill = Instant::now() + Duration::from_millis(300 + self.random.below(1200));
        }
    }

    /// Whether something will soon be in flight, where that is lacking.
    fn is_worth_waiting(&mut self) -> bool {
        let between = (0..self.operators.len()).all(|number| self.moment(number) == Moment::Between);
        self.waits = if between && self.tally().lacks_flight() {
            self.waits + 1
        } else {
            0
        };
        self.waits %= 100;
        self.waits > 0
    }

    /// What is rarely come to needs daemons that live for a while.
    fn plan_kill(&mut self) {
        let patience = if self.tally().wants_rare_changes() { 5 } else { 1 };
        self.next_kill = Instant::now() + patience * Duration::from_millis(300 + self.random.below(2200));
    }

    fn kill_one(&mut self) {
        let shipped = self.operators.iter().position(|operator| operator.shipped);
        let victim = match shipped {
            Some(number) if self.random.percent(60) => {
                let moment = self.moment(number);
                self.operators[number].kill_daemon();
                self.tally().kill(Victim::ShippedDaemon, moment);
                return self.start_daemon(number);
            }
            _ if self.node.can_be_killed() && self.random.percent(45) => Victim::Devnet,
            _ => Victim::Enclave,
        };
        let count = self.operators.len() as u64;
        let number = usize::try_from(self.random.below(count)).unwrap();
        let busy = (0..self.operators.len()).find(|number| self.moment(*number) == Moment::InFlight);
        let number = busy.unwrap_or(number);
        let moment = self.moment(number);
        if victim == Victim::Devnet {
            self.node.kill();
            self.node.start();
        } else {
            self.operators[number].kill_enclaves();
            // Its tickets are nobody's now: some lapse at once, and the daemon finds that out.
            let lapse = self.random.percent(40);
            self.pass(lapse.then_some(TICKET_LIFE + 1));
        }
        self.tally().kill(victim, moment);
    }
}
