//! The secret that opens a keystore file.

use std::{fmt, fs::File, io::Read, path::Path};

use zeroize::Zeroizing;

use super::{WalletError, require_private};

/// Longest passphrase file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// A non-empty passphrase, wiped from memory when dropped and never printed.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase typed by a person or given by a secret store.
    ///
    /// # Errors
    /// [`WalletError::EmptyPassphrase`].
    pub fn new(text: String) -> Result<Self, WalletError> {
        let text = Zeroizing::new(text);
        if text.is_empty() {
            return Err(WalletError::EmptyPassphrase);
        }
        Ok(Self(text))
    }

    /// Reads the first line of a file, without its line end (openresearch.md 9).
    ///
    /// # Errors
    /// An unreadable or over-long file, one that others can read, text that is not UTF-8, or an empty first line.
    pub fn from_file(path: &Path) -> Result<Self, WalletError> {
        let unreadable = |source| WalletError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Zeroizing::new(Vec::new());
        let file = File::open(path).map_err(unreadable)?;
        require_private(&file, path)?;
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(WalletError::FileTooLarge {
                path: path.to_owned(),
                limit: MAX_FILE_BYTES,
            });
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| WalletError::PassphraseNotText { path: path.to_owned() })?;
        let line = text.split('\n').next().unwrap_or_default();
        Self::new(line.strip_suffix('\r').unwrap_or(line).to_owned())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(content: &[u8]) -> Result<Passphrase, WalletError> {
        read_with_mode(content, 0o600)
    }

    fn read_with_mode(content: &[u8], mode: u32) -> Result<Passphrase, WalletError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Passphrase::from_file(&path)
    }

    #[test]
    fn only_the_first_line_counts_and_its_line_end_does_not() {
        assert_eq!(read(b"correct horse\r\nsecond\n").unwrap().as_bytes(), b"correct horse");
        assert_eq!(read(b"no line end").unwrap().as_bytes(), b"no line end");
    }

    #[test]
    fn an_empty_first_line_is_refused() {
        assert!(matches!(read(b"\nsecret"), Err(WalletError::EmptyPassphrase)));
    }

    #[test]
    fn a_passphrase_that_others_can_read_is_refused() {
        let refused = read_with_mode(b"hunter2", 0o644);
        assert!(matches!(
            refused,
            Err(WalletError::ReadableByOthers { mode: 0o644, .. })
        ));
    }

    #[test]
    fn a_huge_file_is_refused() {
        assert!(matches!(read(&[b'a'; 5000]), Err(WalletError::FileTooLarge { .. })));
    }

    #[test]
    fn debug_output_hides_the_text() {
        let shown = format!("{:?}", read(b"hunter2").unwrap());
        assert!(!shown.contains("hunter2"));
    }
}
