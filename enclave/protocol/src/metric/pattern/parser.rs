//! Python's grammar of patterns, read once and written for our engine.

use std::collections::BTreeSet;

use super::class::{self, Category, Flags, Member, Side, Switch};
use super::escape::{Escaped, Place};
use super::{Boundaries, PatternError, PatternProblem};

/// Most groups inside each other.
pub(super) const DEEPEST: usize = 50;

/// A pattern in the engine's syntax.
#[derive(Debug)]
pub(super) struct Translated {
    pub text: String,
    pub boundaries: Boundaries,
}

/// Translates a whole pattern.
pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut parser = Parser::new(&letters);
    let whole = parser.alternatives(Flags::default(), 0)?;
    if parser.peek().is_some() {
        return Err(parser.error(PatternProblem::Unopened));
    }
    if whole.emptiness == Emptiness::Possible {
        return Err(parser.error_at(0, PatternProblem::MatchesNothing));
    }
    if parser.boundaries == Boundaries::Asked && parser.beyond_ascii {
        return Err(parser.error_at(0, PatternProblem::BoundaryBeyondAscii));
    }
    Ok(Translated {
        text: whole.text,
        boundaries: parser.boundaries,
    })
}

/// Reads a pattern letter by letter.
pub(super) struct Parser<'a> {
    letters: &'a [char],
    at: usize,
    groups: usize,
    names: BTreeSet<String>,
    boundaries: Boundaries,
    beyond_ascii: bool,
}

/// Whether a piece may match the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emptiness {
    Possible,
    Impossible,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `^`, `\b` and their like, which Python lets nobody repeat.
    Position,
    Repetition,
    Other,
}

/// A part of the pattern, translated.
#[derive(Debug)]
struct Piece {
    text: String,
    emptiness: Emptiness,
    kind: Kind,
    /// Whether group 1 is inside.
    metric: bool,
}

impl Piece {
    fn position(text: &str) -> Piece {
        Piece {
            text: text.to_owned(),
            emptiness: Emptiness::Possible,
            kind: Kind::Position,
            metric: false,
        }
    }

    fn one(text: String) -> Piece {
        Piece {
            text,
            emptiness: Emptiness::Impossible,
            kind: Kind::Other,
            metric: false,
        }
    }
}

