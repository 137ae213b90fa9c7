//! What was signed, on disk, so that the next life of the process knows what the last one may have sent.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::book::Entry;

/// Largest file that is read, in bytes: a few dozen transactions of the largest size that pools take.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// A file with what one account has signed on one chain and may still be mined. It is written before anything is sent.
#[derive(Debug, Clone)]
pub struct Outbox {
    path: PathBuf,
    /// Functions whose calls mean nothing to another life of the process.
    passing: Vec<[u8; 4]>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file could not be written, so nothing was sent.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is none of ours.
    #[error("{path} holds no signed transactions: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The file belongs to another account or another chain: what it holds must not be sent to this one.
    #[error("{path} is of {found}, expected {expected}")]
    Other {
        /// The file.
        path: PathBuf,
        /// Its account and chain.
        found: Box<Signer>,
        /// Those that use it now.
        expected: Box<Signer>,
    },
}

/// Who signs for which chain. A development chain that was begun anew has the old one's id, and another first block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// The account.
    pub account: Address,
    /// The chain's id.
    pub chain_id: u64,
    /// The hash of the chain's first block.
    pub genesis: B256,
}

impl fmt::Display for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            chain_id,
            genesis,
        } = self;
        write!(
            formatter,
            "account {account} on chain {chain_id} that begins with {genesis}"
        )
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    signer: Signer,
    signed: BTreeMap<u64, Entry>,
}

impl Outbox {
    /// Names the file. Its folder must exist; nothing is read or written yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            passing: Vec::new(),
        }
    }

    /// Calls of this function are for the life that signs them: the next one does not offer again what no node has.
    #[must_use]
    pub fn dropping(mut self, selector: [u8; 4]) -> Self {
        self.passing.push(selector);
        self
    }

    /// Whether an entry is for the life that signed it.
    pub(super) fn drops(&self, entry: &Entry) -> bool {
        self.passing
            .iter()
            .any(|selector| entry.call.data.starts_with(selector))
    }

    /// What has been signed; nothing when there is no file yet.
    pub(super) fn load(&self, signer: Signer) -> Result<BTreeMap<u64, Entry>, OutboxError> {
        let path = || self.path.clone();
        let unreadable = |source| OutboxError::Unreadable { path: path(), source };
        let malformed = |reason: String| OutboxError::Malformed { path: path(), reason };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(malformed(format!("more than {MAX_FILE_BYTES} bytes")));
        }
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        self.require(document.signer, signer)?;
        Ok(document.signed)
    }

    /// Refuses what is of another account or chain.
    pub(super) fn require(&self, found: Signer, expected: Signer) -> Result<(), OutboxError> {
        if found == expected {
            return Ok(());
        }
        Err(OutboxError::Other {
            path: self.path.clone(),
            found: Box::new(found),
            expected: Box::new(expected),
        })
    }

    /// Writes beside the file, flushes, then renames: a crash leaves the old or the new one.
    pub(super) fn save(&self, signer: Signer, signed: &BTreeMap<u64, Entry>) -> Result<(), OutboxError> {
        let unwritable = |source| OutboxError::Unwritable {
            path: self.path.clone(),
            source,
        };
        let document = Document {
            signer,
            signed: signed.clone(),
        };
        let text = serde_json::to_vec(&document).map_err(|error| unwritable(error.into()))?;
        let partial = self.path.with_extension("partial");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .map_err(unwritable)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&partial, &self.path))
            .and_then(|()| folder(&self.path).and_then(|folder| folder.sync_all()))
            .map_err(unwritable)
    }
}

fn folder(path: &Path) -> std::io::Result<File> {
    File::open(match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Bytes, U256};

    use super::*;
    use crate::transaction::{Call, Fees, book::Offer};

    const SIGNER: Signer = Signer {
        account: Address::repeat_byte(8),
        chain_id: 1,
        genesis: B256::repeat_byte(9),
    };

    fn signed() -> BTreeMap<u64, Entry> {
        let offer = Offer {
            hash: B256::repeat_byte(1),
            raw: Bytes::from_static(&[2]),
            fees: Fees { tip: 3, total: 4 },
        };
        let call = Call {
            to: Address::repeat_byte(5),
            value: U256::from(6),
            data: Bytes::from_static(&[7]),
        };
        let entry = Entry {
            call,
            gas_limit: 21_000,
            offers: vec![offer],
        };
        BTreeMap::from([(9, entry)])
    }

    #[test]
    fn what_was_signed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::at(folder.path().join("outbox.json"));
        assert!(outbox.load(SIGNER).unwrap().is_empty());
        outbox.save(SIGNER, &signed()).unwrap();
        assert_eq!(outbox.load(SIGNER).unwrap(), signed());
        let begun_anew = Signer {
            genesis: B256::ZERO,
            ..SIGNER
        };
        let other = outbox.load(begun_anew);
        assert!(
            matches!(&other, Err(OutboxError::Other { found, .. }) if **found == SIGNER),
            "{other:?}"
        );
    }

    #[test]
    fn the_format_is_as_documented() {
        let document = Document {
            signer: SIGNER,
            signed: signed(),
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
        {
          "signer": {
            "account": "0x0808080808080808080808080808080808080808",
            "chain_id": 1,
            "genesis": "0x0909090909090909090909090909090909090909090909090909090909090909"
          },
          "signed": {
            "9": {
              "call": {
                "to": "0x0505050505050505050505050505050505050505",
                "value": "0x6",
                "data": "0x07"
              },
              "gas_limit": 21000,
              "offers": [
                {
                  "hash": "0x0101010101010101010101010101010101010101010101010101010101010101",
                  "raw": "0x02",
                  "fees": {
                    "tip": 3,
                    "total": 4
                  }
                }
              ]
            }
          }
        }
        "#);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_an_empty_box() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.json");
        fs::write(&path, b"{\"account\"").unwrap();
        let damaged = Outbox::at(path).load(SIGNER);
        assert!(matches!(damaged, Err(OutboxError::Malformed { .. })), "{damaged:?}");
    }
}
