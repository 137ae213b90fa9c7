//! Variables that go before the file.

use super::check::Problem;
use super::known::{Kind, Setting, VERIFIER};
use crate::configuration::VerifierConfig;
use crate::error::VerifierError;
use orv_chain::wallet::without_keys;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// What every variable of the verifier begins with.
pub const PREFIX: &str = "ORV_VERIFIER_";

/// The variable that names the file itself.
const FILE: &str = "ORV_VERIFIER_CONFIG";

/// Variables by name: those of the process, or others in a test.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The verifier's variables of this process.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a setting's variable.
    pub(super) fn value(&self, setting: &Setting) -> Option<&str> {
        self.0.get(&variable(setting)).map(String::as_str)
    }

    /// Variables that are no setting's.
    pub(super) fn unknown(&self) -> Vec<Problem> {
        let known: Vec<String> = VERIFIER.iter().map(variable).collect();
        let strange = self.0.keys().filter(|name| !known.contains(name));
        strange
            .map(|name| Problem::unknown(name, None, known.iter().map(String::as_str)))
            .collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let ours = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX) && name != FILE);
        Self(ours.collect())
    }
}

/// Values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variable of a setting.
pub(super) fn variable(setting: &Setting) -> String {
    format!("{PREFIX}{}", setting.path.replace('.', "_").to_uppercase())
}

/// Reads a file, with what the environment says instead.
///
/// # Errors
/// As [`VerifierConfig::load`].
pub fn load(path: &Path, environment: &Environment) -> Result<VerifierConfig, VerifierError> {
    parse(&VerifierConfig::read_private(path)?, environment)
}

/// Reads a file as [`load`] does, whoever else can read it: the doctor says so itself.
///
/// # Errors
/// As [`VerifierConfig::read`] and [`VerifierConfig::parse`].
pub fn load_to_examine(path: &Path, environment: &Environment) -> Result<VerifierConfig, VerifierError> {
    parse(&VerifierConfig::read(path)?, environment)
}

fn parse(text: &str, environment: &Environment) -> Result<VerifierConfig, VerifierError> {
    if environment.0.is_empty() {
        return VerifierConfig::parse(text);
    }
    if let Some(problem) = environment.unknown().first() {
        return Err(VerifierError::Configuration(problem.to_string()));
    }
    let table = merged(text, environment)?;
    let text = toml::to_string(&table).map_err(|error| refused(&error.to_string()))?;
    VerifierConfig::parse(&text)
}

/// The file's values with the environment's in their places.
pub(super) fn merged(text: &str, environment: &Environment) -> Result<Table, VerifierError> {
    let mut table: Table = toml::from_str(text).map_err(|error| refused(&error.to_string()))?;
    for setting in VERIFIER {
        if let Some(given) = environment.value(setting) {
            let value =
                value_of(setting, given).map_err(|reason| refused(&format!("{}: {reason}", variable(setting))))?;
            put(&mut table, setting.path, value).map_err(|reason| refused(&reason))?;
        }
    }
    Ok(table)
}

fn refused(reason: &str) -> VerifierError {
    VerifierError::Configuration(without_keys(reason))
}

/// A variable's text as the file would have it.
fn value_of(setting: &Setting, given: &str) -> Result<Value, String> {
    let list = given.trim_start().starts_with('[');
    match setting.kind {
        Kind::Text => Ok(Value::String(given.to_owned())),
        Kind::Texts if !list => Ok(Value::String(given.to_owned())),
        Kind::Tables => Err("it is a list of tables, which stands in the file alone".to_owned()),
        Kind::Texts | Kind::Value => {
            let line: Table = toml::from_str(&format!("value = {given}"))
                .map_err(|_| "write it as in the file: a number, true or false, or a list in brackets".to_owned())?;
            line.get("value").cloned().ok_or_else(|| "it is empty".to_owned())
        }
    }
}

/// Puts a value at a path. Where one of two sources excludes the other, such as keystore and raw key, the file's goes.
fn put(table: &mut Table, path: &str, value: Value) -> Result<(), String> {
    let Some((first, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return Ok(());
    };
    let exclusive = matches!(first, "wallet" | "admission");
    let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
    let inner = inner.as_table_mut().ok_or_else(|| format!("{first} is no table"))?;
    if exclusive {
        let kept = rest.split('.').next().unwrap_or(rest).to_owned();
        inner.retain(|name, _| *name == kept);
    }
    put(inner, rest, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::WalletSource;

    fn load_with(variables: &[(&str, &str)]) -> Result<VerifierConfig, VerifierError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verifier.toml");
        std::fs::write(&path, crate::settings::EXAMPLE).unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&path, &variables.collect())
    }

    #[test]
    fn a_variable_goes_before_the_file() {
        let config = load_with(&[
            ("ORV_VERIFIER_POLL_SECONDS", "3"),
            ("ORV_VERIFIER_PAUSE_FAILED_ENCLAVE", "9"),
            ("ORV_VERIFIER_DATA_DIRECTORY", "/elsewhere"),
            ("ORV_VERIFIER_RPC", "[\"http://a\", \"http://b\"]"),
            ("ORV_VERIFIER_CONFIG", "/a/file"),
            ("HOME", "/root"),
        ]);
        let config = config.unwrap();
        assert_eq!((config.poll_seconds, config.pause.failed_enclave), (3, 9));
        assert_eq!(config.data_directory, Path::new("/elsewhere"));
        assert_eq!(config.rpc.unwrap().all().len(), 2);
    }

    #[test]
    fn another_wallet_takes_the_place_of_the_files() {
        let key = format!("0x{}", "11".repeat(32));
        let config = load_with(&[("ORV_VERIFIER_WALLET_UNSAFE_RAW_KEY", &key)]).unwrap();
        assert_eq!(config.wallet, WalletSource::UnsafeRawKey(key));
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_nearest_known_one() {
        let refused = load_with(&[("ORV_VERIFIER_POL_SECONDS", "3")]).unwrap_err().to_string();
        assert!(refused.contains("did you mean ORV_VERIFIER_POLL_SECONDS?"), "{refused}");
    }

    #[test]
    fn a_value_that_is_none_is_refused_by_the_variables_name_and_no_secret_is_repeated() {
        let refused = load_with(&[("ORV_VERIFIER_POLL_SECONDS", "soon")])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("ORV_VERIFIER_POLL_SECONDS"), "{refused}");
        let key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let refused = load_with(&[("ORV_VERIFIER_ADMISSION_LOCAL_ATTESTER_KEYS", key)]).unwrap_err();
        assert!(!refused.to_string().contains(key), "{refused}");
    }
}
