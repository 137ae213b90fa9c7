//! Where a journal is kept.

use super::JournalError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a journal is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalPlace {
    /// One SQLite file, made when it is not there: one machine.
    File(PathBuf),
    /// A database that several machines share.
    Postgres(DatabaseUrl),
}

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters of libpq behind a `?`; the folder of a Unix
/// socket is `?host=/run/postgresql`. What is printed leaves out password and parameters; what is serialised does not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseUrl(String);

/// A text that is no address of a PostgreSQL database. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a journal's address begins with postgres:// or postgresql://")]
pub struct NotPostgres;

impl FromStr for DatabaseUrl {
    type Err = NotPostgres;

    fn from_str(text: &str) -> Result<Self, NotPostgres> {
        let known = ["postgres://", "postgresql://"];
        match known.iter().any(|scheme| text.starts_with(scheme)) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotPostgres),
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = NotPostgres;

    fn try_from(text: String) -> Result<Self, NotPostgres> {
        text.parse()
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.0
    }
}

impl DatabaseUrl {
    /// Whether it holds a password, before the host or among the parameters.
    pub(crate) fn has_password(&self) -> bool {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let user = address.rsplit_once('@').map_or("", |(user, _)| user);
        user.contains(':') || parameters.split('&').any(|one| one.starts_with("password="))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", ""));
        let address = rest.split(['?', '#']).next().unwrap_or_default();
        // A password may hold any sign but a host holds no `@`.
        let shown = address.rsplit_once('@').map_or(address, |(_, host)| host);
        write!(formatter, "{scheme}://{shown}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

impl JournalPlace {
    /// The address in the form that `sqlx` takes.
    pub(crate) fn address(&self) -> Result<String, JournalError> {
        match self {
            Self::Postgres(url) => Ok(url.0.clone()),
            Self::File(path) => Ok(file_address(path)? + "?mode=rwc"),
        }
    }

    /// The same, by which no file is made.
    pub(crate) fn address_of_existing(&self) -> Result<String, JournalError> {
        match self {
            Self::Postgres(url) => Ok(url.0.clone()),
            // Whoever only reads a file takes part in its write-ahead log all the same.
            Self::File(path) => Ok(file_address(path)? + "?mode=rw"),
        }
    }
}

impl fmt::Display for JournalPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Postgres(url) => url.fmt(formatter),
        }
    }
}

/// `sqlite://` and the absolute path, every byte escaped that means something in an address.
fn file_address(path: &Path) -> Result<String, JournalError> {
    let wrong = |detail: String| JournalError::Path {
        path: path.to_owned(),
        detail,
    };
    let name = path.file_name().ok_or_else(|| wrong("it names no file".to_owned()))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // An address has no `..`: what is written so is resolved before.
    let folder = folder.canonicalize().map_err(|error| wrong(error.to_string()))?;
    let whole = folder.join(name);
    let text = whole.to_str().ok_or_else(|| wrong("it is not UTF-8".to_owned()))?;
    let mut address = "sqlite://".to_owned();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => address.push(char::from(byte)),
            other => address.push_str(&format!("%{other:02x}")),
        }
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_printed_of_an_address_holds_no_secret() {
        for text in [
            "postgres://orv:se@cret@db.example:5432/journal",
            "postgresql://db.example:5432/journal?user=orv&password=se@cret",
            "postgres://orv:se%40cret@db.example:5432/journal?sslmode=require",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            for shown in [
                url.to_string(),
                format!("{url:?}"),
                format!("{:?}", JournalPlace::Postgres(url.clone())),
            ] {
                assert!(
                    !shown.contains("cret") && shown.contains("db.example:5432/journal"),
                    "{shown}"
                );
            }
            assert_eq!(String::from(url), text);
        }
    }

    #[test]
    fn an_address_with_a_password_is_told_from_one_without() {
        for (text, has) in [
            ("postgres://orv:secret@db.example/orv", true),
            ("postgres://db.example:5432/orv?user=orv&password=secret", true),
            ("postgres://orv@db.example:5432/orv?sslmode=require", false),
            ("postgres:///orv?host=/run/postgresql", false),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().has_password(), has, "{text}");
        }
    }

    #[test]
    fn other_databases_are_refused_without_repeating_the_address() {
        let refused = "mysql://root:secret@localhost/orv".parse::<DatabaseUrl>().unwrap_err();
        assert!(!refused.to_string().contains("secret"));
    }

    proptest! {
        #[test]
        fn an_address_has_only_signs_without_a_meaning(name in "[^/\u{0}]{1,30}") {
            prop_assume!(name != "." && name != "..");
            let folder = tempfile::tempdir().unwrap();
            let address = file_address(&folder.path().join(&name)).unwrap();
            let plain = address.trim_start_matches("sqlite://");
            prop_assert!(plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.%".contains(&byte)));
        }

        #[test]
        fn any_text_gives_an_address_or_a_typed_error(text in ".{0,80}") {
            if let Ok(url) = text.parse::<DatabaseUrl>() {
                let _ = url.to_string();
            }
        }
    }
}
