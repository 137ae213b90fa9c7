//! Where a service's key is, as its settings say it.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Passphrase, Wallet, WalletError, WalletHome};

/// Letters and digits in a row that may be most of a private key.
const SHORTEST_KEY: usize = 40;

/// Where a key is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WalletSource {
    /// An encrypted file.
    Keystore {
        /// The directory of keystores.
        directory: PathBuf,
        /// The keystore's name in it.
        id: String,
        /// The file whose first line opens it.
        passphrase_file: PathBuf,
    },
    /// A private key in the clear, 0x and 64 digits: development chains only.
    UnsafeRawKey(String),
}

impl WalletSource {
    /// Opens the wallet. A keystore costs its own key derivation. Blocks.
    ///
    /// # Errors
    /// [`WalletError`]; the text of a raw key is never in it.
    pub fn open(&self) -> Result<Wallet, WalletError> {
        match self {
            Self::Keystore {
                directory,
                id,
                passphrase_file,
            } => {
                let passphrase = Passphrase::from_file(passphrase_file)?;
                WalletHome::new(directory).load(id, &passphrase)
            }
            Self::UnsafeRawKey(text) => {
                let mut key = Zeroizing::new([0; 32]);
                let digits = text.strip_prefix("0x").unwrap_or(text);
                hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| WalletError::NotAPrivateKey)?;
                Wallet::from_raw_key_dangerously(&key)
            }
        }
    }
}

impl fmt::Debug for WalletSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keystore { directory, id, .. } => write!(formatter, "Keystore({}, {id})", directory.display()),
            Self::UnsafeRawKey(_) => formatter.write_str("UnsafeRawKey(hidden)"),
        }
    }
}

/// A parser's message without what may be a private key: it quotes the line that it stumbles over.
pub fn without_keys(message: &str) -> String {
    let hidden = |word: &str| match word.trim_end_matches(|end: char| !end.is_ascii_alphanumeric()) {
        key if key.len() >= SHORTEST_KEY => word.replacen(key, "(hidden)", 1),
        _ => word.to_owned(),
    };
    let words = message.split_inclusive(|end: char| !end.is_ascii_alphanumeric());
    words.map(hidden).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_key_never_shows() {
        let secret = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        let source = WalletSource::UnsafeRawKey(secret.to_owned());
        assert!(source.open().is_ok());
        assert!(!format!("{source:?}").contains("59c6"));
        let broken = WalletSource::UnsafeRawKey(format!("{secret}zz"));
        assert!(!broken.open().unwrap_err().to_string().contains("59c6"));
        assert_eq!(without_keys(&format!("at \"{secret}\"")), "at \"(hidden)\"");
    }
}
