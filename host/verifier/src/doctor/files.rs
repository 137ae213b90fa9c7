//! Files of the operator: who can read the secrets, whether the data directory can be written, who works in it, how
//! much room is left, and whether the wallet opens.

use super::Host;
use super::limit::detached;
use super::line::{Check, Line};
use crate::configuration::{VerifierConfig, WalletSource, exposed};
use nix::sys::statvfs::statvfs;
use orv_chain::primitives::Address;
use orv_chain::wallet::WalletError;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// How much of the least room must be left beyond it, so that nobody is told too late.
const COMFORT: u64 = 2;

/// A process that holds the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AtWork {
    /// Its number.
    pub(super) process: u32,
    /// What it calls itself.
    pub(super) name: String,
}

/// The modes of every file with a secret in it.
pub(super) fn modes(config: &VerifierConfig, file: Option<&Path>) -> Vec<Line> {
    let lines = too_open(config, file);
    if lines.is_empty() {
        return vec![Line::pass(
            Check::FileModes,
            "no other user reads a secret or writes the configuration",
        )];
    }
    lines
}

fn too_open(config: &VerifierConfig, file: Option<&Path>) -> Vec<Line> {
    let exposed = exposed(config, file);
    let is_exposed = |path: &Path| {
        let of = |error: &WalletError| matches!(error, WalletError::ReadableByOthers { path: named, .. } if named.as_path() == path);
        exposed.iter().any(of)
    };
    let writable = file.filter(|path| !is_exposed(path)).and_then(written_by_others);
    exposed.iter().map(readable_by_others).chain(writable).collect()
}

/// The line of a secret for which the daemon does not start.
fn readable_by_others(error: &WalletError) -> Line {
    match error {
        WalletError::ReadableByOthers { path, mode } => {
            let shown = path.display().to_string();
            let found =
                format!("mode {mode:04o}: other users have a part in it, so the daemon does not start (ORV-V-086)");
            Line::fail(Check::FileModes, found, format!("chmod 600 {shown}")).about(shown)
        }
        other => Line::fail(
            Check::FileModes,
            other.to_string(),
            "look at the file that the words name",
        ),
    }
}

/// Whoever may write the configuration says who is paid.
fn written_by_others(path: &Path) -> Option<Line> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display().to_string();
    (mode & 0o022 != 0).then(|| {
        Line::fail(
            Check::FileModes,
            format!("mode {mode:04o}: other users can change it"),
            format!("chmod go-w {shown}"),
        )
        .about(shown)
    })
}

/// Whether the data directory takes a file, who works in it, and how much room it has.
pub(super) fn directory(config: &VerifierConfig, host: &Host) -> Vec<Line> {
    let path = &config.data_directory;
    let shown = path.display().to_string();
    // One that is not there yet is made by the daemon, below the nearest that is.
    let present = path
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    let free = room(present);
    let least = config.pause.least_disk_bytes;
    let line = match writable(present) {
        // A full disk is the next line's matter.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Line::pass(Check::DataDirectory, "is there"),
        Err(error) => Line::fail(
            Check::DataDirectory,
            format!("cannot be written: {error}"),
            format!("make it and give it to the daemon's user: `install -d -m 700 -o orv {shown}`"),
        ),
        Ok(()) => Line::pass(Check::DataDirectory, whose(path, present, daemon_at_work(config, host))),
    };
    vec![line.about(&shown), disk(free, least).about(&shown)]
}

fn whose(path: &Path, present: &Path, at_work: Option<AtWork>) -> String {
    match at_work {
        Some(AtWork { process, name }) => format!("can be written; process {process} ({name}) works in it"),
        None if path == present => "can be written; no daemon works in it".to_owned(),
        None => "is not there yet, and can be made".to_owned(),
    }
}

/// Writes a file, flushes and removes it.
fn writable(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".orv-doctor-{}", std::process::id()));
    let written = fs::File::create(&path).and_then(|mut file| {
        file.write_all(&[0; 4096])?;
        file.sync_all()
    });
    if path.exists() {
        fs::remove_file(&path)?;
    }
    written
}

