//! What is wrong with a configuration, each with its place.

use super::environment::{Environment, merged};
use super::known::{Kind, Setting, VERIFIER};
use super::place::Place;
use crate::configuration::{VerifierConfig, WalletSource, exposed};
use crate::error::VerifierError;
use orv_chain::wallet::without_keys;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Letters that a known key may differ in and still be meant, at most half of them all.
const NEAR: usize = 3;

/// The code of a wrong setting.
const SETTING: &str = "ORV-V-002";

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The daemon would not start.
    Error,
    /// It would start.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The code that the daemon's failure would have; absent where it would start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Where in the file, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    fn error(place: Option<Place>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: Some(SETTING),
            place,
            message: message.into(),
        }
    }

    /// What the daemon itself would end with.
    fn of(place: Option<Place>, error: &VerifierError) -> Self {
        Self::error(place, error.to_string()).coded(error.code())
    }

    /// The same under another code: of another program's settings, or of another failure.
    #[must_use]
    pub fn coded(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// A name that nobody knows, with the known one that is nearest.
    pub(super) fn unknown<'a>(name: &str, place: Option<Place>, known: impl Iterator<Item = &'a str>) -> Self {
        let nearest = known.map(|known| (distance(name, known), known)).min();
        let meant = match nearest {
            Some((letters, known)) if letters <= NEAR && 2 * letters <= name.chars().count() => {
                format!("; did you mean {known}?")
            }
            _ => String::new(),
        };
        Self::error(place, without_keys(&format!("unknown key {name}{meant}")))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// Everything that is wrong with a verifier's configuration file: what [`check`] finds, and who else can read it.
///
/// # Errors
/// [`VerifierError::ConfigurationUnreadable`].
pub fn check_file(path: &Path, environment: &Environment) -> Result<Vec<Problem>, VerifierError> {
    let mut problems = check(&VerifierConfig::read(path)?, environment);
    if let Err(error @ VerifierError::Wallet(_)) = VerifierConfig::read_private(path) {
        problems.push(Problem::of(None, &error));
    }
    Ok(problems)
}

/// Everything that is wrong with a verifier's configuration: its text, the variables, and the files that it names.
pub fn check(text: &str, environment: &Environment) -> Vec<Problem> {
    let mut problems = unknown_keys(text, VERIFIER);
    problems.extend(environment.unknown());
    if !problems.is_empty() {
        return problems;
    }
    if let Err(error) = toml::from_str::<VerifierConfig>(text) {
        let place = error.span().map(|span| Place::of(text, span.start));
        // What the file lacks the environment may have.
        if merged_config(text, environment).is_err() {
            return vec![Problem::error(place, without_keys(error.message()))];
        }
    }
    match merged_config(text, environment) {
        Err(error) => vec![out_of_range(text, &error)],
        Ok(config) => named_files(text, &config),
    }
}

fn merged_config(text: &str, environment: &Environment) -> Result<VerifierConfig, VerifierError> {
    let table = merged(text, environment)?;
    let whole = toml::to_string(&table).map_err(|error| VerifierError::Configuration(error.to_string()))?;
    VerifierConfig::parse(&whole)
}

/// A value that parses and makes no sense: the message begins with its key.
fn out_of_range(text: &str, error: &VerifierError) -> Problem {
    let message = error.to_string();
    let reason = message.strip_prefix("configuration: ").unwrap_or(&message);
    let key = reason.split([' ', '=']).next().unwrap_or_default();
    Problem::error(place_of(text, key), reason)
}

/// The files that a configuration names, as far as the daemon needs them at once.
fn named_files(text: &str, config: &VerifierConfig) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut needed = |key: &str, path: &Path| {
        if let Err(error) = std::fs::metadata(path) {
            let message = format!("{key}: {}: {error}", path.display());
            problems.push(Problem::error(place_of(text, key), message).coded(missing(key)));
        }
    };
    if let WalletSource::Keystore {
        directory,
        id,
        passphrase_file,
    } = &config.wallet
    {
        needed("wallet.keystore.directory", &directory.join(format!("{id}.json")));
        needed("wallet.keystore.passphrase_file", passphrase_file);
    }
    if let Some(folder) = &config.collateral {
        needed("collateral", folder);
    }
    if let Err(error) = config.deployment() {
        let message = format!("deployment: {error}");
        problems.push(Problem::error(place_of(text, "deployment"), message).coded(error.code()));
    }
    problems.sort_by_key(|problem| problem.place);
    let exposed = exposed(config, None).into_iter().map(VerifierError::from);
    problems.extend(exposed.map(|error| Problem::of(None, &error)));
    problems
}

/// The code of a file that a setting names and that is not there.
fn missing(key: &str) -> &'static str {
    match key {
        "collateral" => "ORV-V-065",
        _ => "ORV-V-006",
    }
}

