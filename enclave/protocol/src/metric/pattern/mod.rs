//! A pattern in the language of Python's `re`, run in time linear in its input.
//!
//! Upstream searches with Python (openresearch.md 4.2), so a pattern means here what it means there, or it is refused
//! when the protocol is read. It is parsed by Python's grammar and written anew, with every class spelt out, for an
//! engine that never backtracks: nothing of that engine's own syntax can be reached. What no linear engine does
//! (look-around, back-references, conditionals, atomic and possessive groups) is refused, and so is what engines decide
//! differently: repetitions of what may be empty, a metric inside a repetition, letters beyond ASCII without case.
//! `docs/protocol.md` lists the dialect; a test compares it with Python's own over generated patterns.

mod class;
mod escape;
mod parser;
mod words;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::weakened::{Rule, holds};

/// A pattern that can be searched for.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    written: String,
    compiled: Regex,
    boundaries: Boundaries,
}

/// Whether a pattern asks where words begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boundaries {
    Asked,
    NotAsked,
}

/// Why a pattern is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {at})")]
pub struct PatternError {
    /// The character of the pattern, from 0.
    pub at: usize,
    /// What is wrong.
    pub problem: PatternProblem,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what its field is")]
pub enum PatternProblem {
    #[error("pattern of {length} bytes, between 1 and {} are read", Pattern::LONGEST)]
    Length { length: usize },
    #[error("look-around needs an engine that backtracks")]
    LookAround,
    #[error("a reference to a group needs an engine that backtracks")]
    BackReference,
    #[error("a conditional group needs an engine that backtracks")]
    Conditional,
    #[error("an atomic group needs an engine that backtracks")]
    Atomic,
    #[error("a possessive repetition needs an engine that backtracks")]
    Possessive,
    #[error("flag {flag:?} is not read; i, s, m and, for the whole pattern, a are")]
    Flag { flag: char },
    #[error("flags for the whole pattern stand at its start only")]
    LateFlags,
    #[error("group {opening:?} is not of Python's language")]
    Group { opening: String },
    #[error("group name {name:?} is no name of ASCII letters, digits and _, or is doubled")]
    GroupName { name: String },
    #[error("escape {escape:?} is not of Python's language, or names no character")]
    Escape { escape: String },
    #[error("characters by name are not read, write \\uXXXX")]
    NamedCharacter,
    #[error("{what} is not closed")]
    Unclosed { what: &'static str },
    #[error("a closing parenthesis without an opening one")]
    Unopened,
    #[error("a range ends before it begins, or has a class at one end")]
    Range,
    #[error("nothing to repeat")]
    NothingToRepeat,
    #[error("a repetition of a repetition")]
    MultipleRepeat,
    #[error("repeats what may be empty, which engines decide differently")]
    EmptyRepetition,
    #[error("the group that is the metric stands inside a repetition: engines differ in which round they keep")]
    RepeatedMetric,
    #[error("may match nothing at all, so it finds no number anywhere")]
    MatchesNothing,
    #[error("letters beyond ASCII cannot be compared without case")]
    CaseBeyondAscii,
    #[error("\\b and \\B cannot stand beside characters beyond ASCII; write (?a) first")]
    BoundaryBeyondAscii,
    #[error("\\B under flag a is not read")]
    AsciiNoBoundary,
    #[error("groups are nested more than {} deep", parser::DEEPEST)]
    TooDeep,
    #[error("too large when its repetitions are written out")]
    TooLarge,
}

/// Why a text has no one match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoMatch {
    /// Nothing matches, or the group took no part.
    Missing,
    /// More than one place matches.
    Doubled,
}

impl Pattern {
    /// Longest pattern, in bytes.
    pub const LONGEST: usize = 4096;
    /// Most memory of the compiled pattern, in bytes.
    const COMPILED: usize = 1024 * 1024;

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it is found anywhere in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.compiled.is_match(&words::told_apart(text, self.boundaries))
    }

    /// The text of group 1 of the only match, of the whole match where the pattern has no group.
    ///
    /// # Errors
    /// [`NoMatch`].
    pub fn only_value(&self, text: &str) -> Result<String, NoMatch> {
        let text = words::told_apart(text, self.boundaries);
        let mut matches = self.compiled.captures_iter(&text);
        let found = matches.next().ok_or(NoMatch::Missing)?;
        if matches.next().is_some() && holds(Rule::OneMatch) {
            return Err(NoMatch::Doubled);
        }
        let group = if found.len() > 1 { found.get(1) } else { found.get(0) };
        group.map(|group| group.as_str().to_owned()).ok_or(NoMatch::Missing)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(written: String) -> Result<Self, PatternError> {
        let at_start = |problem| PatternError { at: 0, problem };
        if written.is_empty() || written.len() > Pattern::LONGEST {
            return Err(at_start(PatternProblem::Length { length: written.len() }));
        }
        let translated = parser::translate(&written)?;
        let compiled = RegexBuilder::new(&translated.text)
            .size_limit(Pattern::COMPILED)
            .dfa_size_limit(Pattern::COMPILED)
            .build()
            .map_err(|_| at_start(PatternProblem::TooLarge))?;
        Ok(Pattern {
            written,
            compiled,
            boundaries: translated.boundaries,
        })
    }
}

#[cfg(test)]
mod tests;
