//! Every problem of a document, found by the one parser: what it refuses is put right in a copy, from a document that is
//! known to be good, and the copy is read again until nothing is left to refuse.

use serde_json::Value;

use super::table::{self, Role};
use crate::document::{NotJudgeable, Protocol};
use crate::project::ProjectManifest;
use crate::strict_json::JsonError;
use crate::verdict::MetricChannel;

/// Most problems that are looked for.
pub const MOST_PROBLEMS: usize = 200;

/// A good document with every field.
const TEMPLATE: &[u8] = include_bytes!("template.json");

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the value, keys joined by dots; `.` for the document itself.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What upstream does with the field.
    pub upstream: String,
    /// What is done with it here.
    pub here: String,
    /// What to do.
    pub next: String,
}

/// The problems, and the protocol where there are none.
pub(super) fn of(bytes: &[u8]) -> (Vec<Problem>, Option<Protocol>) {
    let first = match Protocol::parse(bytes) {
        Ok(protocol) => return (Vec::new(), Some(protocol)),
        Err(error) => error,
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else {
        return (vec![whole(&first)], None);
    };
    let template: Value = serde_json::from_slice(TEMPLATE).unwrap_or_default();
    let mut problems = Vec::new();
    // A doubled key is lost in the copy, so it is told first.
    if first.to_string().contains("duplicate field") || matches!(first, JsonError::TooLong { .. }) {
        problems.push(of_error(&first));
    }
    while problems.len() < MOST_PROBLEMS {
        let Err(error) = Protocol::parse(document.to_string().as_bytes()) else {
            break;
        };
        let problem = of_error(&error);
        let (path, message) = parts(&error);
        let mended = mend(&mut document, &template, &path, &message);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
        if !mended {
            break;
        }
    }
    problems.sort_by_key(|problem| table::place(&general(&problem.path)));
    (problems, None)
}

/// Why a document that is read gets no verdict.
pub(super) fn not_judgeable(protocol: &Protocol, manifest: Option<&ProjectManifest>) -> Option<Problem> {
    let channel = manifest.map_or(MetricChannel::Shared, ProjectManifest::channel);
    let cause = protocol.judgeable(channel).err()?;
    let (path, next) = match cause {
        NotJudgeable::NotEligible(_) => ("meta.eligibility", "publish it when it is eligible"),
        NotJudgeable::NetworkDemanded => (
            "environment.constraints.networkPolicy",
            "put what it needs into the image or the benchmark, and write offline",
        ),
        NotJudgeable::ExtractionUnsupported(_) => (
            "measurement.primaryMetric.extract.kind",
            "print the metric so that regex or json_pointer finds it, or make the project split",
        ),
    };
    Some(problem(path, cause.to_string(), next.to_owned()))
}

fn whole(error: &JsonError) -> Problem {
    Problem {
        path: ".".to_owned(),
        what: plain(&error.to_string()),
        upstream: "its scripts fail to read it too".to_owned(),
        here: "the project's hash is that of these bytes, so nothing is guessed".to_owned(),
        next: "write one JSON document, UTF-8, at most 1 MiB, nested no deeper than 100".to_owned(),
    }
}

fn of_error(error: &JsonError) -> Problem {
    match error {
        JsonError::TooLong { .. } | JsonError::Syntax { .. } => whole(error),
        JsonError::Field { .. } | JsonError::Null { .. } | JsonError::List { .. } => {
            let (parent, message) = parts(error);
            let path = match quoted(&message, "missing field `") {
                Some(field) if parent == "." => field.to_owned(),
                Some(field) => format!("{parent}.{field}"),
                None => parent,
            };
            let next = next_for(&path, &message);
            problem(&path, plain(&message), next)
        }
    }
}

/// Path and message; lists within a path are written alike, `a[0].b`.
fn parts(error: &JsonError) -> (String, String) {
    let (path, message) = match error {
        JsonError::Field { path, message } => (path, message.clone()),
        JsonError::Null { path } => (path, NULL.to_owned()),
        JsonError::List { path } => (path, "a list is no value of this field".to_owned()),
        JsonError::TooLong { .. } | JsonError::Syntax { .. } => return (".".to_owned(), error.to_string()),
    };
    let path = path.replace(".[", "[");
    (if path.is_empty() { ".".to_owned() } else { path }, message)
}

fn problem(path: &str, what: String, next: String) -> Problem {
    let field = table::of(&general(path));
    let said = |said: Option<&'static str>, otherwise: &str| said.unwrap_or(otherwise).to_owned();
    let (upstream, here) = if what.starts_with(NO_FIELD) {
        (
            "its schema refuses unknown fields, its scripts pass over them".to_owned(),
            "refused, so that no field is ignored by mistake".to_owned(),
        )
    } else {
        (
            said(field.map(|field| field.upstream), "its schema has the same form"),
            said(field.map(|field| field.here), "read strictly"),
        )
    };
    Problem {
        path: path.to_owned(),
        what,
        upstream,
        here,
        next,
    }
}

const NULL: &str = "null is no value";
const NO_FIELD: &str = "there is no such field";

/// The parser's message in plain words, without the place in the text.
fn plain(message: &str) -> String {
    let message = bare(message);
    if quoted(&message, "unknown field `").is_some() {
        return NO_FIELD.to_owned();
    }
    if quoted(&message, "missing field `").is_some() {
        return "is missing".to_owned();
    }
    match (
        quoted(&message, "unknown variant `"),
        message.strip_prefix("invalid type: "),
    ) {
        (Some(value), _) => format!("{value:?} is none of its values"),
        (_, Some(found)) => format!("is {}", found.replace('`', "")),
        (None, None) if message.starts_with("invalid length") => "is a list, expected an object".to_owned(),
        (None, None) => message,
    }
}

/// A message without line and column, and without the names of our own types.
fn bare(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    match message.split_once(", expected ") {
        Some((before, expected)) => format!("{before}, expected {}", expected_in_words(expected)),
        None => message.to_owned(),
    }
}

/// What a parser expects, without the names of our own types and of Rust's.
fn expected_in_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "i64" | "usize" => "a whole number",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

fn next_for(path: &str, message: &str) -> String {
    let message = bare(message);
    let expected = message
        .split_once(", expected ")
        .map(|(_, expected)| expected.replace('`', ""));
    let informs = table::of(&general(path)).is_some_and(|field| field.role == Role::Informs);
    match expected {
        Some(expected) if message.starts_with("unknown field") => {
            format!("remove it, or correct its name: here stand {expected}")
        }
        Some(expected) => format!("write {expected}"),
        None if message.starts_with("missing field") => "add it".to_owned(),
        None if message == NULL => "leave it out, or give it a value".to_owned(),
        None if informs => "correct it, or leave it out where it may be".to_owned(),
        None => "correct it".to_owned(),
    }
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

/// A path with `[]` for every index.
fn general(path: &str) -> String {
    let mut general = String::new();
    let mut parts = path.split('[');
    general.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.split_once(']').map_or("", |(_, rest)| rest);
        general.push_str("[]");
        general.push_str(rest);
    }
    general
}

/// Puts right what the parser refused at a path; whether anything changed.
fn mend(document: &mut Value, template: &Value, path: &str, message: &str) -> bool {
    let path = path.trim_start_matches('.');
    if let Some(field) = quoted(message, "missing field `") {
        let good = at(template, path).and_then(|parent| parent.get(field)).cloned();
        return match (at_mut(document, path), good) {
            (Some(Value::Object(fields)), Some(good)) => fields.insert(field.to_owned(), good).is_none(),
            _ => false,
        };
    }
    if let Some(field) = quoted(message, "unknown field `") {
        let parent = path.strip_suffix(field).unwrap_or(path).trim_end_matches('.');
        return match at_mut(document, parent) {
            Some(Value::Object(fields)) => fields.remove(field).is_some(),
            _ => false,
        };
    }
    let good = at(template, path).cloned();
    match (at_mut(document, path), good) {
        (Some(value), Some(good)) if *value != good => {
            *value = good;
            true
        }
        _ => false,
    }
}

/// One step of a path: what follows it, and the key or index that it takes.
enum Step<'a> {
    Key(String, &'a str),
    Index(usize, &'a str),
}

/// The longest key of the value that the path begins with: keys may have dots of their own.
fn step<'a>(value: &Value, path: &'a str) -> Option<Step<'a>> {
    match value {
        Value::Object(fields) => fields
            .keys()
            .filter_map(|key| {
                let rest = path.strip_prefix(key.as_str())?;
                let ends = rest.is_empty() || rest.starts_with(['.', '[']);
                ends.then(|| (key.clone(), rest.trim_start_matches('.')))
            })
            .max_by_key(|(key, _)| key.len())
            .map(|(key, rest)| Step::Key(key, rest)),
        Value::Array(_) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            Some(Step::Index(index.parse().ok()?, rest.trim_start_matches('.')))
        }
        _ => None,
    }
}

/// The value at a path; in the template every element of a list is like the first.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    match step(value, path)? {
        Step::Key(key, rest) => at(value.get(key)?, rest),
        Step::Index(_, rest) => at(value.get(0)?, rest),
    }
}

fn at_mut<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if path.is_empty() {
        return Some(value);
    }
    match step(value, path)? {
        Step::Key(key, rest) => at_mut(value.get_mut(key)?, rest),
        Step::Index(index, rest) => at_mut(value.get_mut(index)?, rest),
    }
}
