//! The two databases, and the few words in which they differ.

use super::place::JournalPlace;
use super::{JournalError, error, schema};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection, Transaction};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a locked file is opened again.
const OPENINGS: u32 = 100;

/// Pause before it is opened again.
const BETWEEN_OPENINGS: Duration = Duration::from_millis(50);

/// How long a connection is waited for.
const ACQUIRE: Duration = Duration::from_secs(15);

/// Connections to PostgreSQL. SQLite gets one: it has one writer, and two would only wait for each other.
const POSTGRES_CONNECTIONS: u32 = 4;

/// What a connection of somebody who only reads is told besides.
const READ_ONLY: &[&str] = &["SET default_transaction_read_only = on"];

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

/// An open database with the present schema.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) pool: AnyPool,
    pub(super) kind: Kind,
}

impl Database {
    /// Opens or creates it, and brings its schema up to date.
    pub(super) async fn open(place: &JournalPlace) -> Result<Self, JournalError> {
        install_default_drivers();
        let options = AnyConnectOptions::from_str(&place.address()?)?;
        let (kind, connections) = match place {
            JournalPlace::File(_) => (Kind::Sqlite, 1),
            JournalPlace::Postgres(_) => (Kind::Postgres, POSTGRES_CONNECTIONS),
        };
        match kind {
            Kind::Sqlite => write_ahead(&options).await?,
            Kind::Postgres => knock(&options).await?,
        }
        let pool = pool(kind, connections, &[]).connect_with(options).await?;
        let database = Self { pool, kind };
        schema::migrate(&database).await?;
        Ok(database)
    }

    /// Connects to a database that is there and whose tables are left as they are; to PostgreSQL in transactions that
    /// cannot write.
    pub(super) async fn connect_to_read(place: &JournalPlace) -> Result<Self, JournalError> {
        install_default_drivers();
        let options = AnyConnectOptions::from_str(&place.address_of_existing()?)?;
        let (kind, pool) = match place {
            JournalPlace::File(_) => (Kind::Sqlite, pool(Kind::Sqlite, 1, &[])),
            JournalPlace::Postgres(_) => (Kind::Postgres, pool(Kind::Postgres, POSTGRES_CONNECTIONS, READ_ONLY)),
        };
        if kind == Kind::Postgres {
            knock(&options).await?;
        }
        let pool = pool.connect_with(options).await?;
        Ok(Self { pool, kind })
    }

    /// A transaction that may write from its first statement on.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, JournalError> {
        let statement = match self.kind {
            // One that began reading could find the file changed when it comes to write.
            Kind::Sqlite => "BEGIN IMMEDIATE",
            // Whatever the server's default is: rows are locked by name, and a conflict waits instead of failing.
            Kind::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        Ok(self.pool.begin_with(statement).await?)
    }
}

/// Connections that are told what each kind of database is told, and `more`.
fn pool(kind: Kind, connections: u32, more: &'static [&'static str]) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for setting in kind.settings().iter().chain(more) {
                    sqlx::raw_sql(*setting).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
}

impl Kind {
    /// What each new connection is told.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
                "PRAGMA busy_timeout = 10000",
                // What a large receipt made the log grow to is given back.
                "PRAGMA journal_size_limit = 16777216",
            ],
            Self::Postgres => &[
                "SET application_name = 'orv'",
                // A daemon that is stopped in the middle of a transaction must not keep its rows from the others.
                "SET idle_in_transaction_session_timeout = '30s'",
                "SET lock_timeout = '10s'",
                // A server may be set not to wait for its disk. What is sent to the chain must not be forgotten.
                "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
            ],
        }
    }

    /// The database's clock in milliseconds of Unix time, also in the middle of a transaction.
    pub(super) fn clock(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// What a reading of one row ends with when the row is changed next.
    pub(super) fn for_update(self) -> &'static str {
        match self {
            // The transaction is the only writer already.
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// A statement with `{now}` for the clock and `{lock}` for the row's lock. Both are words of this file.
    pub(super) fn words(self, statement: &str) -> AssertSqlSafe<String> {
        let statement = statement.replace("{now}", self.clock());
        AssertSqlSafe(statement.replace("{lock}", self.for_update()))
    }
}

/// Whether the server takes a connection. Connections of a pool would ask again and again, and then only say that they
/// waited in vain: here the system's own words come through, and at once.
async fn knock(options: &AnyConnectOptions) -> Result<(), JournalError> {
    let knocked = timeout(ACQUIRE, AnyConnection::connect_with(options)).await;
    match knocked.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
        Ok(connection) => Ok(connection.close().await?),
        Err(error) if is_of_address(&error, options) => Err(JournalError::Address(error)),
        Err(error) => Err(error.into()),
    }
}

/// Whether the address is why nobody could be asked: what it names is not there, not allowed, or not trusted, however
/// long one waits for a server.
fn is_of_address(error: &sqlx::Error, options: &AnyConnectOptions) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => match error.kind() {
            // The last one is a certificate that is refused.
            ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::InvalidData => true,
            ErrorKind::NotFound => !is_before_its_socket(options),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the folder is there in which a server makes its socket when it starts, and the socket is not.
fn is_before_its_socket(options: &AnyConnectOptions) -> bool {
    let Ok(options) = PgConnectOptions::from_str(options.database_url.as_str()) else {
        return false;
    };
    let folder = options
        .get_socket()
        .map_or(Path::new(options.get_host()), PathBuf::as_path);
    let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
    folder.is_absolute() && folder.is_dir() && !socket.exists()
}

/// Switches the file to write-ahead mode, which lasts. The switch waits for nobody, and a new file may be opened by
/// another program just now.
async fn write_ahead(options: &AnyConnectOptions) -> Result<(), JournalError> {
    let mut tries = 0;
    loop {
        match switch(options).await {
            Err(error) if tries < OPENINGS && is_locked(&error) => tries += 1,
            switched => return Ok(switched?),
        }
        sleep(BETWEEN_OPENINGS).await;
    }
}

async fn switch(options: &AnyConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect_with(options).await?;
    sqlx::raw_sql("PRAGMA journal_mode = WAL")
        .execute(&mut connection)
        .await?;
    connection.close().await
}

fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| error::is_locked(&code))
}
