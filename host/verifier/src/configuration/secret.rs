//! Secrets of the operator that other users of the machine can read.

use super::{VerifierConfig, WalletSource};
use crate::error::VerifierError;
use crate::journal::DatabaseUrl;
use crate::settings::{VERIFIER, value_at};
use orv_chain::wallet::{WalletError, require_private};
use std::fs::File;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Refuses a configuration that others can read and in whose text a secret stands.
pub(super) fn refuse_exposed(file: &File, path: &Path, text: &str) -> Result<(), VerifierError> {
    if holds_secret(text) {
        require_private(file, path)?;
    }
    Ok(())
}

/// Every file with a secret in it that others can read: the wallet's, and the configuration's own. One that is missing or
/// cannot be opened is not among them.
pub(crate) fn exposed(config: &VerifierConfig, file: Option<&Path>) -> Vec<WalletError> {
    let mut secrets: Vec<PathBuf> = Vec::new();
    if let WalletSource::Keystore {
        directory,
        id,
        passphrase_file,
    } = &config.wallet
    {
        secrets.push(passphrase_file.clone());
        secrets.push(directory.join(format!("{id}.json")));
    }
    let holds = |path: &&Path| VerifierConfig::read(path).is_ok_and(|text| holds_secret(&text));
    secrets.extend(file.filter(holds).map(Path::to_owned));
    let looks = secrets.iter().filter_map(|path| {
        let file = File::open(path).ok()?;
        require_private(&file, path).err()
    });
    looks.collect()
}

/// Whether a secret stands in the text of a configuration. What comes from the environment does not.
fn holds_secret(text: &str) -> bool {
    let Ok(table) = toml::from_str::<Table>(text) else {
        return false;
    };
    let mut secrets = VERIFIER.iter().filter(|setting| setting.secret);
    secrets.any(|setting| value_at(&table, setting.path).is_some_and(gives_away))
}

/// An empty list of keys gives nothing away, nor does the address of a database that asks for no password.
fn gives_away(value: &Value) -> bool {
    match value {
        Value::Array(values) => !values.is_empty(),
        Value::String(text) => text.parse::<DatabaseUrl>().map_or(true, |url| url.has_password()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::EXAMPLE;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

    #[test]
    fn only_a_text_with_a_key_or_a_password_in_it_holds_a_secret() {
        assert!(!holds_secret(EXAMPLE), "the example's list of keys is empty");
        for (line, holds) in [
            (format!("[wallet]\nunsafe_raw_key = {KEY:?}"), true),
            (format!("[admission.local]\nattester_keys = [{KEY:?}]"), true),
            ("journal = \"postgres://orv:secret@db.example/orv\"".to_owned(), true),
            ("journal = \"postgres://orv@db.example/orv\"".to_owned(), false),
        ] {
            assert_eq!(holds_secret(&line), holds, "{line}");
        }
    }

    #[test]
    fn a_configuration_with_a_key_is_read_only_while_it_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verifier.toml");
        let with_key = EXAMPLE.replace("attester_keys = []", &format!("attester_keys = [{KEY:?}]"));
        for (text, mode, refused) in [
            (EXAMPLE, 0o644, false),
            (&with_key, 0o600, false),
            (&with_key, 0o640, true),
            (&with_key, 0o644, true),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let loaded = VerifierConfig::load(&path);
            assert_eq!(loaded.is_err(), refused, "{mode:o}");
            if let Err(error) = loaded {
                assert_eq!(error.code(), "ORV-V-086");
                let command = format!("run `chmod 600 {}`", path.display());
                assert!(error.to_string().ends_with(&command), "{error}");
            }
        }
    }
}
