//! The key that pays: Web3 Secret Storage v3 files, interchangeable with upstream's `wallet.py` (openresearch.md 9).

mod cipher;
mod document;
mod file;
mod passphrase;
mod privacy;
mod source;

use std::{fmt, path::PathBuf};

use alloy::{
    primitives::{Address, B256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use zeroize::Zeroizing;

pub use self::{
    cipher::Cost,
    file::WalletHome,
    passphrase::Passphrase,
    privacy::require_private,
    source::{WalletSource, without_keys},
};

/// A decrypted key. It cannot be cloned, so that one [`TransactionOwner`](crate::TransactionOwner) can own it.
pub struct Wallet {
    signer: PrivateKeySigner,
}

impl Wallet {
    /// Takes an unencrypted private key. Dangerous: the caller's copy was in the clear somewhere, so use this for
    /// development chains and tests only; operators use [`WalletHome::load`].
    ///
    /// # Errors
    /// [`WalletError::NotAPrivateKey`] for zero or a number above the curve's order.
    pub fn from_raw_key_dangerously(key: &Zeroizing<[u8; 32]>) -> Result<Self, WalletError> {
        let signer = PrivateKeySigner::from_slice(key.as_slice()).map_err(|_| WalletError::NotAPrivateKey)?;
        Ok(Self { signer })
    }

    /// The account this key controls.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs a 32-byte digest (an EIP-712 hash); answers 65 bytes `r || s || v` with v = 27 or 28.
    ///
    /// # Errors
    /// [`WalletError::Signing`], when the curve library refuses the digest.
    pub fn sign_digest(&self, digest: &B256) -> Result<[u8; 65], WalletError> {
        let signature = self
            .signer
            .sign_hash_sync(digest)
            .map_err(|error| WalletError::Signing(error.to_string()))?;
        Ok(signature.as_bytes())
    }

    pub(crate) fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Wallet({})", self.address())
    }
}

/// Why a wallet could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A file of the wallet could not be opened or read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file of the wallet could not be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// An existing keystore is never overwritten.
    #[error("{0} exists already")]
    AlreadyExists(PathBuf),
    /// A file with a secret has a mode that lets other users read or change it.
    #[error("{path} has mode {mode:04o}, which lets others at it: run `chmod 600 {path}`")]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file is larger than any keystore or passphrase.
    #[error("{path} has more than {limit} bytes")]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A wallet's name must be a plain file name.
    #[error("wallet id {0:?} is empty, or holds a slash, two dots or a control character")]
    BadId(String),
    /// The passphrase was empty.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase file is not UTF-8.
    #[error("{path} does not hold UTF-8 text")]
    PassphraseNotText {
        /// The file.
        path: PathBuf,
    },
    /// The file's code over the ciphertext does not match what this passphrase gives.
    #[error("wrong passphrase, or a damaged keystore")]
    WrongPassphrase,
    /// The file is not a v3 keystore.
    #[error("not a version 3 keystore: {0}")]
    NotAKeystore(String),
    /// The file asks for a key derivation that is unknown, too weak to be real or too costly to run.
    #[error("unacceptable key derivation: {0}")]
    UnacceptableDerivation(String),
    /// The file decrypts to a key of another account than it names.
    #[error("the keystore names account {named} but holds the key of {held}")]
    AddressMismatch {
        /// The account in the file's `address` field.
        named: Address,
        /// The account of the decrypted key.
        held: Address,
    },
    /// Not a valid secp256k1 private key.
    #[error("not a secp256k1 private key")]
    NotAPrivateKey,
    /// The operating system gave no entropy.
    #[error("no entropy from the operating system: {0}")]
    NoEntropy(String),
    /// The curve library refused to sign.
    #[error("signing failed: {0}")]
    Signing(String),
}