impl<'a> Parser<'a> {
    fn new(letters: &'a [char]) -> Self {
        Parser {
            letters,
            at: 0,
            groups: 0,
            names: BTreeSet::new(),
            boundaries: Boundaries::NotAsked,
            beyond_ascii: false,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    pub(super) fn peek_second(&self) -> Option<char> {
        self.letters.get(self.at + 1).copied()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn take_if(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn written(&self, from: usize, to: usize) -> String {
        self.letters.get(from..to).unwrap_or_default().iter().collect()
    }

    pub(super) fn error_at(&self, at: usize, problem: PatternProblem) -> PatternError {
        PatternError { at, problem }
    }

    fn error(&self, problem: PatternProblem) -> PatternError {
        self.error_at(self.at, problem)
    }

    /// Sequences with `|` between them, up to a closing parenthesis or the end.
    fn alternatives(&mut self, flags: Flags, depth: usize) -> Result<Piece, PatternError> {
        if depth > DEEPEST {
            return Err(self.error(PatternProblem::TooDeep));
        }
        let mut flags = flags;
        if depth == 0 {
            self.leading_flags(&mut flags)?;
        }
        let mut whole = self.sequence(flags, depth)?;
        while self.take_if('|') {
            let next = self.sequence(flags, depth)?;
            whole.text = format!("{}|{}", whole.text, next.text);
            whole.metric |= next.metric;
            if next.emptiness == Emptiness::Possible {
                whole.emptiness = Emptiness::Possible;
            }
        }
        Ok(whole)
    }

    fn sequence(&mut self, flags: Flags, depth: usize) -> Result<Piece, PatternError> {
        let mut pieces: Vec<Piece> = Vec::new();
        loop {
            let begin = self.at;
            match self.peek() {
                None | Some('|' | ')') => break,
                Some(_) => {}
            }
            if let Some((least, most)) = self.quantifier()? {
                let repeated = pieces.pop();
                pieces.push(self.repeated(begin, repeated, least, most)?);
            } else if let Some(piece) = self.item(flags, depth)? {
                pieces.push(piece);
            }
        }
        let possible = pieces.iter().all(|piece| piece.emptiness == Emptiness::Possible);
        Ok(Piece {
            text: pieces.iter().map(|piece| piece.text.as_str()).collect(),
            emptiness: if possible {
                Emptiness::Possible
            } else {
                Emptiness::Impossible
            },
            kind: Kind::Other,
            metric: pieces.iter().any(|piece| piece.metric),
        })
    }

    /// Bounds of a repetition that stands here; `{` without bounds behind it stands for itself, `{,}` for `*`.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let begin = self.at;
        let simple = match self.peek() {
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('?') => Some((0, Some(1))),
            Some('{') if self.peek_second() != Some('}') => None,
            _ => return Ok(None),
        };
        self.at += 1;
        if simple.is_some() {
            return Ok(simple);
        }
        let least = self.digits();
        let most = if self.take_if(',') {
            self.digits()
        } else {
            least.clone()
        };
        if !self.take_if('}') {
            self.at = begin;
            return Ok(None);
        }
        let bound = |text: String| match text.as_str() {
            "" => Ok(None),
            _ => text
                .parse::<u32>()
                .map(Some)
                .map_err(|_| self.error_at(begin, PatternProblem::TooLarge)),
        };
        let (least, most) = (bound(least)?.unwrap_or(0), bound(most)?);
        if most.is_some_and(|most| most < least) {
            return Err(self.error_at(begin, PatternProblem::Range));
        }
        Ok(Some((least, most)))
    }

    fn digits(&mut self) -> String {
        let begin = self.at;
        while self.peek().is_some_and(|letter| letter.is_ascii_digit()) {
            self.at += 1;
        }
        self.written(begin, self.at)
    }

    fn repeated(
        &mut self,
        begin: usize,
        piece: Option<Piece>,
        least: u32,
        most: Option<u32>,
    ) -> Result<Piece, PatternError> {
        let refuse = |problem| Err(PatternError { at: begin, problem });
        let Some(piece) = piece else {
            return refuse(PatternProblem::NothingToRepeat);
        };
        match piece.kind {
            Kind::Position => return refuse(PatternProblem::NothingToRepeat),
            Kind::Repetition => return refuse(PatternProblem::MultipleRepeat),
            Kind::Other => {}
        }
        let greed = match self.peek() {
            Some('+') => return refuse(PatternProblem::Possessive),
            Some('?') => {
                self.at += 1;
                "?"
            }
            _ => "",
        };
        let at_most_once = most.is_some_and(|most| most <= 1);
        if piece.emptiness == Emptiness::Possible && !at_most_once {
            return refuse(PatternProblem::EmptyRepetition);
        }
        if piece.metric && !at_most_once {
            return refuse(PatternProblem::RepeatedMetric);
        }
        let most = most.map_or(String::new(), |most| most.to_string());
        let emptiness = if least == 0 {
            Emptiness::Possible
        } else {
            piece.emptiness
        };
        Ok(Piece {
            text: format!("(?:{}){{{least},{most}}}{greed}", piece.text),
            emptiness,
            kind: Kind::Repetition,
            metric: piece.metric,
        })
    }

    /// One thing that may be repeated; nothing for a comment.
    fn item(&mut self, flags: Flags, depth: usize) -> Result<Option<Piece>, PatternError> {
        let begin = self.at;
        let Some(letter) = self.take() else { return Ok(None) };
        Ok(Some(match letter {
            '^' => Piece::position("(?m:^)"),
            '$' => Piece::position("(?m:$)"),
            '.' => Piece::one(match flags.dot_all {
                Switch::On => "(?s:.)".to_owned(),
                Switch::Off => r"[^\n]".to_owned(),
            }),
            '[' => self.set(begin, flags)?,
            '(' => return self.group(begin, flags, depth),
            '\\' => match self.escape(Place::Sequence)? {
                Escaped::TextStart => Piece::position(r"\A"),
                Escaped::TextEnd => Piece::position(r"\z"),
                Escaped::Boundary(side) => self.boundary(begin, side, flags)?,
                Escaped::Category(category, side) => self.category(begin, category, side, flags)?,
                Escaped::Letter(letter) => self.literal(begin, letter, flags)?,
            },
            letter => self.literal(begin, letter, flags)?,
        }))
    }

    fn literal(&mut self, begin: usize, letter: char, flags: Flags) -> Result<Piece, PatternError> {
        self.beyond_ascii |= !letter.is_ascii();
        let text = class::literal(letter, flags).map_err(|problem| self.error_at(begin, problem))?;
        Ok(Piece::one(text))
    }

    fn category(&mut self, begin: usize, category: Category, side: Side, flags: Flags) -> Result<Piece, PatternError> {
        let members = [Member::Category(category, side)];
        let text = class::set(&members, Side::Inside, flags).map_err(|problem| self.error_at(begin, problem))?;
        Ok(Piece::one(text))
    }

    fn boundary(&mut self, begin: usize, side: Side, flags: Flags) -> Result<Piece, PatternError> {
        Ok(Piece::position(match (side, flags.ascii) {
            (Side::Inside, Switch::On) => r"(?-u:\b)",
            (Side::Outside, Switch::On) => return Err(self.error_at(begin, PatternProblem::AsciiNoBoundary)),
            (side, Switch::Off) => {
                self.boundaries = Boundaries::Asked;
                if side == Side::Inside { r"\b" } else { r"\B" }
            }
        }))
    }

    /// A set from behind its bracket.
    fn set(&mut self, begin: usize, flags: Flags) -> Result<Piece, PatternError> {
        let side = if self.take_if('^') { Side::Outside } else { Side::Inside };
        let mut members: Vec<Member> = Vec::new();
        while members.is_empty() || !self.take_if(']') {
            let first = self.member(begin)?;
            let is_range = self.peek() == Some('-') && self.peek_second() != Some(']');
            let member = if is_range && self.take_if('-') {
                self.range(begin, first)?
            } else {
                first
            };
            self.beyond_ascii |= !member.is_ascii();
            members.push(member);
        }
        let text = class::set(&members, side, flags).map_err(|problem| self.error_at(begin, problem))?;
        Ok(Piece::one(text))
    }

    fn range(&mut self, begin: usize, first: Member) -> Result<Member, PatternError> {
        match (first, self.member(begin)?) {
            (Member::Range(low, _), Member::Range(high, _)) if low <= high => Ok(Member::Range(low, high)),
            _ => Err(self.error(PatternProblem::Range)),
        }
    }

    fn member(&mut self, begin: usize) -> Result<Member, PatternError> {
        match self.take() {
            None => Err(self.error_at(begin, PatternProblem::Unclosed { what: "a set" })),
            Some('\\') => match self.escape(Place::Set)? {
                Escaped::Letter(letter) => Ok(Member::Range(letter, letter)),
                Escaped::Category(category, side) => Ok(Member::Category(category, side)),
                // Not between brackets.
                Escaped::TextStart | Escaped::TextEnd | Escaped::Boundary(_) => Err(self.error(PatternProblem::Range)),
            },
            Some(letter) => Ok(Member::Range(letter, letter)),
        }
    }

    /// A group from behind its parenthesis; nothing for a comment.
    fn group(&mut self, begin: usize, flags: Flags, depth: usize) -> Result<Option<Piece>, PatternError> {
        let (flags, captures) = match self.opening(begin, flags)? {
            Opening::Comment => return Ok(None),
            Opening::Capturing => (flags, true),
            Opening::Plain(flags) => (flags, false),
        };
        let metric = captures && self.groups == 0;
        self.groups += usize::from(captures);
        let inside = self.alternatives(flags, depth + 1)?;
        if !self.take_if(')') {
            return Err(self.error_at(begin, PatternProblem::Unclosed { what: "a group" }));
        }
        let opening = if metric { "(" } else { "(?:" };
        Ok(Some(Piece {
            text: format!("{opening}{})", inside.text),
            metric: metric || inside.metric,
            ..inside
        }))
    }

    fn opening(&mut self, begin: usize, flags: Flags) -> Result<Opening, PatternError> {
        if !self.take_if('?') {
            return Ok(Opening::Capturing);
        }
        let refuse = |problem| Err(PatternError { at: begin, problem });
        match self.take() {
            Some(':') => Ok(Opening::Plain(flags)),
            Some('#') => {
                while let Some(letter) = self.take() {
                    if letter == ')' {
                        return Ok(Opening::Comment);
                    }
                }
                refuse(PatternProblem::Unclosed { what: "a comment" })
            }
            Some('P') => self.name(begin).map(|()| Opening::Capturing),
            Some('=' | '!') => refuse(PatternProblem::LookAround),
            Some('<') if matches!(self.peek(), Some('=' | '!')) => refuse(PatternProblem::LookAround),
            Some('(') => refuse(PatternProblem::Conditional),
            Some('>') => refuse(PatternProblem::Atomic),
            Some(letter) if letter == '-' || letter.is_ascii_alphabetic() => {
                self.at -= 1;
                let mut flags = flags;
                match self.flags(begin, &mut flags)? {
                    FlagsFor::Group => Ok(Opening::Plain(flags)),
                    FlagsFor::Pattern => refuse(PatternProblem::LateFlags),
                }
            }
            _ => {
                let opening = self.written(begin, self.at);
                refuse(PatternProblem::Group { opening })
            }
        }
    }

    /// `<name>` from behind `(?P`.
    fn name(&mut self, begin: usize) -> Result<(), PatternError> {
        match self.take() {
            Some('<') => {}
            Some('=') => return Err(self.error_at(begin, PatternProblem::BackReference)),
            _ => {
                let opening = self.written(begin, self.at);
                return Err(self.error_at(begin, PatternProblem::Group { opening }));
            }
        }
        let from = self.at;
        while self.peek().is_some_and(|letter| letter != '>') {
            self.at += 1;
        }
        let name = self.written(from, self.at);
        if !self.take_if('>') {
            return Err(self.error_at(begin, PatternProblem::Unclosed { what: "a group's name" }));
        }
        let plain = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let first = name.chars().next().is_some_and(|letter| !letter.is_ascii_digit());
        if plain && first && self.names.insert(name.clone()) {
            Ok(())
        } else {
            Err(self.error_at(begin, PatternProblem::GroupName { name }))
        }
    }

    /// `(?i)` and its like at the very start, comments among them.
    fn leading_flags(&mut self, flags: &mut Flags) -> Result<(), PatternError> {
        loop {
            let begin = self.at;
            let is_flag = |letter: Option<&char>| letter.is_some_and(char::is_ascii_alphabetic);
            match self.letters.get(begin..) {
                Some(['(', '?', '#', ..]) => {
                    self.at += 1;
                    self.opening(begin, *flags)?;
                }
                Some(['(', '?', rest @ ..]) if is_flag(rest.first()) && rest.first() != Some(&'P') => {
                    self.at += 2;
                    let mut changed = *flags;
                    match self.flags(begin, &mut changed)? {
                        FlagsFor::Pattern => *flags = changed,
                        FlagsFor::Group => {
                            self.at = begin;
                            return Ok(());
                        }
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Flags from behind `(?`, up to the `)` or `:` behind them.
    fn flags(&mut self, begin: usize, flags: &mut Flags) -> Result<FlagsFor, PatternError> {
        let mut switch = Switch::On;
        let mut on = Vec::new();
        let mut given = 0;
        while let Some(letter) = self.take() {
            match (letter, switch) {
                ('i', Switch::On) => flags.ignore_case = switch,
                ('s', Switch::On) => flags.dot_all = switch,
                ('i', Switch::Off) if !on.contains(&'i') => flags.ignore_case = switch,
                ('s', Switch::Off) if !on.contains(&'s') => flags.dot_all = switch,
                ('a', Switch::On) => flags.ascii = Switch::On,
                // Upstream always searches line by line.
                ('m', Switch::On) => {}
                ('-', Switch::On) => {
                    switch = Switch::Off;
                    given = 0;
                    continue;
                }
                // Of a group Python compiles the flag, and then looks for places to begin without it.
                (':', _) if on.contains(&'a') => {
                    return Err(self.error_at(begin, PatternProblem::Flag { flag: 'a' }));
                }
                (':', _) if given > 0 => return Ok(FlagsFor::Group),
                (')', Switch::On) if given > 0 => return Ok(FlagsFor::Pattern),
                _ => return Err(self.error_at(begin, PatternProblem::Flag { flag: letter })),
            }
            on.push(letter);
            given += 1;
        }
        Err(self.error_at(begin, PatternProblem::Unclosed { what: "a group" }))
    }
}

/// What a parenthesis opens.
enum Opening {
    Comment,
    Capturing,
    Plain(Flags),
}

/// How far flags reach.
enum FlagsFor {
    Group,
    Pattern,
}