fn room(folder: &Path) -> Option<u64> {
    let found = statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

fn disk(free: Option<u64>, least: u64) -> Line {
    let Some(free) = free else {
        return Line::skipped(Check::Disk, "the system does not say how much is free");
    };
    let found = format!(
        "{} MiB are free, no attempt begins below {} MiB",
        free >> 20,
        least >> 20
    );
    let fix = "make room, move `data_directory`, or lower `pause.least_disk_bytes`; the cache in it may be removed \
               while no daemon runs";
    if free < least {
        Line::fail(Check::Disk, found, fix)
    } else if free < least.saturating_mul(COMFORT) {
        Line::warn(Check::Disk, found, fix)
    } else {
        Line::pass(Check::Disk, found)
    }
}

/// Who holds the lock of the data directory: nobody's lock is taken to find out.
pub(super) fn daemon_at_work(config: &VerifierConfig, host: &Host) -> Option<AtWork> {
    let lock = fs::metadata(config.data_directory.join("lock")).ok()?;
    let process = holder(&host.text("proc/locks"), lock.ino())?;
    let name = host.text(&format!("proc/{process}/comm")).trim().to_owned();
    Some(AtWork { process, name })
}

/// From `/proc/locks`, such as `1: FLOCK  ADVISORY  WRITE 715 fd:00:1234 0 EOF`.
fn holder(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", process, place, ..] = columns.as_slice() else {
            return None;
        };
        let held: u64 = place.rsplit(':').next()?.parse().ok()?;
        (held == inode).then(|| process.parse().ok())?
    })
}

/// The wallet's line, and its account where it opens.
pub(super) struct Opened {
    pub(super) line: Line,
    pub(super) account: Option<Address>,
}

/// Opens the wallet, which takes its key derivation.
pub(super) async fn wallet(config: &VerifierConfig, patience: Duration) -> Opened {
    let source = config.wallet.clone();
    let raw = matches!(source, WalletSource::UnsafeRawKey(_));
    let fix = "check wallet.keystore: directory, id and passphrase_file; `orv wallet new` makes one, mode 0600";
    let failed = |found: String| Opened {
        line: Line::fail(Check::Wallet, found, fix),
        account: None,
    };
    let opening = detached(move || source.open().map(|wallet| wallet.address()));
    match tokio::time::timeout(patience, opening).await {
        Ok(Some(Ok(account))) => Opened {
            line: if raw {
                let found = format!("{account}, a private key in the clear");
                Line::warn(
                    Check::Wallet,
                    found,
                    "use [wallet.keystore] on any chain that is not for development",
                )
            } else {
                Line::pass(Check::Wallet, format!("opens, account {account}"))
            },
            account: Some(account),
        },
        // The modes have lines of their own.
        Ok(Some(Err(error @ WalletError::ReadableByOthers { .. }))) => Opened {
            line: Line::skipped(Check::Wallet, error.to_string()),
            account: None,
        },
        Ok(Some(Err(error))) => failed(error.to_string()),
        Ok(None) => failed("opening it stopped".to_owned()),
        Err(_) => failed(format!("no answer within {} s: it hangs", patience.as_secs_f32())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn the_lock_of_the_data_directory_names_its_holder() {
        let locks = "1: POSIX  ADVISORY  WRITE 12 fd:00:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 715 fd:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  READ 9 fd:00:78 0 EOF\n";
        assert_eq!(holder(locks, 77), Some(715));
        assert_eq!(holder(locks, 78), None);
        assert_eq!(holder("nonsense\n", 77), None);
    }

    #[test]
    fn room_is_judged_by_what_the_daemon_pauses_at() {
        let judged = [99, 150, 500].map(|free| disk(Some(free), 100).outcome);
        assert_eq!(judged, [Outcome::Fail, Outcome::Warn, Outcome::Pass]);
    }

    #[test]
    fn a_directory_that_takes_no_file_is_told_from_one_that_does() {
        let folder = tempfile::tempdir().unwrap();
        assert!(writable(folder.path()).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays behind");
        assert!(writable(&folder.path().join("missing")).is_err());
    }
}
