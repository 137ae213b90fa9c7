//! The schema, in numbered steps; the file's `user_version` says how many of them it has.

use super::JournalError;
use sqlx::sqlite::SqlitePool;

/// Each step once, in order. A step that was published is never changed.
const STEPS: [(i64, &str); 1] = [(1, include_str!("../../migrations/0001_journal.sql"))];

/// Brings the file up to date.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), JournalError> {
    let version = "PRAGMA user_version";
    let found: i64 = sqlx::query_scalar(version).fetch_one(pool).await?;
    let known = STEPS.iter().map(|(number, _)| *number).max().unwrap_or_default();
    if found > known {
        return Err(JournalError::NewerSchema { found, known });
    }
    for (number, text) in STEPS.into_iter().filter(|(number, _)| *number > found) {
        // Another program may open the file at the same time: whoever writes first takes the step for both.
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        let present: i64 = sqlx::query_scalar(version).fetch_one(&mut *transaction).await?;
        if present >= number {
            continue;
        }
        sqlx::raw_sql(text).execute(&mut *transaction).await?;
        // The number is ours, and PRAGMA takes no bound value.
        let mark = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {number}"));
        sqlx::raw_sql(mark).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}
