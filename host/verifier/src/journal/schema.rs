//! The schema, in numbered steps. How many of them a database has is written in it: in a SQLite file's `user_version`,
//! in PostgreSQL's table `journal_schema`.

use super::JournalError;
use super::database::{Database, Kind};
use sqlx::{AnyConnection, AssertSqlSafe};

/// One step: its number and its text.
type Step = (i64, &'static str);

/// The schema that this program brings a journal to: the number of the last step.
pub(crate) const NEWEST_SCHEMA: i64 = 4;

/// Each step once, in order. A step that was published is never changed.
const SQLITE: [Step; 4] = [
    (1, include_str!("../../migrations/sqlite/0001_journal.sql")),
    (2, include_str!("../../migrations/sqlite/0002_many_daemons.sql")),
    (3, include_str!("../../migrations/sqlite/0003_evidence.sql")),
    (
        NEWEST_SCHEMA,
        include_str!("../../migrations/sqlite/0004_failed_settlements.sql"),
    ),
];

/// PostgreSQL came with the second step, and begins with it.
const POSTGRES: [Step; 3] = [
    (2, include_str!("../../migrations/postgres/0002_journal.sql")),
    (3, include_str!("../../migrations/postgres/0003_evidence.sql")),
    (
        NEWEST_SCHEMA,
        include_str!("../../migrations/postgres/0004_failed_settlements.sql"),
    ),
];

/// Keeps two programs from taking a step of the same PostgreSQL database at once; the number is any of our own.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7165821048)";

/// Brings the database up to date.
pub(super) async fn migrate(database: &Database) -> Result<(), JournalError> {
    let steps: &[Step] = match database.kind {
        Kind::Sqlite => &SQLITE,
        Kind::Postgres => &POSTGRES,
    };
    let found = found(database).await?;
    if found > NEWEST_SCHEMA {
        let known = NEWEST_SCHEMA;
        return Err(JournalError::NewerSchema { found, known });
    }
    for (number, text) in steps.iter().filter(|(number, _)| *number > found) {
        // Another program may open the database at the same time: whoever comes first takes the step for both.
        let mut transaction = database.begin().await?;
        if database.kind == Kind::Postgres {
            sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
        }
        if version(database.kind, &mut transaction).await? >= *number {
            continue;
        }
        sqlx::raw_sql(*text).execute(&mut *transaction).await?;
        mark(database.kind, *number, &mut transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// How many steps the database has; 0 where it has no tables.
pub(super) async fn found(database: &Database) -> Result<i64, JournalError> {
    version(database.kind, &mut *database.pool.acquire().await?).await
}

async fn version(kind: Kind, connection: &mut AnyConnection) -> Result<i64, JournalError> {
    if kind == Kind::Sqlite {
        let query = sqlx::query_scalar("PRAGMA user_version");
        return Ok(query.fetch_one(connection).await?);
    }
    let present = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('journal_schema')";
    let present: i64 = sqlx::query_scalar(present).fetch_one(&mut *connection).await?;
    if present == 0 {
        return Ok(0);
    }
    let query = sqlx::query_scalar("SELECT version FROM journal_schema");
    Ok(query.fetch_one(connection).await?)
}

/// The number is ours, and none of these statements takes a bound value.
async fn mark(kind: Kind, number: i64, connection: &mut AnyConnection) -> Result<(), JournalError> {
    let statement = match kind {
        Kind::Sqlite => format!("PRAGMA user_version = {number}"),
        Kind::Postgres => format!(
            "CREATE TABLE IF NOT EXISTS journal_schema (version BIGINT NOT NULL); \
             DELETE FROM journal_schema; INSERT INTO journal_schema VALUES ({number})"
        ),
    };
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}
