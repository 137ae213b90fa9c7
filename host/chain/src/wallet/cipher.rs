//! The cryptography of a v3 keystore: scrypt or PBKDF2, AES-128-CTR, and a keccak code over the ciphertext.

use aes::Aes128;
use alloy::primitives::{B256, keccak256};
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use zeroize::Zeroizing;

use super::{Passphrase, WalletError};

/// Most memory a keystore may make scrypt use: a hostile file must not exhaust the machine.
const MAX_SCRYPT_BYTES: u64 = 1 << 30;
/// Most PBKDF2 rounds a keystore may ask for.
const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;
/// Longest salt taken, in bytes.
const MAX_SALT_BYTES: usize = 1024;

/// How costly guessing the passphrase of a new keystore is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// scrypt with n = 262 144, r = 8, p = 1, as upstream's wallet writes it: 256 MiB and about a second.
    Standard,
    /// scrypt with n = 1024: for keys that guard nothing, in tests and on development chains.
    Light,
}

impl Cost {
    pub(super) fn derivation(self, salt: Vec<u8>) -> Derivation {
        let n = match self {
            Self::Standard => 262_144,
            Self::Light => 1024,
        };
        Derivation::Scrypt { n, r: 8, p: 1, salt }
    }
}

/// How the passphrase becomes 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Derivation {
    Scrypt { n: u64, r: u32, p: u32, salt: Vec<u8> },
    Pbkdf2 { rounds: u32, salt: Vec<u8> },
}

/// The first half encrypts, the second half authenticates.
pub(super) struct DerivedKey(Zeroizing<[u8; 32]>);

impl Derivation {
    pub(super) fn derive(&self, passphrase: &Passphrase) -> Result<DerivedKey, WalletError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        match self {
            Self::Scrypt { n, r, p, salt } => {
                check_salt(salt)?;
                let params = scrypt_params(*n, *r, *p)?;
                scrypt::scrypt(passphrase.as_bytes(), salt, &params, key.as_mut_slice())
                    .map_err(|error| WalletError::UnacceptableDerivation(error.to_string()))?;
            }
            Self::Pbkdf2 { rounds, salt } => {
                check_salt(salt)?;
                let iterations = std::num::NonZeroU32::new(*rounds)
                    .filter(|rounds| rounds.get() <= MAX_PBKDF2_ROUNDS)
                    .ok_or_else(|| WalletError::UnacceptableDerivation(format!("{rounds} rounds of PBKDF2")))?;
                let algorithm = ring::pbkdf2::PBKDF2_HMAC_SHA256;
                ring::pbkdf2::derive(algorithm, iterations, salt, passphrase.as_bytes(), key.as_mut_slice());
            }
        }
        Ok(DerivedKey(key))
    }
}

fn check_salt(salt: &[u8]) -> Result<(), WalletError> {
    if salt.len() > MAX_SALT_BYTES {
        return Err(WalletError::UnacceptableDerivation(format!(
            "a salt of {} bytes",
            salt.len()
        )));
    }
    Ok(())
}

fn scrypt_params(n: u64, r: u32, p: u32) -> Result<scrypt::Params, WalletError> {
    let refuse = || WalletError::UnacceptableDerivation(format!("scrypt with n = {n}, r = {r}, p = {p}"));
    let memory = n
        .checked_mul(u64::from(r))
        .and_then(|blocks| blocks.checked_mul(128))
        .ok_or_else(refuse)?;
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 || p > 64 || memory > MAX_SCRYPT_BYTES {
        return Err(refuse());
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| refuse())?;
    scrypt::Params::new(log_n, r, p).map_err(|_| refuse())
}

impl DerivedKey {
    /// Encrypts or decrypts 32 bytes: counter mode is its own inverse.
    pub(super) fn apply(&self, iv: &[u8; 16], bytes: &mut [u8; 32]) {
        let [low, _] = self.halves();
        let mut cipher = Ctr128BE::<Aes128>::new((&*low).into(), iv.into());
        cipher.apply_keystream(bytes);
    }

    /// keccak256(second half of the derived key || ciphertext).
    pub(super) fn authentication_code(&self, ciphertext: &[u8; 32]) -> B256 {
        let [_, high] = self.halves();
        let mut input = Zeroizing::new([0_u8; 48]);
        for (to, from) in input.iter_mut().zip(high.iter().chain(ciphertext)) {
            *to = *from;
        }
        keccak256(input.as_slice())
    }

    fn halves(&self) -> [Zeroizing<[u8; 16]>; 2] {
        let mut low = Zeroizing::new([0_u8; 16]);
        let mut high = Zeroizing::new([0_u8; 16]);
        for (to, from) in low.iter_mut().chain(high.iter_mut()).zip(self.0.iter()) {
            *to = *from;
        }
        [low, high]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(n: u64, r: u32, p: u32) -> bool {
        let derivation = Derivation::Scrypt {
            n,
            r,
            p,
            salt: vec![1; 16],
        };
        let passphrase = Passphrase::new("x".into()).unwrap();
        matches!(
            derivation.derive(&passphrase),
            Err(WalletError::UnacceptableDerivation(_))
        )
    }

    #[test]
    fn a_file_cannot_make_scrypt_exhaust_memory() {
        assert!(refused(1 << 40, 8, 1));
        assert!(refused(u64::MAX, u32::MAX, 1));
        assert!(refused(1 << 20, 9, 1));
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(refused(0, 8, 1));
        assert!(refused(1000, 8, 1));
        assert!(refused(1024, 0, 1));
        assert!(refused(1024, 8, 0));
    }
}
