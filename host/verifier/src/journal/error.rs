//! Why the journal could not be used.

use super::claim::DaemonId;
use super::place::JournalPlace;
use super::state::IllegalTransition;
use orv_chain::ProposalId;
use std::io;
use std::path::PathBuf;

/// SQLite's primary codes for a file that another connection has locked: `SQLITE_BUSY`, `SQLITE_LOCKED`.
const SQLITE_LOCKED: [u32; 2] = [5, 6];

/// PostgreSQL's classes of errors that pass: connection, resources, the operator's intervention such as a shutdown,
/// and transactions rolled back for another's sake (PostgreSQL manual, appendix A).
const POSTGRES_PASSING: [&str; 4] = ["08", "40", "53", "57"];

/// `lock_not_available`: another connection held the row for too long.
const POSTGRES_LOCKED: &str = "55P03";

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database failed.
    #[error("the journal cannot be used: {0}")]
    Database(#[from] sqlx::Error),
    /// The database cannot be reached by its address, and no waiting mends that.
    #[error("the journal's database cannot be reached by its address: {0}")]
    Address(#[source] sqlx::Error),
    /// The schema was written by a newer program.
    #[error("the journal has schema {found}, this program knows {known}")]
    NewerSchema {
        /// Schema of the database.
        found: i64,
        /// Newest schema known.
        known: i64,
    },
    /// The schema was written by an older program, and is to stay as it is.
    #[error(
        "the journal has schema {found}; what only reads it knows {known}, to which the daemon's next start brings it"
    )]
    OlderSchema {
        /// Schema of the database.
        found: i64,
        /// Newest schema known.
        known: i64,
    },
    /// A value that this program never wrote.
    #[error("the journal's column {column} is damaged: {detail}")]
    Content {
        /// The column.
        column: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// No daemon has made the file or the tables yet.
    #[error("no journal exists yet at {0}")]
    NotYet(JournalPlace),
    /// The proposal is not in the journal.
    #[error("proposal {0} is not in the journal")]
    Unknown(ProposalId),
    /// The event has no place in the proposal's state.
    #[error("proposal {proposal}: {source}")]
    Transition {
        /// The proposal.
        proposal: ProposalId,
        /// State and event.
        source: IllegalTransition,
    },
    /// The proposal is not this daemon's to change: it never claimed it, or another one took it over.
    #[error("proposal {proposal} is {}, not of daemon {daemon}", held_by(*.holder))]
    ClaimLost {
        /// The proposal.
        proposal: ProposalId,
        /// The daemon that wanted to change it.
        daemon: DaemonId,
        /// Who has it.
        holder: Option<DaemonId>,
    },
    /// A number beyond the 63 bits of a column.
    #[error("{0} does not fit the journal")]
    TooLarge(u64),
    /// A file's path cannot be written as the address of a database.
    #[error("{} cannot be the path of a journal: {detail}", .path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why not.
        detail: String,
    },
    /// The daemon's own number cannot be read or made.
    #[error("cannot use {}: {source}", .path.display())]
    DaemonId {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A copy of a journal in PostgreSQL was asked for.
    #[error("a journal in PostgreSQL is copied with pg_dump, not by this program")]
    BackupElsewhere,
    /// The copy cannot be written.
    #[error("cannot write the backup {}: {source}", .path.display())]
    Backup {
        /// The copy.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether waiting may mend it: a database that is away, starts, shuts down or is busy. What was being written is
    /// then written or not, as a whole; read the row again before anything else.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_)) => true,
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| passes(&code)),
            _ => false,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewerSchema { .. } | Self::OlderSchema { .. } => "ORV-V-009",
            Self::ClaimLost { .. } => "ORV-V-080",
            Self::BackupElsewhere => "ORV-V-082",
            Self::Backup { .. } => "ORV-V-083",
            Self::DaemonId { .. } => "ORV-V-084",
            Self::NotYet(_) => "ORV-V-087",
            Self::Unknown(_) => "ORV-V-088",
            other if other.may_pass() => "ORV-V-081",
            _ => "ORV-V-008",
        }
    }

    /// What to do next, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::OlderSchema { .. } => "Start the daemon of this program once, or use the older one.",
            Self::NewerSchema { .. } => "Use the newer program, or another data directory.",
            Self::ClaimLost { .. } => {
                "Nothing: the other daemon goes on with it; compare the machines' loads and clocks if it recurs."
            }
            Self::Address(_) => {
                "Correct the database's address: socket, `sslmode`, certificates; or the permissions of what it names."
            }
            Self::BackupElsewhere => "Run pg_dump on the database.",
            Self::NotYet(_) => {
                "Start the daemon, which makes it: `orv verifier run FILE`; or correct `data_directory`, which counts from the folder that the command is run in."
            }
            Self::Unknown(_) => "Name a proposal that `orv verifier status` lists.",
            Self::Backup { .. } => "Name a new file in a folder that is writable, with space left.",
            Self::DaemonId { .. } => "Restore the file `daemon-id`, or remove it when no daemon of that number lives.",
            other if other.may_pass() => "Start the database, or end what holds it; the step is tried again.",
            _ => {
                "Check disk space, permissions and the database's address; if it is damaged, restore it or start anew."
            }
        }
    }
}

/// The code of either database: SQLite's are numbers, PostgreSQL's have five characters.
fn passes(code: &str) -> bool {
    let postgres = code.len() == 5;
    if postgres {
        code == POSTGRES_LOCKED || POSTGRES_PASSING.iter().any(|class| code.starts_with(class))
    } else {
        is_locked(code)
    }
}

/// Whether SQLite found its file locked. The low byte is the primary code; the others say which lock it was.
pub(super) fn is_locked(code: &str) -> bool {
    code.parse::<u32>()
        .is_ok_and(|code| SQLITE_LOCKED.contains(&(code % 256)))
}

fn held_by(holder: Option<DaemonId>) -> String {
    holder.map_or_else(
        || "claimed by nobody".to_owned(),
        |holder| format!("claimed by daemon {holder}"),
    )
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn a_database_that_is_away_or_busy_passes_and_a_wrong_one_does_not() {
        for code in [
            "5", "261", "517", "6", "57P01", "57P03", "08006", "40001", "53300", "55P03",
        ] {
            assert!(passes(code), "{code}");
        }
        for code in ["1", "11", "13", "14", "42P01", "23505", "28P01", "3D000", ""] {
            assert!(!passes(code), "{code}");
        }
    }
}
