//! What was killed, when, and how often.

use crate::hunt::{self, REACHED};
use crate::transition::{Side, Transition};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Kills of each change on each side of the journal's write; twice that is asked of a change.
pub const KILLS_OF_A_SIDE: u64 = 5;

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// The daemon, at a change of its journal.
    DaemonAtChange,
    /// The shipped `orv verifier run`, at any time.
    ShippedDaemon,
    /// The enclave.
    Enclave,
    /// Chain and storage.
    Devnet,
}

/// What was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A run, or a transaction.
    InFlight,
    /// Neither.
    Between,
}

/// When it is enough.
#[derive(Debug, Clone, Copy, Default)]
pub struct Goal {
    pub kills: u64,
    pub changes: Changes,
}

/// What is asked of the journal's changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Changes {
    /// Nothing.
    #[default]
    Any,
    /// Each that this network brings about, and each other that was seen, has had its kills.
    Every,
}

/// The count.
#[derive(Debug, Default)]
pub struct Tally {
    goal: Goal,
    closed: bool,
    victims: BTreeMap<Victim, [u64; 2]>,
    changes: BTreeMap<Transition, Change>,
    /// Programs that ended without being killed, by their last words.
    pub ended: BTreeMap<String, u64>,
    /// Seconds by which the chain's clock was moved.
    pub leaps: u64,
}

/// One change of the journal.
#[derive(Debug, Default, Clone, Copy)]
struct Change {
    seen: u64,
    before: u64,
    after: u64,
}

impl Change {
    fn lacks_kills(self) -> bool {
        self.before + self.after < 2 * KILLS_OF_A_SIDE
    }
}

impl Tally {
    pub fn towards(goal: Goal) -> Self {
        Self {
            goal,
            ..Self::default()
        }
    }

    /// Whether nothing is left to kill.
    pub fn is_enough(&self) -> bool {
        self.has_required() && (self.goal.changes == Changes::Any || self.rare().next().is_none())
    }

    /// Ends the kills, whatever is lacking.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing is killed any more.
    pub fn is_closed(&self) -> bool {
        self.closed || self.is_enough()
    }

    /// Whether there were kills enough, in all, in flight, and at each change that every run has to kill at.
    pub fn has_required(&self) -> bool {
        let changes = self.goal.changes == Changes::Any || self.is_half_in_flight() && self.lacking().next().is_none();
        changes && self.kills() >= self.goal.kills
    }

    /// Whether a run or a transaction was in flight at half of the kills.
    pub fn is_half_in_flight(&self) -> bool {
        self.in_flight() * 2 >= self.kills()
    }

    /// Changes that every run has to kill at and that had fewer kills than are asked for, seen or not.
    pub fn lacking(&self) -> impl Iterator<Item = &'static str> {
        REACHED.into_iter().filter(|name| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> bool {
        let change = self
            .changes
            .iter()
            .find(|(transition, _)| transition.to_string() == name);
        change.is_none_or(|(_, change)| change.lacks_kills())
    }

    /// Whether one of these changes is still to be brought about: those that come about by themselves are waited for
    /// first.
    pub fn hunts(&self, changes: &[&str]) -> bool {
        let begun = self.goal.changes == Changes::Every && self.kills() * 4 >= self.goal.kills;
        begun && changes.iter().any(|name| self.lacks(name))
    }

    /// Changes that were seen and had fewer kills than are asked for.
    pub fn rare(&self) -> impl Iterator<Item = &Transition> {
        let rare = self.changes.iter().filter(|(_, change)| change.lacks_kills());
        rare.map(|(transition, _)| transition)
    }

    /// Every change that was seen.
    pub fn changes(&self) -> impl Iterator<Item = &Transition> {
        self.changes.keys()
    }

    pub fn kills(&self) -> u64 {
        self.victims.values().flatten().sum()
    }

    pub fn in_flight(&self) -> u64 {
        self.victims.values().map(|[in_flight, _]| in_flight).sum()
    }

    pub fn kill(&mut self, victim: Victim, moment: Moment) {
        self.victims.entry(victim).or_default()[usize::from(moment == Moment::Between)] += 1;
    }

    pub fn killed_at(&mut self, side: Side, transition: Transition) {
        let change = self.changes.entry(transition).or_default();
        match side {
            Side::Before => change.before += 1,
            Side::After => change.after += 1,
        }
    }

    pub fn saw(&mut self, transition: Transition) {
        self.changes.entry(transition).or_default().seen += 1;
    }

    /// Whether fewer than half of the kills were in flight, with a little to spare until there were enough.
    pub fn lacks_flight(&self) -> bool {
        let percent = if self.wants_rare_changes() { 51 } else { 53 };
        self.in_flight() * 100 < self.kills() * percent
    }

    /// Whether there were kills enough, and what is left are changes that are rarely come to.
    pub fn wants_rare_changes(&self) -> bool {
        self.goal.changes == Changes::Every && self.kills() >= self.goal.kills
    }

    /// Changes at which the next daemon is not killed: those with enough kills while others have fewer, and those with
    /// nothing in flight while that is lacking; never those that lead to what is hunted for.
    pub fn spared(&self) -> Vec<(Side, Transition)> {
        let grounded_too = !self.lacks_flight();
        let counts = |side: Side, transition: &Transition| grounded_too || transition.is_in_flight(side);
        let sides = |change: &Change| [(Side::Before, change.before), (Side::After, change.after)];
        let all: Vec<_> = self
            .changes
            .iter()
            .flat_map(|(transition, change)| sides(change).map(|(side, kills)| (side, transition, kills)))
            .collect();
        let lacks = |kills: u64| kills < KILLS_OF_A_SIDE;
        let others_lack = all
            .iter()
            .any(|(side, transition, kills)| lacks(*kills) && counts(*side, transition));
        all.into_iter()
            .filter(|(side, transition, kills)| !counts(*side, transition) || (!lacks(*kills) && others_lack))
            .filter(|(side, transition, _)| !hunt::is_bait(self, *side, transition))
            .map(|(side, transition, _)| (side, transition.clone()))
            .collect()
    }

    /// The table, one line for each change and each process.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:60} {:>6} {:>7} {:>7}\n",
            "change of the journal", "seen", "before", "after"
        );
        for (transition, change) in &self.changes {
            let Change { seen, before, after } = change;
            writeln!(text, "{:60} {seen:>6} {before:>7} {after:>7}", transition.to_string()).unwrap();
        }
        writeln!(text, "{:60} {:>6} {:>10}", "process", "kills", "in flight").unwrap();
        for (victim, [in_flight, between]) in &self.victims {
            let name = format!("{victim:?}");
            writeln!(text, "{name:60} {:>6} {in_flight:>10}", in_flight + between).unwrap();
        }
        for (words, times) in &self.ended {
            writeln!(text, "ended by itself {times} times: {words}").unwrap();
        }
        writeln!(text, "the chain's clock was moved {} times", self.leaps).unwrap();
        text
    }
}
