//! Claims: of several daemons on one database, one works on a proposal.
//!
//! A claim lasts for a lease of the database's own clock and is renewed while its daemon lives. Who has a claim is
//! compared inside the transaction of every change, under the row's lock: a daemon whose claim was taken over can write
//! nothing any more, however late it learns of it. A claim that ran out and that nobody took is still its daemon's:
//! what has happened must be written, even after the database was away for longer than a lease.

use super::record::Columns;
use super::{Journal, JournalError, signed};
use orv_chain::ProposalId;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

/// How often a claim is tried that somebody releases just then.
const TRIES: u32 = 5;

/// Longest lease: a hundred years, in milliseconds.
const MAX_LEASE: i64 = 100 * 366 * 86_400 * 1000;

/// Which daemon it is: 16 random bytes, kept in its data directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaemonId([u8; 16]);

/// A text that is no daemon's number: not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 32 hexadecimal digits")]
pub struct NotADaemon;

/// What came of [`Journal::claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's until its lease ends. What was read of the proposal before may be old: read it again.
    Taken,
    /// Another daemon works on it.
    Held {
        /// Which one.
        by: DaemonId,
        /// When its lease ends, in seconds of Unix time by the database's clock.
        until: u64,
    },
}

impl DaemonId {
    /// One who only reads: it claims nothing and changes nothing.
    pub const READER: Self = Self([0; 16]);

    /// These 16 bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The number of the daemon whose data directory this is, drawn at its first start. The caller has made sure that no
    /// other daemon uses the directory. A directory that is copied to another machine must be copied without the file
    /// `daemon-id`, or both machines are the same daemon. Blocks.
    ///
    /// # Errors
    /// [`JournalError::DaemonId`]: the file cannot be read or written, or holds something else.
    pub fn kept_in(directory: &Path) -> Result<Self, JournalError> {
        let path = directory.join("daemon-id");
        let failed = |source| JournalError::DaemonId {
            path: path.clone(),
            source,
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => text
                .trim_end()
                .parse()
                .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(directory, &path).map_err(failed),
            Err(error) => Err(failed(error)),
        }
    }

    fn make(directory: &Path, path: &Path) -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        let made = Self(bytes);
        let partial = path.with_extension("partial");
        let mut file = File::create(&partial)?;
        writeln!(file, "{made}")?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        File::open(directory)?.sync_all()?;
        Ok(made)
    }
}

impl fmt::Display for DaemonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for DaemonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DaemonId({self})")
    }
}

impl FromStr for DaemonId {
    type Err = NotADaemon;

    fn from_str(text: &str) -> Result<Self, NotADaemon> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotADaemon)?;
        Ok(Self(bytes))
    }
}

impl Journal {
    /// Claims a proposal for this daemon, or makes its own claim last for another lease. A claim of its own that has
    /// more than half of the lease left costs one reading.
    ///
    /// # Errors
    /// [`JournalError::Unknown`]; [`JournalError::ClaimLost`] for [`DaemonId::READER`].
    pub async fn claim(&self, proposal: ProposalId, lease_seconds: u64) -> Result<Claim, JournalError> {
        if self.daemon == DaemonId::READER {
            return Err(JournalError::ClaimLost {
                proposal,
                daemon: self.daemon,
                holder: None,
            });
        }
        let lease = milliseconds(lease_seconds)?;
        let mut seen = self.holder(proposal).await?;
        for _ in 0..TRIES {
            match seen.owner {
                Some(owner) if owner == self.daemon && seen.until - seen.now > lease / 2 => return Ok(Claim::Taken),
                Some(owner) if owner != self.daemon && seen.until > seen.now => return Ok(seen.held(owner)),
                _ => {}
            }
            if self.take(proposal, lease).await? {
                return Ok(Claim::Taken);
            }
            seen = self.holder(proposal).await?;
        }
        // Claimed and released by others again and again: as good as held.
        Ok(seen.held(seen.owner.unwrap_or(DaemonId::READER)))
    }

