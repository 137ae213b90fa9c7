//! The journal, read without changing it: its schema, whether it is whole, and the keys in it.

use super::line::{Check, Line};
use crate::configuration::VerifierConfig;
use crate::enclave::EnclaveAddress;
use crate::journal::{JournalPlace, NEWEST_SCHEMA};
use orv_chain::BlockReference;
use orv_chain::primitives::Address;
use sqlx::any::{AnyConnectOptions, AnyRow, install_default_drivers};
use sqlx::{AnyConnection, Connection, Row};
use std::str::FromStr;

/// The evidence that keys were admitted with, newest first: its challenge is asked again, so that an enclave that is
/// admitted gives the very evidence that it was admitted with.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<KnownKey>);

/// A key in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownKey {
    pub(super) key: Address,
    pub(super) challenge: BlockReference,
    /// Where its enclave listens; an earlier schema did not say.
    enclave: Option<String>,
    /// Which daemon had it admitted; an earlier schema did not say.
    daemon: Option<String>,
}

/// What a journal that is there says.
struct Facts {
    schema: i64,
    proposals: i64,
}

/// Schema and wholeness.
pub(super) async fn lines(config: &VerifierConfig, gateway: Option<Address>) -> Vec<Line> {
    let place = config.journal_place();
    let shown = place.to_string();
    if let JournalPlace::File(path) = &place
        && !path.exists()
    {
        return vec![Line::pass(Check::Journal, "is made by the daemon's first start").about(shown)];
    }
    let line = match facts(&place, gateway).await {
        Ok(Facts { schema, .. }) if schema > NEWEST_SCHEMA => Line::fail(
            Check::Journal,
            format!("schema {schema}, this program knows {NEWEST_SCHEMA}"),
            "run the newer `orv` that wrote it, or name another data directory",
        ),
        Ok(Facts { schema: 0, .. }) => {
            Line::pass(Check::Journal, "is empty; the daemon's first start makes its tables")
        }
        Ok(Facts { schema, .. }) if schema < NEWEST_SCHEMA => Line::warn(
            Check::Journal,
            format!(
                "schema {schema}; the next start brings it to {NEWEST_SCHEMA}, and older programs cannot read it then"
            ),
            "keep a copy before the upgrade: `orv verifier backup FILE` with the program that wrote it",
        ),
        Ok(Facts { schema, proposals }) => {
            Line::pass(Check::Journal, format!("schema {schema}, {proposals} proposals"))
        }
        Err(error) => Line::fail(
            Check::Journal,
            format!("cannot be read: {error}"),
            "check disk, permissions or the database's address; restore a damaged journal from a backup",
        ),
    };
    vec![line.about(shown)]
}

async fn facts(place: &JournalPlace, gateway: Option<Address>) -> Result<Facts, sqlx::Error> {
    let mut connection = connect(place).await?;
    let schema = schema(place, &mut connection).await?;
    let mut proposals = 0;
    if (1..=NEWEST_SCHEMA).contains(&schema) {
        let query = sqlx::query_scalar("SELECT count(*) FROM proposals WHERE gateway = $1");
        let query = query.bind(gateway.unwrap_or_default().to_string());
        proposals = query.fetch_one(&mut connection).await?;
    }
    if let JournalPlace::File(_) = place {
        let whole: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&mut connection)
            .await?;
        if whole != "ok" {
            return Err(sqlx::Error::Protocol(format!("the file is damaged: {whole}")));
        }
    }
    connection.close().await?;
    Ok(Facts { schema, proposals })
}

async fn connect(place: &JournalPlace) -> Result<AnyConnection, sqlx::Error> {
    install_default_drivers();
    let address = place
        .address()
        .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    // A file is not made, and not changed.
    let address = address.replace("?mode=rwc", "?mode=ro");
    AnyConnection::connect_with(&AnyConnectOptions::from_str(&address)?).await
}

async fn schema(place: &JournalPlace, connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    if let JournalPlace::File(_) = place {
        return sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await;
    }
    let present = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('journal_schema')";
    let present: i64 = sqlx::query_scalar(present).fetch_one(&mut *connection).await?;
    if present == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT version FROM journal_schema")
        .fetch_one(connection)
        .await
}

impl Kept {
    /// The keys of the daemon of this data directory; none where the journal cannot be read, which its own line says.
    pub(super) async fn read(config: &VerifierConfig, gateway: Address) -> Self {
        Self(keys(config, gateway).await.unwrap_or_default())
    }

    /// The newest key that may be this enclave's.
    pub(super) fn newest(&self, enclave: &EnclaveAddress) -> Option<&KnownKey> {
        let address = enclave.to_string();
        let may_be = |known: &&KnownKey| known.enclave.as_ref().is_none_or(|named| *named == address);
        self.0.iter().find(may_be)
    }
}

async fn keys(config: &VerifierConfig, gateway: Address) -> Result<Vec<KnownKey>, sqlx::Error> {
    let place = config.journal_place();
    if matches!(&place, JournalPlace::File(path) if !path.exists()) {
        return Ok(Vec::new());
    }
    let mut connection = connect(&place).await?;
    let statement = match schema(&place, &mut connection).await? {
        1 => "SELECT * FROM keys WHERE gateway = $1 ORDER BY noted_at DESC",
        _ => "SELECT * FROM keys WHERE gateway = $1 ORDER BY number DESC",
    };
    let query = sqlx::query(statement).bind(gateway.to_string());
    let rows = query.fetch_all(&mut connection).await?;
    connection.close().await?;
    let daemon = std::fs::read_to_string(config.data_directory.join("daemon-id")).unwrap_or_default();
    let own = |key: &KnownKey| key.daemon.as_ref().is_none_or(|named| named == daemon.trim());
    Ok(rows.iter().filter_map(known).filter(own).collect())
}

fn known(row: &AnyRow) -> Option<KnownKey> {
    let number = u64::try_from(row.try_get::<i64, _>("challenge_block").ok()?).ok()?;
    let hash = row.try_get::<String, _>("challenge_hash").ok()?.parse().ok()?;
    Some(KnownKey {
        key: row.try_get::<String, _>("address").ok()?.parse().ok()?,
        challenge: BlockReference { number, hash },
        enclave: row.try_get("enclave").unwrap_or_default(),
        daemon: row.try_get("daemon").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use crate::journal::{DaemonId, Journal};

    #[tokio::test]
    async fn a_journal_is_judged_by_its_schema_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = VerifierConfig::parse(include_str!("../../verifier.example.toml")).unwrap();
        config.data_directory = folder.path().to_owned();
        let place = config.journal_place();
        let outcome = async || lines(&config, Some(Address::ZERO)).await.remove(0).outcome;
        assert_eq!(outcome().await, Outcome::Pass, "none is there yet");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let daemon = DaemonId::kept_in(folder.path()).unwrap();
        Journal::open(&place, Address::ZERO, daemon).await.unwrap();
        let line = lines(&config, Some(Address::ZERO)).await.remove(0);
        assert_eq!(line.found, format!("schema {NEWEST_SCHEMA}, 0 proposals"));
        for (schema, expected) in [(NEWEST_SCHEMA + 1, Outcome::Fail), (1, Outcome::Warn)] {
            let address = place.address().unwrap();
            let mut connection = AnyConnection::connect(&address).await.unwrap();
            let mark = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {schema}"));
            sqlx::raw_sql(mark).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            assert_eq!(outcome().await, expected, "schema {schema}");
        }
    }
}
