//! A batch: one network, its operators, and kills until everything is at rest.

use crate::hunt;
use crate::network::{PRIORITY_WINDOW, TICKET_LIFE};
use crate::node::Node;
use crate::operator::{Ended, Flavour, Operator, Told};
use crate::process::Heard;
use crate::random::Random;
use crate::tally::{Moment, Tally, Victim};
use crate::transition::{Side, Transition};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Without a word for so long nothing goes on: the chain's clock is moved.
pub(super) const QUIET: Duration = Duration::from_millis(1800);

/// Moves of the clock in a row that change nothing, after which nothing will.
const IDLE: u32 = 4;

/// Longest time of what follows the kills.
const SETTLING: Duration = Duration::from_secs(600);

/// Silences in a row that a daemon at work is given after the kills, before the clock is moved under it.
const SLOW: u32 = 6;

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Killing,
    Settling,
}

/// A running batch.
pub struct Batch {
    pub node: Node,
    pub operators: Vec<Operator>,
    pub runtime: Runtime,
    /// Keys whose daemon has asked for another boot of their enclave.
    pub used_up: BTreeSet<String>,
    /// Proposals that two daemons worked on at a time.
    pub twice: Vec<String>,
    pub(super) tally: Arc<Mutex<Tally>>,
    pub(super) random: Random,
    stage: Stage,
    pub(super) told: Sender<Told>,
    pub(super) heard: Receiver<Told>,
    pub(super) next_kill: Instant,
    pub(super) idle: u32,
    /// Silences in a row of a daemon at work.
    silences: u32,
    /// How often a kill was put off, for something to be in flight.
    pub(super) waits: u32,
}

