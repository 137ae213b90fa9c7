//! What a row of the table is.

use crate::protection::Protection;
use crate::stage::Stage;

/// One attack, with the one protection that holds it.
#[derive(Clone, Copy)]
pub struct Attack {
    pub name: &'static str,
    pub class: Class,
    pub protection: Protection,
    /// What is expected to happen at full strength.
    pub expected: &'static str,
    pub run: fn(&Stage) -> Attempted,
}

/// What an attack is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Escape,
    Network,
    Devices,
    Kernel,
    Information,
    Processes,
    Exhaustion,
    Leftovers,
    Persistence,
    Time,
    Archive,
    Surface,
    Metric,
    Split,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Class::Escape => "escape",
            Class::Network => "network",
            Class::Devices => "devices",
            Class::Kernel => "kernel",
            Class::Information => "information",
            Class::Processes => "processes",
            Class::Exhaustion => "exhaustion",
            Class::Leftovers => "leftovers",
            Class::Persistence => "persistence",
            Class::Time => "time",
            Class::Archive => "archive",
            Class::Surface => "surface",
            Class::Metric => "metric",
            Class::Split => "split",
        }
    }
}

/// How an attack ended, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Contained(String),
    Succeeded(String),
}

/// An error is the suite's: the attack was not tried as it should have been.
pub type Attempted = Result<Outcome, String>;

/// Succeeded where `effect` holds.
pub fn judge(effect: bool, seen: impl Into<String>) -> Attempted {
    Ok(if effect {
        Outcome::Succeeded(seen.into())
    } else {
        Outcome::Contained(seen.into())
    })
}