    /// Whether the row was free and is the caller's now. One statement: the row's lock decides between two.
    async fn take(&self, proposal: ProposalId, lease: i64) -> Result<bool, JournalError> {
        let statement = "UPDATE proposals SET claim_owner = $3, claim_until = {now} + $4 \
             WHERE gateway = $1 AND proposal = $2 \
             AND (claim_owner IS NULL OR claim_owner = $3 OR claim_until <= {now})";
        let query = sqlx::query(self.database.kind.words(statement))
            .bind(&self.gateway)
            .bind(proposal.to_string())
            .bind(self.daemon.to_string())
            .bind(lease);
        Ok(query.execute(&self.database.pool).await?.rows_affected() == 1)
    }

    async fn holder(&self, proposal: ProposalId) -> Result<Holder, JournalError> {
        let statement =
            "SELECT claim_owner, claim_until, {now} AS now FROM proposals WHERE gateway = $1 AND proposal = $2";
        let query = sqlx::query(self.database.kind.words(statement))
            .bind(&self.gateway)
            .bind(proposal.to_string());
        let row = query.fetch_optional(&self.database.pool).await?;
        let row = row.ok_or(JournalError::Unknown(proposal))?;
        let columns = Columns(&row);
        Ok(Holder {
            owner: columns.optional("claim_owner")?,
            until: columns.optional_number("claim_until")?.unwrap_or_default(),
            now: columns.number("now")?,
        })
    }

    /// Makes every claim of this daemon last for another lease. Answers how many it has.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn renew(&self, lease_seconds: u64) -> Result<u64, JournalError> {
        let statement = "UPDATE proposals SET claim_until = {now} + $3 WHERE gateway = $1 AND claim_owner = $2";
        let query = sqlx::query(self.database.kind.words(statement))
            .bind(&self.gateway)
            .bind(self.daemon.to_string())
            .bind(milliseconds(lease_seconds)?);
        Ok(query.execute(&self.database.pool).await?.rows_affected())
    }

    /// Gives a claim back. One that is not this daemon's stays as it is.
    ///
    /// # Errors
    /// The database's refusal.
    pub async fn release(&self, proposal: ProposalId) -> Result<(), JournalError> {
        let statement = "UPDATE proposals SET claim_owner = NULL, claim_until = NULL \
             WHERE gateway = $1 AND proposal = $2 AND claim_owner = $3";
        let query = sqlx::query(statement)
            .bind(&self.gateway)
            .bind(proposal.to_string())
            .bind(self.daemon.to_string());
        query.execute(&self.database.pool).await?;
        Ok(())
    }

    /// The proposals that this daemon has claimed, also in an earlier life.
    ///
    /// # Errors
    /// A damaged row.
    pub async fn claimed(&self) -> Result<Vec<ProposalId>, JournalError> {
        let query = sqlx::query("SELECT proposal FROM proposals WHERE gateway = $1 AND claim_owner = $2")
            .bind(&self.gateway)
            .bind(self.daemon.to_string());
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(|row| Columns(row).parsed("proposal")).collect()
    }
}

fn milliseconds(lease_seconds: u64) -> Result<i64, JournalError> {
    signed(lease_seconds.saturating_mul(1000)).and_then(|lease| match lease {
        // Added to the clock, it must still fit.
        ..=MAX_LEASE => Ok(lease),
        _ => Err(JournalError::TooLarge(lease_seconds)),
    })
}

/// Who has a claim, in milliseconds of the database's clock.
struct Holder {
    owner: Option<DaemonId>,
    until: i64,
    now: i64,
}

impl Holder {
    fn held(&self, by: DaemonId) -> Claim {
        let until = u64::try_from(self.until.max(self.now)).unwrap_or_default();
        Claim::Held {
            by,
            until: until.div_ceil(1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_daemon_keeps_its_number_and_another_directory_has_another() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let drawn = DaemonId::kept_in(one.path()).unwrap();
        assert_eq!(DaemonId::kept_in(one.path()).unwrap(), drawn);
        assert_ne!(DaemonId::kept_in(other.path()).unwrap(), drawn);
    }

    #[test]
    fn a_damaged_number_is_never_replaced_by_another() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("daemon-id"), "daemon").unwrap();
        let refused = DaemonId::kept_in(directory.path());
        assert!(matches!(refused, Err(JournalError::DaemonId { .. })));
    }

    proptest! {
        #[test]
        fn a_number_reads_back(bytes: [u8; 16], text in ".{0,40}") {
            let id = DaemonId::new(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let _ = text.parse::<DaemonId>();
        }
    }
}
