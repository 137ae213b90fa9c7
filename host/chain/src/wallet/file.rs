//! Keystore files in a directory, one per wallet id.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use alloy::primitives::Address;
use zeroize::Zeroizing;

use super::{
    Cost, Passphrase, Wallet, WalletError,
    document::{Document, Entropy},
    require_private,
};

/// Largest keystore file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A directory of keystores named `<id>.json`, mode 0700, files 0600 (openresearch.md 9).
#[derive(Debug, Clone)]
pub struct WalletHome {
    directory: PathBuf,
}

impl WalletHome {
    /// Names the directory; upstream's is `~/.autoresearch/wallets`. Nothing is created yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Generates a key from the operating system's entropy and stores it encrypted. An existing file is never replaced.
    ///
    /// # Errors
    /// [`WalletError::AlreadyExists`], a bad id, or the system's refusal.
    pub fn create(&self, id: &str, passphrase: &Passphrase, cost: Cost) -> Result<Wallet, WalletError> {
        let path = self.path(id)?;
        if path.exists() {
            return Err(WalletError::AlreadyExists(path));
        }
        let (document, wallet) = Document::seal(&fresh_entropy()?, passphrase, cost)?;
        let text = serde_json::to_vec(&document).map_err(|error| WalletError::NotAKeystore(error.to_string()))?;
        let unwritable = |source| WalletError::Unwritable {
            path: path.clone(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(unwritable)?;
        write_new(&path, &text)?;
        Ok(wallet)
    }

    /// Opens a stored wallet. Costs the keystore's own key derivation, up to about a second.
    ///
    /// # Errors
    /// [`WalletError::WrongPassphrase`], [`WalletError::ReadableByOthers`], or a file that is no keystore.
    pub fn load(&self, id: &str, passphrase: &Passphrase) -> Result<Wallet, WalletError> {
        read(&self.path(id)?)?.open(passphrase)
    }

    /// The account a stored wallet names, read without its passphrase and therefore unproven.
    ///
    /// # Errors
    /// [`WalletError::NotAKeystore`] when the file names no account.
    pub fn address(&self, id: &str) -> Result<Address, WalletError> {
        let named = read(&self.path(id)?)?.address()?;
        named.ok_or_else(|| WalletError::NotAKeystore("no address field".into()))
    }

    /// Where the keystore of an id lies.
    ///
    /// # Errors
    /// [`WalletError::BadId`].
    pub fn path(&self, id: &str) -> Result<PathBuf, WalletError> {
        if id.is_empty() || id.contains('/') || id.contains("..") || id.chars().any(char::is_control) {
            return Err(WalletError::BadId(id.to_owned()));
        }
        Ok(self.directory.join(format!("{id}.json")))
    }
}

fn fresh_entropy() -> Result<Entropy, WalletError> {
    let mut entropy = Entropy {
        key: Zeroizing::new([0; 32]),
        salt: [0; 16],
        iv: [0; 16],
        id: [0; 16],
    };
    let parts: [&mut [u8]; 4] = [
        entropy.key.as_mut_slice(),
        &mut entropy.salt,
        &mut entropy.iv,
        &mut entropy.id,
    ];
    for part in parts {
        getrandom::fill(part).map_err(|error| WalletError::NoEntropy(error.to_string()))?;
    }
    Ok(entropy)
}

/// Writes beside the target, flushes, then links: a link fails when the name is taken, a rename would replace it.
fn write_new(path: &Path, content: &[u8]) -> Result<(), WalletError> {
    let unwritable = |source| WalletError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let partial = path.with_extension(format!("json.{}.partial", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(unwritable)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&partial, path));
    fs::remove_file(&partial).map_err(unwritable)?;
    match written {
        Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(WalletError::AlreadyExists(path.to_owned()))
        }
        Err(source) => Err(unwritable(source)),
        Ok(()) => Ok(()),
    }
}

fn read(path: &Path) -> Result<Document, WalletError> {
    let unreadable = |source| WalletError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    require_private(&file, path)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(WalletError::FileTooLarge {
            path: path.to_owned(),
            limit: MAX_FILE_BYTES,
        });
    }
    Document::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.into()).unwrap()
    }

    #[test]
    fn a_created_wallet_loads_again_only_with_its_passphrase() {
        let directory = tempfile::tempdir().unwrap();
        let home = WalletHome::new(directory.path().join("wallets"));
        let created = home.create("miner", &passphrase("right"), Cost::Light).unwrap();
        assert_eq!(
            home.load("miner", &passphrase("right")).unwrap().address(),
            created.address()
        );
        assert_eq!(home.address("miner").unwrap(), created.address());
        assert!(matches!(
            home.load("miner", &passphrase("wrong")),
            Err(WalletError::WrongPassphrase)
        ));
    }

    #[test]
    fn a_keystore_is_private_and_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let home = WalletHome::new(directory.path());
        home.create("w", &passphrase("x"), Cost::Light).unwrap();
        let path = home.path("w").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "no partial file stays behind"
        );
        let again = home.create("w", &passphrase("x"), Cost::Light);
        assert!(matches!(again, Err(WalletError::AlreadyExists(_))));
        assert!(matches!(write_new(&path, b"{}"), Err(WalletError::AlreadyExists(_))));
    }

    #[test]
    fn a_keystore_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let home = WalletHome::new(directory.path());
        home.create("w", &passphrase("x"), Cost::Light).unwrap();
        fs::set_permissions(home.path("w").unwrap(), fs::Permissions::from_mode(0o644)).unwrap();
        let loaded = home.load("w", &passphrase("x"));
        assert!(matches!(loaded, Err(WalletError::ReadableByOthers { mode: 0o644, .. })));
    }

    #[test]
    fn ids_cannot_leave_the_directory() {
        let home = WalletHome::new("/nowhere");
        for id in ["", "a/b", "..", "a\n"] {
            assert!(matches!(home.path(id), Err(WalletError::BadId(_))), "{id:?}");
        }
    }
}
