//! Receipt files: written whole or not at all, before the journal says that there is a statement.

use crate::error::VerifierError;
use crate::journal::Record;
use orv_receipt::{MAX_RECEIPT, Receipt};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// `<project>-<proposal>-<attempt>.orv` in a directory.
pub(crate) fn path(directory: &Path, record: &Record, attempt: u8) -> PathBuf {
    directory.join(format!("{}-{}-{attempt}.orv", record.project, record.proposal))
}

/// Writes beside the target, flushes, renames. Blocks.
///
/// # Errors
/// [`VerifierError::ReceiptFile`].
pub(crate) fn write(path: &Path, receipt: &Receipt) -> Result<(), VerifierError> {
    let failed = |source| VerifierError::ReceiptFile {
        path: path.to_owned(),
        source,
    };
    let partial = path.with_extension("orv.partial");
    let mut file = File::create(&partial).map_err(failed)?;
    file.write_all(&receipt.encode())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)
}

/// Reads a file back; it may have been damaged meanwhile. Blocks.
///
/// # Errors
/// [`VerifierError::ReceiptFile`] or [`VerifierError::ReceiptDamaged`].
pub(crate) fn read(path: &Path) -> Result<Receipt, VerifierError> {
    let failed = |source| VerifierError::ReceiptFile {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_RECEIPT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > MAX_RECEIPT {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Receipt::decode(&bytes).map_err(|source| VerifierError::ReceiptDamaged {
        path: path.to_owned(),
        source,
    })
}