impl Batch {
    pub fn new(node: Node, operators: Vec<Operator>, tally: Arc<Mutex<Tally>>, random: Random) -> Self {
        let (told, heard) = channel();
        Self {
            node,
            operators,
            runtime: Runtime::new().unwrap(),
            used_up: BTreeSet::new(),
            twice: Vec::new(),
            tally,
            random,
            stage: Stage::Killing,
            told,
            heard,
            next_kill: Instant::now(),
            idle: 0,
            silences: 0,
            waits: 0,
        }
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everything come to rest without kills, then ends all but the chain.
    pub fn settle(&mut self) {
        self.begin(&Flavour::Shipped);
        self.hear_for(SETTLING);
        self.end();
    }

    pub(super) fn hear(&mut self, told: Told) {
        let number = told.operator;
        let line = match told.heard {
            Heard::Line(line) => line,
            Heard::End => return self.daemon_ended(number, told.life),
        };
        self.operators[number].hear(&line);
        if let Some((_, rest)) = line.split_once("ORV-V-051: key ") {
            self.used_up.extend(rest.split(' ').next().map(str::to_owned));
        }
        self.look_for_two(number, &line);
        if let Some(transition) = line.strip_prefix("before ").and_then(|rest| rest.split_once(' ')) {
            self.tally().saw(transition.1.parse().unwrap());
        }
        self.be_late(&line);
        let promising = line.ends_with("running") || line.ends_with("settling") || line.contains("OpenTicket");
        let interrupts = !self.tally().wants_rare_changes();
        if promising && interrupts && self.stage == Stage::Killing && self.random.percent(40) {
            let soon = Instant::now() + Duration::from_millis(self.random.below(150));
            self.next_kill = self.next_kill.min(soon);
        }
    }

    /// Sometimes a ticket's time runs out under a statement, and sometimes a turn passes to later proposals.
    fn be_late(&mut self, line: &str) {
        if self.stage == Stage::Settling {
            return;
        }
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = hunt::after_line(&tally, line, &mut self.random);
        drop(tally);
        self.pass(seconds);
    }

    /// Moves the chain's clock.
    pub(super) fn pass(&self, seconds: Option<u64>) {
        if let Some(seconds) = seconds {
            self.runtime.block_on(self.node.pass(seconds));
            self.tally().leaps += 1;
        }
    }

    /// Never do two daemons work on one proposal.
    fn look_for_two(&mut self, number: usize, line: &str) {
        let started = line
            .strip_prefix("state ")
            .and_then(|rest| rest.strip_suffix(" running"));
        let Some(proposal) = started else { return };
        for other in self.operators.iter().filter(|other| other.number != number) {
            if other.works_on(proposal) {
                self.twice.push(format!(
                    "operators {number} and {} work on proposal {proposal}",
                    other.number
                ));
            }
        }
    }

    fn daemon_ended(&mut self, number: usize, life: u64) {
        let Some(Ended { status, last, moment }) = self.operators[number].daemon_ended(life) else {
            return;
        };
        match last.strip_prefix("killed ").and_then(|rest| rest.split_once(' ')) {
            Some((side, transition)) => {
                let (side, transition): (Side, Transition) = (side.parse().unwrap(), transition.parse().unwrap());
                let mut tally = self.tally();
                tally.kill(Victim::DaemonAtChange, moment);
                let seconds = hunt::after_kill(&tally, side, &transition);
                tally.killed_at(side, transition);
                drop(tally);
                self.pass(seconds.filter(|_| self.stage == Stage::Killing));
            }
            None => {
                let how = status
                    .signal()
                    .map_or_else(|| format!("{:?}", status.code()), |signal| format!("signal {signal}"));
                let words: String = last.chars().take(160).collect();
                *self.tally().ended.entry(format!("daemon {how}: {words}")).or_default() += 1;
                // As a service manager would.
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        if self.stage == Stage::Killing {
            self.start_daemon(number);
        } else {
            self.operators[number].start_daemon(&Flavour::Shipped, &self.told);
        }
    }

    pub(super) fn start_enclaves(&mut self, number: usize) {
        for status in self.operators[number].start_enclaves() {
            *self
                .tally()
                .ended
                .entry(format!("enclave {:?}", status.code()))
                .or_default() += 1;
        }
    }

    /// How the journal has each proposal.
    fn states(&self) -> Vec<String> {
        let rows = self.runtime.block_on(self.operators[0].journal());
        rows.into_iter().map(|row| row.state.to_string()).collect()
    }

    /// Proposals that are where their daemon leaves them.
    pub fn at_rest(&self) -> usize {
        self.states().iter().filter(|state| rests(state)).count()
    }

    /// What is under way at an operator: the shipped daemon does not say it, its journal does.
    pub(super) fn moment(&self, number: usize) -> Moment {
        let busy = |state: &String| matches!(state.as_str(), "running" | "settling");
        let operator = &self.operators[number];
        if operator.shipped && self.states().iter().any(busy) {
            return Moment::InFlight;
        }
        operator.moment()
    }

    /// Starts everything, to be killed by nobody.
    pub fn begin(&mut self, flavour: &Flavour) {
        self.stage = Stage::Settling;
        self.idle = 0;
        self.node.start();
        for number in 0..self.operators.len() {
            self.operators[number].kill_daemon();
            self.start_enclaves(number);
            self.operators[number].start_daemon(flavour, &self.told);
        }
    }

    /// Hears what is said for so long, and moves the clock where nothing is. False once nothing goes on any more.
    pub fn hear_for(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            match self.heard.recv_timeout(QUIET) {
                Ok(told) => {
                    // A step that fails over and over is told each time, and changes nothing.
                    if !matches!(&told.heard, Heard::Line(line) if line.contains("ORV-")) {
                        self.idle = 0;
                    }
                    self.hear(told);
                }
                Err(_) if !self.leap() => return false,
                Err(_) => {}
            }
            for number in 0..self.operators.len() {
                self.start_enclaves(number);
            }
        }
        true
    }

    /// Ends all but the chain.
    pub fn end(&mut self) {
        for operator in &mut self.operators {
            operator.kill_daemon();
            operator.kill_enclaves();
        }
    }

    /// Moves the chain's clock, so that lost tickets lapse and turns come. False once that has changed nothing for long.
    pub(super) fn leap(&mut self) -> bool {
        let states = self.states();
        if states.len() == self.node.cast.proposals.len() && states.iter().all(|state| rests(state)) {
            return false;
        }
        let works = states
            .iter()
            .any(|state| matches!(state.as_str(), "running" | "settling"));
        self.silences = if works && self.stage == Stage::Settling {
            self.silences + 1
        } else {
            0
        };
        if !self.silences.is_multiple_of(SLOW) {
            return true;
        }
        self.idle += 1;
        let waits = !states.is_empty() && states.iter().all(|state| rests(state) || state.starts_with("waiting:"));
        if self.idle > IDLE && waits {
            return false;
        }
        let seconds = if self.idle == IDLE - 1 {
            PRIORITY_WINDOW
        } else {
            TICKET_LIFE
        } + 1;
        self.pass(Some(seconds));
        true
    }
}

/// Whether a daemon leaves a proposal in a state.
fn rests(state: &str) -> bool {
    let kinds = ["settled:", "closed:", "inconclusive", "set-aside"];
    kinds.iter().any(|kind| state.starts_with(kind))
}
