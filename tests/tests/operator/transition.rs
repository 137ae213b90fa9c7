//! A change of the journal by its name: the state that is left and what happened.

use orv_verifier::journal::{Event, State};
use std::fmt;
use std::str::FromStr;

/// The state that is left, and the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transition {
    pub from: String,
    pub event: String,
}

impl Transition {
    pub fn new(from: State, event: Event) -> Self {
        let event = format!("{event:?}").replace(' ', "");
        let from = from.to_string();
        Self { from, event }
    }
}

impl Transition {
    /// Whether a run or a transaction is under way on one side of it: a run from its start to its statement, a
    /// transaction until the journal has its end. What a daemon finds interrupted when it starts is not.
    pub fn is_in_flight(&self, side: Side) -> bool {
        let event = self.event.as_str();
        match side {
            Side::Before => matches!(event, "OpenTicket" | "Judge") || event.starts_with("Finish"),
            Side::After => matches!(event, "Start" | "Settle"),
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.from, self.event)
    }
}

impl FromStr for Transition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (from, event) = text.split_once(' ').ok_or(())?;
        Ok(Self {
            from: from.to_owned(),
            event: event.to_owned(),
        })
    }
}

/// On which side of the journal's write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It has happened, the journal does not have it.
    Before,
    /// The journal has it.
    After,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

impl FromStr for Side {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "before" => Ok(Self::Before),
            "after" => Ok(Self::After),
            _ => Err(()),
        }
    }
}