/// Keys of a TOML text that are not among the known ones, or the one place where it is no TOML.
pub fn unknown_keys(text: &str, known: &[Setting]) -> Vec<Problem> {
    match DeTable::parse(text) {
        Err(error) => {
            let place = error.span().map(|span| Place::of(text, span.start));
            vec![Problem::error(place, without_keys(error.message()))]
        }
        Ok(table) => {
            let mut problems = Vec::new();
            walk(text, "", table.get_ref(), known, &mut problems);
            problems.sort_by_key(|problem| problem.place);
            problems
        }
    }
}

fn walk(text: &str, above: &str, table: &DeTable<'_>, known: &[Setting], problems: &mut Vec<Problem>) {
    for (key, value) in table {
        let path = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        let setting = known.iter().find(|setting| setting.path == path);
        let below = format!("{path}.");
        let has_below = known.iter().any(|setting| setting.path.starts_with(&below));
        match value.get_ref() {
            DeValue::Table(inner) if has_below => walk(text, &path, inner, known, problems),
            DeValue::Array(rows) if has_below => {
                for row in rows.iter() {
                    if let DeValue::Table(inner) = row.get_ref() {
                        walk(text, &path, inner, known, problems);
                    }
                }
            }
            // What stands in such a table is read by whom it belongs to.
            _ if setting.is_some_and(|setting| setting.kind == Kind::Tables) => {}
            _ if setting.is_some() => {}
            _ => {
                let place = Place::of(text, key.span().start);
                problems.push(Problem::unknown(
                    &path,
                    Some(place),
                    known.iter().map(|setting| setting.path),
                ));
            }
        }
    }
}

/// Where a key of the file is.
fn place_of(text: &str, path: &str) -> Option<Place> {
    let table = DeTable::parse(text).ok()?;
    let byte = find(table.get_ref(), path)?;
    Some(Place::of(text, byte))
}

fn find(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => find(inner, rest),
        _ if rest.is_empty() => Some(key.span().start),
        _ => None,
    }
}

/// Letters to put in, leave out or change (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().take(80).enumerate() {
        let mut next = vec![index + 1];
        for (column, known) in other.iter().enumerate() {
            let changed = row.get(column).copied().unwrap_or_default() + usize::from(letter != *known);
            let left_out = row.get(column + 1).copied().unwrap_or_default() + 1;
            let put_in = next.get(column).copied().unwrap_or_default() + 1;
            next.push(changed.min(left_out).min(put_in));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::EXAMPLE;
    use proptest::prelude::*;

    fn first(text: &str) -> String {
        check(text, &Environment::default())
            .first()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place_and_the_nearest_known_one() {
        let text = EXAMPLE.replace("failed_enclave = 3", "failed_enclaves = 3");
        let line = text
            .lines()
            .position(|line| line.starts_with("failed_enclaves"))
            .unwrap()
            + 1;
        let expected = format!("{line}:1: unknown key pause.failed_enclaves; did you mean pause.failed_enclave?");
        assert_eq!(first(&text), expected);
    }

    #[test]
    fn several_unknown_keys_are_told_at_once() {
        let problems = unknown_keys("a = 1\n[pause]\nb = 2\n[[enclaves]]\nc = 3\n", VERIFIER);
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[1].starts_with("3:1: unknown key pause.b"), "{shown:?}");
    }

    #[test]
    fn what_is_no_toml_or_of_another_type_is_told_with_its_place() {
        assert!(first("deployment = \n").starts_with("1:"));
        let text = EXAMPLE.replace("poll_seconds = 12", "poll_seconds = \"soon\"");
        let line = text.lines().position(|line| line.starts_with("poll_seconds")).unwrap() + 1;
        assert!(
            first(&text).starts_with(&format!("{line}:16: invalid type")),
            "{}",
            first(&text)
        );
    }

    #[test]
    fn a_value_out_of_range_is_told_with_its_place() {
        let text = EXAMPLE.replace("attempts = 1", "attempts = 7");
        let line = text.lines().position(|line| line.starts_with("attempts")).unwrap() + 1;
        assert_eq!(first(&text), format!("{line}:1: attempts = 7: 1 to 3"));
    }

    #[test]
    fn a_cache_that_could_not_hold_what_a_run_needs_is_refused() {
        let text = EXAMPLE.replace("cache_bytes = 68719476736", "cache_bytes = 1000");
        let told = first(&text);
        assert!(told.ends_with("cache_bytes = 1000: at least 1073741824"), "{told}");
    }

    #[test]
    fn files_that_are_not_there_are_told_by_the_key_that_names_them() {
        let problems = check(EXAMPLE, &Environment::default());
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for key in ["wallet.keystore.passphrase_file", "deployment: "] {
            assert!(shown.iter().any(|problem| problem.contains(key)), "{shown:?}");
        }
    }

    #[test]
    fn no_secret_is_repeated() {
        let key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        for text in [
            format!("[wallet]\nunsafe_raw_key = 0x{key}"),
            format!("0x{key} = 1"),
            format!("wallet = \"{key}\""),
        ] {
            assert!(!first(&text).contains(key), "{}", first(&text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_checked_without_a_panic(text in ".{0,200}") {
            let _ = check(&text, &Environment::default());
        }
    }
}
