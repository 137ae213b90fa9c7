//! Which value each setting has, and where it comes from.

use super::environment::{Environment, merged, variable};
use super::known::{Setting, VERIFIER};
use crate::configuration::VerifierConfig;
use crate::error::VerifierError;
use serde::Serialize;
use toml::{Table, Value};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A flag of the command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// The file.
    File,
    /// Nowhere: it is what counts when nobody says otherwise.
    Default,
    /// Nowhere, and nothing counts.
    Absent,
}

/// A setting as it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// Its path.
    pub key: String,
    /// Its value as TOML, `(hidden)` for a secret; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
    /// The variable that goes before the file.
    pub variable: String,
}

/// Every setting of a file, with the environment's in their places.
///
/// # Errors
/// [`VerifierError::Configuration`] for a file or a variable that cannot be used.
pub fn effective(text: &str, environment: &Environment) -> Result<Vec<Effective>, VerifierError> {
    let in_file = merged(text, &Environment::default())?;
    let together = merged(text, environment)?;
    let whole = toml::to_string(&together).map_err(|error| VerifierError::Configuration(error.to_string()))?;
    let config = VerifierConfig::parse(&whole)?;
    let complete = Table::try_from(&config).map_err(|error| VerifierError::Configuration(error.to_string()))?;
    let row = |setting: &Setting| {
        let (origin, value) = if environment.value(setting).is_some() {
            (Origin::Environment, value_at(&together, setting.path))
        } else if let Some(value) =
            value_at(&in_file, setting.path).filter(|_| value_at(&together, setting.path).is_some())
        {
            (Origin::File, Some(value))
        } else if let Some(value) = value_at(&complete, setting.path) {
            (Origin::Default, Some(value))
        } else {
            (Origin::Absent, None)
        };
        Effective {
            key: setting.path.to_owned(),
            value: value.map(|value| shown(setting, value)),
            origin,
            variable: variable(setting),
        }
    };
    let listed = |setting: &&Setting| !setting.path.starts_with("enclaves.");
    Ok(VERIFIER.iter().filter(listed).map(row).collect())
}

/// The value at a path with dots.
pub(crate) fn value_at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((first, rest)) => value_at(table.get(first)?.as_table()?, rest),
    }
}

fn shown(setting: &Setting, value: &Value) -> String {
    if setting.secret {
        return "(hidden)".to_owned();
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rows: &[Effective], key: &str) -> (Option<String>, Origin) {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        (row.value.clone(), row.origin)
    }

    #[test]
    fn each_value_says_where_it_comes_from_and_secrets_are_hidden() {
        let text = crate::settings::EXAMPLE.replace("poll_seconds = 12\n", "");
        let text = text.replace(
            "attester_keys = []",
            &format!("attester_keys = [\"0x{}\"]", "22".repeat(32)),
        );
        let variables = [("ORV_VERIFIER_ATTEMPTS".to_owned(), "2".to_owned())];
        let rows = effective(&text, &variables.into_iter().collect()).unwrap();
        assert_eq!(row(&rows, "attempts"), (Some("2".to_owned()), Origin::Environment));
        assert_eq!(row(&rows, "run_seconds"), (Some("3600".to_owned()), Origin::File));
        assert_eq!(row(&rows, "poll_seconds"), (Some("12".to_owned()), Origin::Default));
        assert_eq!(row(&rows, "chain_id"), (None, Origin::Absent));
        assert_eq!(
            row(&rows, "admission.local.attester_keys").0.as_deref(),
            Some("(hidden)")
        );
        assert!(!format!("{rows:?}").contains("2222"));
    }
}
